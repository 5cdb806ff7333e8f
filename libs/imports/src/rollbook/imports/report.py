"""What became of an import, for people."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from rollbook.imports.plan import Plan, Skipped


@dataclass
class Report:
    """What was imported, what was there already, and what was left out and why."""

    imported: list[Plan] = field(default_factory=list)
    known: list[Plan] = field(default_factory=list)
    """What an earlier import brought, or was true without it."""
    skipped: list[Skipped] = field(default_factory=list)
    numbers: dict[tuple[str, str], int] = field(default_factory=dict)
    """(model, the source's name of a version) -> its number here."""

    def lines(self) -> Iterator[str]:
        """The report in sentences."""
        models = {plan.model for plan in (*self.imported, *self.known)}
        yield (
            f"{len(self.imported)} commands imported, {len(self.known)} were there already,"
            f" {len(self.skipped)} things left out; {_count(len(models), 'model')},"
            f" {_count(len(self.numbers), 'version')}"
        )
        for (model, theirs), number in self.numbers.items():
            if theirs != str(number):
                yield f"{model}: what the source calls version {theirs} is version {number} here"
        for skipped in self.skipped:
            yield f"left out: {skipped.model}: {skipped.what}: {skipped.reason}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
