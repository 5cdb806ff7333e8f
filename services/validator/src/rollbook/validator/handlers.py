"""What the validator makes of records: the occasions to look at a version, with their ids. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias
from uuid import UUID, uuid5

from rollbook.domain.validation import GateResult, RecordValidation, StartValidation
from rollbook.eventlog.position import Position
from rollbook.gates.ruling import Ruling
from rollbook.readmodel.versions import VersionRow

_NAMES: Final = UUID("2f0c6f0b-6d6a-5b0c-8c7e-0d7f8d0f3b52")
"""What the ids are made under; with another one, every version would be looked at anew."""

TO_BE_TRIED_AGAIN: Final = frozenset({"forbidden", "unauthenticated"})
"""Refusals that an administrator lifts; all others are the end of the occasion."""


class Why(StrEnum):
    """Why the gates look at a version."""

    REGISTERED = "registered"
    """It is new."""
    STARTED = "started"
    """Somebody asked for it."""
    POLICY = "policy"
    """A policy was saved that looks at versions again."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """A reason to look at a version once."""

    why: Why
    model: str
    version: int
    position: Position
    """Of the record that is the occasion."""

    @property
    def namespace(self) -> str:
        """Where roles are granted."""
        return self.model.partition("/")[0]

    def start_id(self, attempt: int = 0) -> str:
        """Of the command that says that the gates have begun."""
        return self._id("start", attempt)

    def verdict_id(self, attempt: int = 0) -> str:
        """Of the command that brings the verdict.

        The same from every validator at any time and whatever the policies say meanwhile, so that
        the log takes one verdict for each occasion. A refusal stands for good under its id, so
        whoever tries again counts `attempt` up.
        """
        return self._id("verdict", attempt)

    def _id(self, what: str, attempt: int) -> str:
        parts = (what, self.why, self.model, self.version, self.position, attempt)
        return str(uuid5(_NAMES, "\n".join(map(str, parts))))


Answers: TypeAlias = Mapping[str, str | None]
"""Id of a command that was answered -> the code of its refusal, None when it was done."""


def attempt_after(occasion: Occasion, answers: Answers) -> int | None:
    """Under which attempt we may speak; None when the occasion has had its answer."""
    attempt = 0
    while True:
        began = answers.get(occasion.start_id(attempt))
        ended = occasion.verdict_id(attempt)
        if began is None and ended not in answers:
            return attempt
        if (began or answers.get(ended)) not in TO_BE_TRIED_AGAIN:
            return None
        attempt += 1


def is_over(occasion: Occasion, row: VersionRow) -> bool:
    """Whether the version has moved on: then nobody waits for this verdict."""
    if row.archived_reason is not None:
        return True
    match occasion.why:
        case Why.REGISTERED:
            return row.verdict is not None
        case Why.STARTED:
            return row.stage != "validating"
        case Why.POLICY:
            return False


def start(occasion: Occasion, policy: str) -> StartValidation | None:
    """What says that the gates have begun; None where that is the occasion itself."""
    if occasion.why is Why.STARTED:
        return None
    return StartValidation(version=occasion.version, policy=policy[:100])


def verdict(occasion: Occasion, ruling: Ruling, results: Iterable[GateResult]) -> RecordValidation:
    """What the gates found, as one command."""
    return RecordValidation(
        version=occasion.version,
        gates=tuple(results),
        policy=ruling.name,
        bound=dict(ruling.bound),
    )


def told(results: Iterable[GateResult]) -> str:
    """How a validation went, in a word for a metric: the worst that a gate found."""
    outcomes = {result.outcome for result in results}
    return next((worst for worst in ("error", "failed") if worst in outcomes), "passed")
