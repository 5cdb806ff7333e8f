"""The view of reviews: who found that a version's card still holds, and until when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rollbook.domain.cards import CardReviewed
from rollbook.eventlog.envelope import EventEnvelope
from rollbook.readmodel.database import Db, storable
from rollbook.readmodel.place import At
from rollbook.readmodel.table import PLACE, Table
from rollbook.readmodel.view import Appended, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRow:
    """A look at a card."""

    model: str
    version: int
    revision: int
    """Of the card, as it was then."""
    review_by: datetime
    """When somebody must look again."""
    note: str
    position: At
    reviewed_at: datetime
    reviewed_by: str


def project(event: EventEnvelope) -> Sequence[ReviewRow]:
    """The row that `event` adds."""
    match event.message:
        case CardReviewed(version=version, revision=revision, review_by=review_by, note=note):
            return (
                ReviewRow(
                    model=event.model or "",
                    version=version,
                    revision=revision,
                    review_by=review_by,
                    note=storable(note),
                    position=event.position,
                    reviewed_at=event.time,
                    reviewed_by=event.actor,
                ),
            )
        case _:
            return ()


VIEW: Appended[ReviewRow] = Appended(
    table=Table(
        "reviews",
        key={"model": "text", "version": "int"},
        fixed={
            "revision": "int",
            "review_by": "timestamptz",
            "note": "text",
            **PLACE,
            "reviewed_at": "timestamptz",
            "reviewed_by": "text",
        },
    ),
    events=frozenset((CardReviewed,)),
    project=project,
)

# Queries


async def of(db: Db, key: str, version: int, limit: int = 100) -> list[ReviewRow]:
    """The reviews of the version's card, newest first."""
    rows = await db.fetch(
        f"SELECT {VIEW.table.columns} FROM reviews"  # noqa: S608  # our names
        " WHERE model = $1 AND version = $2 ORDER BY off DESC LIMIT $3",
        key,
        version,
        limit,
    )
    return [ReviewRow(**plain(row)) for row in rows]
