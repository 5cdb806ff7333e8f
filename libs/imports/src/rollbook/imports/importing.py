"""Carrying an import out: one plan after the other, over whatever transport the caller has."""

from collections.abc import Callable, Iterable, Mapping
from typing import Literal, NamedTuple, TypeAlias

from rollbook.domain.versions import RegisterVersion
from rollbook.imports.plan import Entry, Plan, Skipped
from rollbook.imports.report import Report


class Answer(NamedTuple):
    """What the registry made of a command."""

    outcome: Literal["accepted", "confirmed", "repeated", "refused"]
    version: int | None = None
    code: str = ""
    message: str = ""


class Progress(NamedTuple):
    """How far an import is."""

    entry: Entry
    done: int
    """Entries so far, this one included."""


Send: TypeAlias = Callable[[Plan], Answer]
Answered: TypeAlias = Callable[[str], Mapping[str, int | None]]
"""A model -> the ids of the commands that its history holds accepted or confirmed, and their
version. The command service remembers ids for a while, the history for ever."""
Tell: TypeAlias = Callable[[Progress], None]


def carry_out(entries: Iterable[Entry], send: Send, answered: Answered, tell: Tell) -> Report:
    """Send what the registry does not have yet; a refusal is reported, and the rest goes on."""
    report = Report()
    before: dict[str, Mapping[str, int | None]] = {}
    failed: set[str] = set()
    for done, entry in enumerate(entries, start=1):
        if isinstance(entry, Plan):
            if entry.model not in before:
                before[entry.model] = answered(entry.model)
            _step(report, entry, send, before[entry.model], failed)
        else:
            report.skipped.append(entry)
        tell(Progress(entry, done))
    return report


def _step(
    report: Report,
    plan: Plan,
    send: Send,
    before: Mapping[str, int | None],
    failed: set[str],
) -> None:
    kind = type(plan.command).__name__
    what = kind if plan.version is None else f"{kind} of version {plan.version}"
    making = isinstance(plan.command, RegisterVersion)
    if plan.model in failed:
        report.skipped.append(Skipped(plan.model, what, "the model itself was refused"))
        return
    if plan.version is not None and not making:
        number = report.numbers.get((plan.model, plan.version))
        if number is None:
            report.skipped.append(Skipped(plan.model, what, "that version is not imported"))
            return
        plan = plan.about(number)
    if plan.command_id in before:
        report.known.append(plan)
        answer = Answer("repeated", before[plan.command_id])
    else:
        answer = send(plan)
        if answer.outcome == "refused" and answer.code != "already_registered":
            report.skipped.append(Skipped(plan.model, what, f"{answer.message} ({answer.code})"))
            if plan.version is None and kind == "RegisterModel":
                failed.add(plan.model)
            return
        (report.imported if answer.outcome == "accepted" else report.known).append(plan)
    if making and plan.version is not None and answer.version is not None:
        report.numbers[plan.model, plan.version] = answer.version
