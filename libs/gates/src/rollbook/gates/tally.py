"""The figures of a back-test: what flips, what it would have stopped, what the candidates lack."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from rollbook.gates.finding import Outcome

if TYPE_CHECKING:
    from rollbook.gates.judgement import Judgement

MOST: Final = 10_000
"""Cases of a sort that are kept, of flips the newest; all of them are counted."""

Said: TypeAlias = Literal["passed", "barred", "failed"]
"""`barred`: it passed, but may not serve everywhere."""


class Verdict(NamedTuple):
    """What gates say about a version as a whole."""

    rejected: bool
    barred: frozenset[str] = frozenset()
    """Environments that it may not enter."""

    @property
    def said(self) -> Said:
        """In one word."""
        return "failed" if self.rejected else "barred" if self.barred else "passed"

    def same(self, other: "Verdict") -> bool:
        """Whether nobody would notice the difference."""
        return self.rejected == other.rejected and (self.rejected or self.barred == other.barred)


class Flip(NamedTuple):
    """A candidate about which the policies say something else than was said then."""

    model: str
    version: int
    at: datetime
    then: Verdict
    now: Verdict
    because: tuple[tuple[str, str], ...]
    """The gates that it fails now, each with its reason."""


class Incident(NamedTuple):
    """What went wrong once: a roll-back, or a broken glass."""

    kind: Literal["roll-back", "broken glass"]
    model: str
    version: int
    environment: str
    at: datetime
    reason: str
    stopped: tuple[tuple[str, str], ...]
    """The gates for which the version would not have come there, each with its reason."""


class Lack(NamedTuple):
    """A candidate without something that a gate looks at."""

    model: str
    version: int
    gate: str
    what: str


@dataclass(slots=True)
class Tally:
    """What was found among some of the candidates; tallies are added up."""

    candidates: int = 0
    unruled: int = 0
    """Versions to which no gate applies."""
    verdicts: Counter[tuple[Said | None, Said]] = field(default_factory=Counter)
    """What was said then (None: nothing ever) and what is said now -> how many candidates."""
    gates: Counter[tuple[str, Outcome]] = field(default_factory=Counter)
    months: Counter[tuple[str, Said]] = field(default_factory=Counter)
    """Month, such as 2026-03, and what is said now -> how many candidates."""
    lacking: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Gate and what is not there -> how many candidates lack it."""
    flipped: int = 0
    flips: list[Flip] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)
    lacks: list[Lack] = field(default_factory=list)

    def judged(
        self, model: str, version: int, at: datetime, judgement: "Judgement", then: Verdict | None
    ) -> None:
        """Count a candidate; `then` is what was said about it, None where nothing was."""
        if not judgement.outcomes:
            self.unruled += 1
            return
        now = judgement.verdict
        self.candidates += 1
        self.verdicts[then.said if then else None, now.said] += 1
        self.months[f"{at:%Y-%m}", now.said] += 1
        self.gates.update(judgement.outcomes)
        for gate, what in judgement.lacking:
            self.lacking[gate, what] += 1
            if len(self.lacks) < MOST:
                self.lacks.append(Lack(model, version, gate, what))
        if then is not None and not then.same(now):
            self.flipped += 1
            self.flips.append(Flip(model, version, at, then, now, judgement.failed))
            if len(self.flips) > 2 * MOST:
                del self.flips[:MOST]

    def __iadd__(self, other: "Tally") -> "Tally":
        self.candidates += other.candidates
        self.unruled += other.unruled
        self.flipped += other.flipped
        self.verdicts.update(other.verdicts)
        self.gates.update(other.gates)
        self.months.update(other.months)
        self.lacking.update(other.lacking)
        self.flips = sorted(self.flips + other.flips, key=lambda flip: flip.at)[-MOST:]
        self.incidents = sorted(self.incidents + other.incidents, key=lambda one: one.at)
        self.lacks = (self.lacks + other.lacks)[:MOST]
        return self

    def outcomes(self) -> Iterator[tuple[str, dict[Outcome, int]]]:
        """Each gate with how many candidates it passes, fails, skips."""
        for gate in dict.fromkeys(gate for gate, _ in self.gates):
            yield gate, {o: count for (name, o), count in self.gates.items() if name == gate}
