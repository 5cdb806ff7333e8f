"""The view of model cards: every revision of every version's card."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rollbook.domain.cards import Card, CardWritten
from rollbook.eventlog.envelope import EventEnvelope
from rollbook.readmodel.database import Db
from rollbook.readmodel.place import At
from rollbook.readmodel.table import PLACE, Table
from rollbook.readmodel.view import Appended, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRow:
    """A revision of a version's card."""

    model: str
    version: int
    revision: int
    """Counts from 1."""
    card: Card
    digest: str
    position: At
    written_at: datetime
    written_by: str


def project(event: EventEnvelope) -> Sequence[CardRow]:
    """The row that `event` adds."""
    match event.message:
        case CardWritten(version=version, revision=revision, card=card, digest=digest):
            return (
                CardRow(
                    model=event.model or "",
                    version=version,
                    revision=revision,
                    card=card,
                    digest=digest,
                    position=event.position,
                    written_at=event.time,
                    written_by=event.actor,
                ),
            )
        case _:
            return ()


VIEW: Appended[CardRow] = Appended(
    table=Table(
        "cards",
        key={"model": "text", "version": "int", "revision": "int"},
        fixed={
            "card": "jsonb",
            "digest": "text",
            **PLACE,
            "written_at": "timestamptz",
            "written_by": "text",
        },
        values={"card": lambda row: row.card.model_dump(mode="json", exclude_defaults=True)},
    ),
    events=frozenset((CardWritten,)),
    project=project,
)

# Queries

_SELECT = (
    f"SELECT {VIEW.table.columns} FROM cards"  # noqa: S608  # our names
    " WHERE model = $1 AND version = $2"
)


def _row(found: Any) -> CardRow:
    values = plain(found)
    return CardRow(card=Card.model_validate(values.pop("card")), **values)


async def get(db: Db, key: str, version: int, revision: int | None = None) -> CardRow | None:
    """The version's card, its newest revision or the one named; None when there is none."""
    found = await db.fetchrow(
        f"{_SELECT} AND ($3::int IS NULL OR revision = $3) ORDER BY revision DESC LIMIT 1",
        key,
        version,
        revision,
    )
    return _row(found) if found else None


async def newest(
    db: Db, key: str, version: int, before: int | None = None, limit: int = 100
) -> list[CardRow]:
    """The revisions of the version's card, newest first, those before `before`."""
    rows = await db.fetch(
        f"{_SELECT} AND ($3::int IS NULL OR revision < $3) ORDER BY revision DESC LIMIT $4",
        key,
        version,
        before,
        limit,
    )
    return [_row(row) for row in rows]
