"""What the monitor makes of rows: deadlines that have passed, with their commands. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias
from uuid import UUID, uuid5

from rollbook.domain.alarms import ClearDrift, DetectDrift
from rollbook.domain.cards import MarkCardStale
from rollbook.domain.requests import EscalatePromotion, ExpirePromotion
from rollbook.readmodel.requests import RequestRow
from rollbook.readmodel.versions import VersionRow

DeadlineCommand: TypeAlias = (
    MarkCardStale | EscalatePromotion | ExpirePromotion | DetectDrift | ClearDrift
)

KINDS: Final = tuple(
    command.__name__
    for command in (MarkCardStale, EscalatePromotion, ExpirePromotion, DetectDrift, ClearDrift)
)

_NAMES: Final = UUID("9897e68d-a923-5ae9-9926-2670241ac76b")
"""What the ids are made under; with another one, every deadline would be acted on anew."""


@dataclass(frozen=True, eq=False, slots=True)
class Deadline:
    """A moment that has passed, and the command that puts it on record.

    Those of one id are the same, whatever else the command has come to say.
    """

    model: str
    command: DeadlineCommand
    due: datetime
    revision: int = 0
    """Of the card; 0 for all others."""
    about: str = ""
    """What an alarm is about, beside its version."""

    @property
    def kind(self) -> str:
        """The command's name."""
        return type(self.command).__name__

    @property
    def namespace(self) -> str:
        """Where roles are granted."""
        return self.model.partition("/")[0]

    @property
    def number(self) -> int:
        """Of the version, the request or the alarm."""
        match self.command:
            case MarkCardStale(version=number) | DetectDrift(version=number):
                return number
            case EscalatePromotion(request=number) | ExpirePromotion(request=number):
                return number
            case ClearDrift(alarm=number):
                return number

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Deadline) and self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    @property
    def _identity(self) -> tuple[object, ...]:
        return (self.kind, self.model, self.number, self.revision, self.due, self.about)

    def command_id(self, attempt: int = 0) -> str:
        """The same from every monitor at any time, so that the log takes the command once.

        A refusal stands for good under its id, so whoever tries again counts `attempt` up.
        """
        due = self.due.astimezone(UTC).isoformat()
        parts = [self.kind, self.model, self.number, self.revision, due, attempt]
        if self.about:
            parts.append(self.about)
        return str(uuid5(_NAMES, "\n".join(map(str, parts))))


def stale(rows: Iterable[VersionRow], now: datetime) -> list[Deadline]:
    """The cards among them whose review is overdue."""
    return [
        Deadline(row.model, MarkCardStale(version=row.version), row.review_by, row.card_revision)
        for row in rows
        if row.review_by is not None and row.review_by <= now and not row.card_stale
    ]


def expired(rows: Iterable[RequestRow], now: datetime) -> list[Deadline]:
    """The requests among them whose time is over."""
    return [
        Deadline(row.model, ExpirePromotion(request=row.request), row.expires_at)
        for row in rows
        if row.state == "open" and row.expires_at <= now
    ]


def escalated(rows: Iterable[RequestRow], now: datetime) -> list[Deadline]:
    """The requests among them that somebody higher must look at; not those whose time is over."""
    return [
        Deadline(row.model, EscalatePromotion(request=row.request), row.escalates_at)
        for row in rows
        if row.state == "open"
        and row.escalates_at is not None
        and row.escalated_at is None
        and row.escalates_at <= now < row.expires_at
    ]


def oldest(found: Iterable[Deadline], kind: str, now: datetime) -> timedelta:
    """How long the oldest deadline of a kind has been over; nothing where there is none."""
    due = min((deadline.due for deadline in found if deadline.kind == kind), default=now)
    return max(now - due, timedelta(0))
