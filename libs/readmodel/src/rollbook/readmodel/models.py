"""The view of models: one row each, as its newest event left it."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from rollbook.domain.catalog import (
    ModelClassified,
    ModelDescribed,
    ModelRegistered,
    ModelRestored,
    ModelRetired,
    ModelTagged,
    ModelUntagged,
    OwnerAssigned,
)
from rollbook.domain.model import ModelEvent
from rollbook.domain.versions import VersionRegistered
from rollbook.eventlog.envelope import EventEnvelope
from rollbook.readmodel.database import Connection, Db, storable
from rollbook.readmodel.place import At
from rollbook.readmodel.scope import Scope, filled, holds, likes
from rollbook.readmodel.table import PLACE, Table
from rollbook.readmodel.view import of, plain

EVENTS = of(ModelEvent)


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
    owner: str | None = None
    team: str | None = None
    risk: str | None = None
    """`minimal`, `limited` or `high`; None: nobody has classified it."""
    retired_reason: str | None = None
    """Why it is out of use as a whole; None while it is not."""
    seq: int
    """How many events; what `expected_seq` is compared with."""
    head: str
    """SHA-256 (hexadecimal) of the newest event."""
    position: At
    """Of the newest event."""
    created_at: datetime
    created_by: str
    updated_at: datetime
    origin: str | None = None
    """Where it was imported from."""
    origin_time: datetime | None = None
    """When it was registered there."""
    parked: str | None = None
    """Why this row and everything of the model stands still, if it does."""


TABLE: Table[ModelRow] = Table(
    "models",
    key={"key": "text"},
    fixed={
        "namespace": "text",
        "name": "text",
        "partition": "int",
        "created_at": "timestamptz",
        "created_by": "text",
        "origin": "text",
        "origin_time": "timestamptz",
    },
    changing={
        "description": "text",
        "tags": "jsonb",
        "versions": "int",
        "owner": "text",
        "team": "text",
        "risk": "text",
        "retired_reason": "text",
        "seq": "bigint",
        "head": "text",
        "off": PLACE["off"],
        "updated_at": "timestamptz",
    },
)


def project(row: ModelRow | None, event: EventEnvelope) -> ModelRow:
    """What `event` makes of the model itself; LookupError when it cannot follow."""
    if row is None:
        return _first(event)
    match event.message:
        case VersionRegistered(version=number):
            return replace(row, versions=number)
        case ModelDescribed(description=description):
            return replace(row, description=storable(description))
        case ModelTagged(tags=tags):
            return replace(row, tags=row.tags | tags)
        case ModelUntagged(keys=keys):
            return replace(row, tags={k: v for k, v in row.tags.items() if k not in keys})
        case OwnerAssigned(owner=owner, team=team):
            return replace(row, owner=owner, team=team)
        case ModelClassified(risk=risk):
            return replace(row, risk=risk)
        case ModelRetired(reason=reason):
            return replace(row, retired_reason=storable(reason))
        case ModelRestored():
            return replace(row, retired_reason=None)
        case ModelRegistered():
            raise LookupError("the model is registered already")
        case _ if type(event.message) in EVENTS:
            return row
        case _:
            raise LookupError("an event of a namespace stands in the stream of a model")


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
        origin=event.origin,
        origin_time=event.origin_time,
    )


# Queries

_FROM = (
    f"SELECT {TABLE.columns}, p.reason AS parked"  # noqa: S608  # our names
    " FROM models m LEFT JOIN (SELECT model, reason FROM parked) p ON p.model = m.key"
)


def _row(found: Any) -> ModelRow:
    return ModelRow(**plain(found))


async def get(db: Db, key: str) -> ModelRow | None:
    """The model, or None when it was never registered."""
    found = await db.fetchrow(f"{_FROM} WHERE m.key = $1", key)
    return _row(found) if found else None


async def page(
    db: Db,
    namespace: str | None = None,
    after: str | None = None,
    limit: int = 100,
    *,
    scope: Scope | None = None,
) -> list[ModelRow]:
    """Models in order of key, those after the key `after`, and within `scope` if there is one."""
    spaces = None if namespace is None else [namespace]
    if spaces is None and scope is not None and "*" not in scope:
        spaces = list(scope)

    async def fetch(start: ModelRow | None) -> list[ModelRow]:
        rows = await db.fetch(
            f"{_FROM} WHERE m.key > $1 AND ($2::text[] IS NULL OR m.namespace = ANY($2))"
            " AND ($3::text[] IS NULL OR m.key LIKE ANY($3)) ORDER BY m.key LIMIT $4",
            start.key if start else after or "",
            spaces,
            likes(scope),
            limit,
        )
        return [_row(row) for row in rows]

    return await filled(fetch, lambda row: holds(scope, row.key), limit)


# What the projector reads and writes


async def load(db: Connection, keys: Collection[str]) -> dict[str, ModelRow]:
    """The rows of those of `keys` that are there."""
    return {row["key"]: _row(row) for row in await TABLE.load(db, keys)}
