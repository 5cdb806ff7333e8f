"""The view of models: one row each, as its newest event left it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from rollbook.domain.catalog import ModelDescribed, ModelRegistered, ModelTagged, ModelUntagged
from rollbook.domain.versions import VersionRegistered
from rollbook.eventlog.envelope import EventEnvelope
from rollbook.eventlog.position import Position
from rollbook.readmodel.database import Connection, Db, storable
from rollbook.readmodel.place import At


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRow:
    """A model as it is now."""

    key: str
    """`namespace/name`."""
    namespace: str
    name: str
    description: str
    tags: dict[str, str]
    versions: int
    """How many; they are numbered from 1."""
    seq: int
    """How many events; what `expected_seq` is compared with."""
    head: str
    """SHA-256 (hexadecimal) of the newest event."""
    position: At
    """Of the newest event."""
    created_at: datetime
    created_by: str
    updated_at: datetime
    parked: str | None = None
    """Why this row and everything of the model stands still, if it does."""


def project(row: ModelRow | None, event: EventEnvelope) -> ModelRow:
    """What `event` makes of the model itself; LookupError when it cannot follow."""
    if row is None:
        return _first(event)
    match event.message:
        case ModelDescribed(description=description):
            return replace(row, description=storable(description))
        case ModelTagged(tags=tags):
            return replace(row, tags=row.tags | tags)
        case ModelUntagged(keys=keys):
            return replace(row, tags={k: v for k, v in row.tags.items() if k not in keys})
        case VersionRegistered(version=number):
            return replace(row, versions=number)
        case ModelRegistered():
            raise LookupError("the model is registered already")
        case _:
            return row


def moved(row: ModelRow, event: EventEnvelope, head: str) -> ModelRow:
    """The row with `event`, whose digest is `head`, as its newest."""
    return replace(row, seq=event.seq, head=head, position=event.position, updated_at=event.time)


def _first(event: EventEnvelope) -> ModelRow:
    if not isinstance(event.message, ModelRegistered):
        raise LookupError("the model was never registered")
    key = event.model or ""
    namespace, _, name = key.partition("/")
    return ModelRow(
        key=key,
        namespace=namespace,
        name=name,
        description=storable(event.message.description),
        tags=event.message.tags,
        versions=0,
        seq=0,
        head="",
        position=event.position,
        created_at=event.time,
        created_by=event.actor,
        updated_at=event.time,
    )


# Queries

_FROM = (
    "SELECT m.key, m.namespace, m.name, m.description, m.tags, m.versions, m.seq, m.head,"
    " m.partition, m.off, m.created_at, m.created_by, m.updated_at, p.reason AS parked"
    " FROM models m LEFT JOIN parked p ON p.model = m.key"
)


def _row(found: Any) -> ModelRow:
    values = dict(found)
    return ModelRow(position=Position(values.pop("partition"), values.pop("off")), **values)


async def get(db: Db, key: str) -> ModelRow | None:
    """The model, or None when it was never registered."""
    found = await db.fetchrow(f"{_FROM} WHERE m.key = $1", key)
    return _row(found) if found else None


async def page(
    db: Db, namespace: str | None = None, after: str | None = None, limit: int = 100
) -> list[ModelRow]:
    """Models in order of key, those after the key `after`."""
    if namespace is None:
        rows = await db.fetch(
            f"{_FROM} WHERE m.key > $1 ORDER BY m.key LIMIT $2", after or "", limit
        )
    else:
        rows = await db.fetch(
            f"{_FROM} WHERE m.namespace = $1 AND m.key > $2 ORDER BY m.key LIMIT $3",
            namespace,
            after or "",
            limit,
        )
    return [_row(row) for row in rows]


# What the projector reads and writes


async def load(db: Connection, keys: Collection[str]) -> dict[str, ModelRow]:
    """The rows of those of `keys` that are there."""
    rows = await db.fetch(f"{_FROM} WHERE m.key = ANY($1::text[])", list(keys))
    return {row["key"]: _row(row) for row in rows}


async def save(db: Connection, rows: Iterable[ModelRow]) -> None:
    """Write the rows, new or changed."""
    columns = zip(
        *(
            (
                row.key,
                row.namespace,
                row.name,
                row.description,
                row.tags,
                row.versions,
                row.seq,
                row.head,
                *row.position,
                row.created_at,
                row.created_by,
                row.updated_at,
            )
            for row in rows
        ),
        strict=True,
    )
    await db.execute(
        "INSERT INTO models (key, namespace, name, description, tags, versions, seq, head,"
        " partition, off, created_at, created_by, updated_at)"
        " SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::jsonb[],"
        " $6::int[], $7::bigint[], $8::text[], $9::int[], $10::bigint[], $11::timestamptz[],"
        " $12::text[], $13::timestamptz[])"
        " ON CONFLICT (key) DO UPDATE SET description = excluded.description,"
        " tags = excluded.tags, versions = excluded.versions, seq = excluded.seq,"
        " head = excluded.head, off = excluded.off, updated_at = excluded.updated_at",
        *columns,
    )
