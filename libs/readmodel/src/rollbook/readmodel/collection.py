"""The view of collections: which models a namespace's groups consist of now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from rollbook.domain.collection import CollectionRemoved, CollectionSet
from rollbook.eventlog.envelope import EventEnvelope
from rollbook.readmodel.database import Connection, Db, storable
from rollbook.readmodel.place import At
from rollbook.readmodel.table import PLACE, Table
from rollbook.readmodel.view import plain

CollectionKey: TypeAlias = tuple[str, str]
"""Namespace and collection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionRow:
    """A named group of models."""

    namespace: str
    collection: str
    models: tuple[str, ...]
    """Names within the namespace, in alphabetical order; nobody checks that they are there."""
    description: str
    position: At
    """Of the event that set it."""
    set_at: datetime
    set_by: str


TABLE: Table[CollectionRow] = Table(
    "collections",
    key={"namespace": "text", "collection": "text"},
    fixed={},
    changing={
        "models": "jsonb",
        "description": "text",
        **PLACE,
        "set_at": "timestamptz",
        "set_by": "text",
    },
)


def project(event: EventEnvelope) -> Mapping[CollectionKey, CollectionRow | None]:
    """The collections that `event` sets, or removes (None)."""
    namespace = event.model or ""
    match event.message:
        case CollectionSet(collection=name, models=models, description=description):
            row = CollectionRow(
                namespace=namespace,
                collection=name,
                models=models,
                description=storable(description),
                position=event.position,
                set_at=event.time,
                set_by=event.actor,
            )
            return {(namespace, name): row}
        case CollectionRemoved(collection=name):
            return {(namespace, name): None}
        case _:
            return {}


# Queries

_SELECT = f"SELECT {TABLE.columns} FROM collections"  # noqa: S608  # our names


def _row(found: Any) -> CollectionRow:
    values = plain(found)
    return CollectionRow(models=tuple(values.pop("models")), **values)


async def get(db: Db, namespace: str, name: str) -> CollectionRow | None:
    """The namespace's collection, or None when there is none."""
    found = await db.fetchrow(
        f"{_SELECT} WHERE namespace = $1 AND collection = $2", namespace, name
    )
    return _row(found) if found else None


async def page(db: Db, namespace: str, after: str = "", limit: int = 100) -> list[CollectionRow]:
    """The namespace's collections in alphabetical order, those after `after`."""
    rows = await db.fetch(
        f"{_SELECT} WHERE namespace = $1 AND collection > $2 ORDER BY collection LIMIT $3",
        namespace,
        after,
        limit,
    )
    return [_row(row) for row in rows]


async def holding(db: Db, namespace: str, model: str) -> list[CollectionRow]:
    """The namespace's collections that hold the model named `model`, in alphabetical order."""
    rows = await db.fetch(
        f"{_SELECT} WHERE namespace = $1 AND models ? $2 ORDER BY collection", namespace, model
    )
    return [_row(row) for row in rows]


# What the projector writes


async def save(db: Connection, changes: Mapping[CollectionKey, CollectionRow | None]) -> None:
    """Write the collections that were set, and remove those that are gone."""
    if gone := [key for key, row in changes.items() if row is None]:
        await TABLE.delete(db, gone)
    if rows := [row for row in changes.values() if row is not None]:
        await TABLE.upsert(db, rows)
