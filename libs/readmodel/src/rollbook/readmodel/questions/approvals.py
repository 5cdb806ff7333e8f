"""Which requests to promote wait for signatures, since when, and for whose."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rollbook.domain.names import EnvironmentName
from rollbook.readmodel import past, requests
from rollbook.readmodel.past import Look
from rollbook.readmodel.questions.question import (
    Found,
    Inquiry,
    Listed,
    Parameters,
    Question,
    Select,
    Shape,
)
from rollbook.readmodel.questions.then import ENDS, Then
from rollbook.readmodel.requests import RequestRow


class PendingParameters(Parameters):
    """What the question takes."""

    environment: EnvironmentName | None = None
    """Only those for it; all environments if not given."""


class Pending(Shape):
    """An open request."""

    model: str
    request: int
    """Counts the model's from 1."""
    environment: str
    version: int
    replaces: int | None
    """What served there when it was asked for."""
    reason: str
    risk: str
    requested_at: datetime
    requested_by: str
    age: float
    """Seconds since then."""
    missing: dict[str, int]
    """Title -> signatures that it still lacks, on the facts of the moment; nothing: it may go."""
    expires_at: datetime
    escalated_at: datetime | None
    """When it was put before somebody higher."""
    escalated_to: str | None
    position: str
    """Of the record."""


def _sql(asked: PendingParameters, then: Then) -> Select:
    opened = "r.state = 'open'"
    if not then.is_now:
        opened = f"({opened} OR r.closed_at > $3 OR r.closed_at = $3 AND NOT EXISTS ({_CLOSING}))"
    sql = (
        "SELECT r.model, r.request, r.environment, r.version, r.replaces, r.reason, r.risk,"  # noqa: S608  # our names
        " r.requested_at, r.requested_by, r.missing, r.expires_at,"
        " extract(epoch FROM $3::timestamptz - r.requested_at)::float8 AS age,"
        " r.escalated_at, r.escalated_to, r.partition || ':' || r.off AS position"
        f" FROM requests r JOIN {ENDS} ON o.partition = r.partition WHERE r.off <= o.last"
        f" AND ($4::text IS NULL OR r.environment = $4) AND {opened}"
    )
    return sql, [asked.environment]


_CLOSING = (
    "SELECT FROM history h WHERE h.model = r.model AND h.off > r.off AND h.off <= o.last"
    ' AND h."time" = r.closed_at AND CASE'
    " WHEN h.type IN ('PromotionRejected', 'PromotionWithdrawn', 'PromotionExpired')"
    "  THEN (h.data ->> 'request')::int = r.request"
    " WHEN h.type IN ('VersionPromoted', 'GlassBroken') THEN h.data ->> 'environment' ="
    "  r.environment AND (h.data ->> 'version')::int = r.version"
    " WHEN h.type = 'VersionRolledBack' THEN h.data ->> 'environment' = r.environment"
    "  AND (h.data ->> 'restored')::int = r.version"
    " WHEN h.type = 'VersionArchived' THEN (h.data ->> 'version')::int = r.version"
    " ELSE false END"
)
"""What closed a request: of records of one time their places decide."""


@dataclass(frozen=True, slots=True)
class _Judged:
    """The requests, each with what it lacks on the facts of the moment."""

    listed: Listed[PendingParameters, Pending]

    async def __call__(
        self, inquiry: Inquiry[PendingParameters], after: str | None, limit: int
    ) -> Found[Pending]:
        found = await self.listed(inquiry, after, limit)
        if not found.items:
            return found
        seen = await _rows(inquiry, found.items)
        return Found(
            [_as_then(row, seen[row.model, row.request]) for row in found.items], found.next
        )


def _as_then(row: Pending, seen: RequestRow) -> Pending:
    changes: dict[str, Any] = {
        "missing": seen.missing if seen.missing_now is None else seen.missing_now,
        "escalated_at": seen.escalated_at,
        "escalated_to": seen.escalated_to,
    }
    return row.model_copy(update=changes)


async def _rows(
    inquiry: Inquiry[PendingParameters], found: Sequence[Pending]
) -> dict[tuple[str, int], RequestRow]:
    keys = [(row.model, row.request) for row in found]
    moment = inquiry.then.moment
    if moment is None:
        rows = await requests.some(inquiry.db, keys)
    else:
        look = Look(versions=sorted({row.version for row in found}), tables=frozenset(past.EVENTS))
        streams = sorted({model for model, _ in keys})
        async with inquiry.past() as db, past.put_back(db, moment, streams, look):
            rows = await requests.some(db, keys)
    return {requests.VIEW.key_of(row): row for row in rows}


PENDING = Question(
    name="pending-approvals",
    meaning="Which requests to promote wait, since when, and whose signatures they lack.",
    parameters=PendingParameters,
    row=Pending,
    answer=_Judged(
        Listed(
            row=Pending,
            sql=_sql,
            order={"requested_at": "timestamptz", "model": "text", "request": "bigint"},
        )
    ),
)
