"""The views of saved queries, and of the words that mean the same to whoever searches."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any, Final, TypeAlias

from rollbook.domain.queries import QueryDropped, QuerySaved, SynonymsSet
from rollbook.domain.tenancy import REGISTRY
from rollbook.eventlog.envelope import EventEnvelope
from rollbook.readmodel.database import Db, storable
from rollbook.readmodel.place import At
from rollbook.readmodel.table import PLACE, Table
from rollbook.readmodel.view import Kept, plain

QueryKey: TypeAlias = tuple[str, str]
"""Namespace and query, or namespace and word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryRow:
    """A saved query; the row of one that was dropped stays, and asks for nothing."""

    namespace: str
    query: str
    text: str
    """In the language of searches; empty where it was dropped."""
    order: str
    description: str
    position: At
    """Of the event that saved it."""
    saved_at: datetime
    saved_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SynonymsRow:
    """A word of a namespace, and those that mean the same."""

    namespace: str
    word: str
    same: tuple[str, ...]
    """Nothing where the word stands for itself again."""
    position: At
    set_at: datetime
    set_by: str


def project(_: QueryRow | None, event: EventEnvelope) -> QueryRow:
    """The row after `event`."""
    text = order = description = ""
    if isinstance(event.message, QuerySaved):
        fact = event.message
        text, order, description = map(storable, (fact.text, fact.order, fact.description))
    return QueryRow(
        namespace=event.model or "",
        query=event.message.query,  # type: ignore[union-attr]  # both events have one
        text=text,
        order=order,
        description=description,
        position=event.position,
        saved_at=event.time,
        saved_by=event.actor,
    )


def _row(found: Any) -> QueryRow:
    values = plain(found)
    return QueryRow(order=values.pop("ordering"), **values)


VIEW: Final[Kept[QueryKey, QueryRow]] = Kept(
    table=Table(
        "queries",
        key={"namespace": "text", "query": "text"},
        fixed={},
        changing={
            "text": "text",
            "ordering": "text",
            "description": "text",
            **PLACE,
            "saved_at": "timestamptz",
            "saved_by": "text",
        },
        values={"ordering": attrgetter("order")},
    ),
    events=frozenset((QuerySaved, QueryDropped)),
    begins=None,
    key=lambda event: (event.model or "", event.message.query),  # type: ignore[union-attr]
    project=project,
    row=_row,
    key_of=lambda row: (row.namespace, row.query),
)


def project_synonyms(_: SynonymsRow | None, event: EventEnvelope) -> SynonymsRow:
    """The row after `event`."""
    assert isinstance(event.message, SynonymsSet)  # noqa: S101
    return SynonymsRow(
        namespace=event.model or "",
        word=event.message.word,
        same=event.message.same,
        position=event.position,
        set_at=event.time,
        set_by=event.actor,
    )


def _synonyms(found: Any) -> SynonymsRow:
    values = plain(found)
    return SynonymsRow(same=tuple(values.pop("same")), **values)


SYNONYMS: Final[Kept[QueryKey, SynonymsRow]] = Kept(
    table=Table(
        "synonyms",
        key={"namespace": "text", "word": "text"},
        fixed={},
        changing={
            "same": "jsonb",
            **PLACE,
            "set_at": "timestamptz",
            "set_by": "text",
        },
    ),
    events=frozenset((SynonymsSet,)),
    begins=None,
    key=lambda event: (event.model or "", event.message.word),  # type: ignore[union-attr]
    project=project_synonyms,
    row=_synonyms,
    key_of=lambda row: (row.namespace, row.word),
)

# Queries

_SELECT = f"SELECT {VIEW.table.columns} FROM queries"  # noqa: S608  # our names
_SELECT_SYNONYMS = f"SELECT {SYNONYMS.table.columns} FROM synonyms"  # noqa: S608  # our names


async def get(db: Db, namespace: str, name: str) -> QueryRow | None:
    """The namespace's saved query, or None when there is none."""
    found = await db.fetchrow(
        f"{_SELECT} WHERE namespace = $1 AND query = $2 AND text <> ''", namespace, name
    )
    return _row(found) if found else None


async def page(db: Db, namespace: str, after: str = "", limit: int = 100) -> list[QueryRow]:
    """The namespace's saved queries in alphabetical order, those after `after`."""
    rows = await db.fetch(
        f"{_SELECT} WHERE namespace = $1 AND query > $2 AND text <> '' ORDER BY query LIMIT $3",
        namespace,
        after,
        limit,
    )
    return [_row(row) for row in rows]


async def words(db: Db, namespace: str, after: str = "", limit: int = 100) -> list[SynonymsRow]:
    """The namespace's words with synonyms in alphabetical order, those after `after`."""
    rows = await db.fetch(
        f"{_SELECT_SYNONYMS} WHERE namespace = $1 AND word > $2 AND same <> '[]'"
        " ORDER BY word LIMIT $3",
        namespace,
        after,
        limit,
    )
    return [_synonyms(row) for row in rows]


async def meanings(db: Db, namespaces: Collection[str] = ()) -> Mapping[str, Collection[str]]:
    """Word -> the words that mean the same, as some namespaces and the registry have it.

    Each word that was said to be the same as another stands for the whole group.
    """
    rows = await db.fetch(
        "SELECT word, same FROM synonyms WHERE namespace = ANY($1) AND same <> '[]'",
        [REGISTRY, *namespaces],
    )
    found: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        group = {row["word"], *row["same"]}
        for word in group:
            found[word] |= group - {word}
    return found
