"""The view of discussions: approvals, rejections and comments of requests to promote."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rollbook.domain.requests import PromotionApproved, PromotionCommented, PromotionRejected
from rollbook.eventlog.envelope import EventEnvelope
from rollbook.readmodel.database import Db, storable
from rollbook.readmodel.place import At
from rollbook.readmodel.table import PLACE, Table
from rollbook.readmodel.view import Appended, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscussionRow:
    """What somebody said about a request."""

    model: str
    request: int
    kind: str
    """`approval`, `rejection` or `comment`."""
    title: str | None = None
    """In whose name an approval was given."""
    comment: str
    evidence: str | None = None
    """Digest of the facts that it was said on; None for a comment."""
    position: At
    said_at: datetime
    said_by: str


def project(event: EventEnvelope) -> Sequence[DiscussionRow]:
    """The row that `event` adds."""
    match event.message:
        case PromotionApproved(title=title, comment=comment, evidence=evidence) as fact:
            return (
                _said(event, fact.request, "approval", comment, fact.approved_by, evidence, title),
            )
        case PromotionRejected(reason=reason, evidence=evidence) as fact:
            return (_said(event, fact.request, "rejection", reason, fact.rejected_by, evidence),)
        case PromotionCommented(request=request, comment=comment):
            return (_said(event, request, "comment", comment, event.actor),)
        case _:
            return ()


def _said(
    event: EventEnvelope,
    request: int,
    kind: str,
    comment: str,
    by: str,
    evidence: str | None = None,
    title: str | None = None,
) -> DiscussionRow:
    return DiscussionRow(
        model=event.model or "",
        request=request,
        kind=kind,
        title=title,
        comment=storable(comment),
        evidence=evidence,
        position=event.position,
        said_at=event.time,
        said_by=by,
    )


VIEW: Appended[DiscussionRow] = Appended(
    table=Table(
        "discussion",
        key={"model": "text", "request": "int"},
        fixed={
            "kind": "text",
            "title": "text",
            "comment": "text",
            "evidence": "text",
            **PLACE,
            "said_at": "timestamptz",
            "said_by": "text",
        },
    ),
    events=frozenset((PromotionApproved, PromotionRejected, PromotionCommented)),
    project=project,
)

# Queries


async def of(db: Db, key: str, request: int, limit: int = 1000) -> list[DiscussionRow]:
    """What was said about the request, in order."""
    rows = await db.fetch(
        f"SELECT {VIEW.table.columns} FROM discussion"  # noqa: S608  # our names
        " WHERE model = $1 AND request = $2 ORDER BY off LIMIT $3",
        key,
        request,
        limit,
    )
    return [DiscussionRow(**plain(row)) for row in rows]
