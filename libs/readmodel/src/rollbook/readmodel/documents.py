"""The view of documents that were linked to versions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rollbook.domain.versions import DocumentLinked
from rollbook.eventlog.envelope import EventEnvelope
from rollbook.readmodel.database import Db, storable
from rollbook.readmodel.place import At
from rollbook.readmodel.table import PLACE, Table
from rollbook.readmodel.view import Appended, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRow:
    """A document about a version."""

    model: str
    version: int
    kind: str
    title: str
    uri: str
    digest: str | None
    position: At
    linked_at: datetime
    linked_by: str


def project(event: EventEnvelope) -> Sequence[DocumentRow]:
    """The row that `event` adds."""
    match event.message:
        case DocumentLinked() as fact:
            return (
                DocumentRow(
                    model=event.model or "",
                    version=fact.version,
                    kind=fact.kind,
                    title=storable(fact.title),
                    uri=fact.uri,
                    digest=fact.digest,
                    position=event.position,
                    linked_at=event.time,
                    linked_by=event.actor,
                ),
            )
        case _:
            return ()


VIEW: Appended[DocumentRow] = Appended(
    table=Table(
        "documents",
        key={"model": "text", "version": "int"},
        fixed={
            "kind": "text",
            "title": "text",
            "uri": "text",
            "digest": "text",
            **PLACE,
            "linked_at": "timestamptz",
            "linked_by": "text",
        },
    ),
    events=frozenset((DocumentLinked,)),
    project=project,
)

# Queries


async def of(db: Db, key: str, version: int, limit: int = 1000) -> list[DocumentRow]:
    """The version's documents in the order in which they were linked."""
    rows = await db.fetch(
        f"SELECT {VIEW.table.columns} FROM documents"  # noqa: S608  # our names
        " WHERE model = $1 AND version = $2 ORDER BY off LIMIT $3",
        key,
        version,
        limit,
    )
    return [DocumentRow(**plain(row)) for row in rows]
