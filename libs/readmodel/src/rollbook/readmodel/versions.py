"""The view of versions: what was registered, with what may change since."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeAlias

from rollbook.domain.lineage import Artifact, Lineage, Signature
from rollbook.domain.versions import (
    VersionArchived,
    VersionDescribed,
    VersionRegistered,
    VersionTagged,
    VersionUntagged,
)
from rollbook.eventlog.envelope import EventEnvelope
from rollbook.eventlog.position import Position
from rollbook.readmodel.database import Connection, Db, storable
from rollbook.readmodel.place import At

VersionKey: TypeAlias = tuple[str, int]
"""Model and number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRow:
    """A version as it is now."""

    model: str
    version: int
    artifact: Artifact
    metrics: dict[str, float]
    params: dict[str, str]
    tags: dict[str, str]
    lineage: Lineage
    signature: Signature | None
    description: str
    idempotency_key: str | None
    archived_reason: str | None = None
    """Why it is out of use; None while it is not."""
    position: At
    """Of its registration."""
    created_at: datetime
    created_by: str
    updated_at: datetime
    aliases: tuple[str, ...] = field(default=(), compare=False)
    """The names that point at it now."""
    environments: tuple[str, ...] = field(default=(), compare=False)
    """Where it serves now."""


def number(event: EventEnvelope) -> int | None:
    """The version that `event` registers or changes."""
    match event.message:
        case (
            VersionRegistered(version=number)
            | VersionDescribed(version=number)
            | VersionTagged(version=number)
            | VersionUntagged(version=number)
            | VersionArchived(version=number)
        ):
            return number
        case _:
            return None


def project(row: VersionRow | None, event: EventEnvelope) -> VersionRow:
    """The row after `event`; LookupError when it cannot follow."""
    match event.message:
        case VersionRegistered() as fact if row is None:
            return VersionRow(
                model=event.model or "",
                version=fact.version,
                artifact=fact.artifact,
                metrics=fact.metrics,
                params=fact.params,
                tags=fact.tags,
                lineage=fact.lineage,
                signature=fact.signature,
                description=storable(fact.description),
                idempotency_key=fact.idempotency_key,
                position=event.position,
                created_at=event.time,
                created_by=event.actor,
                updated_at=event.time,
            )
        case VersionRegistered(version=number):
            raise LookupError(f"version {number} is registered already")
        case _:
            pass
    if row is None:
        raise LookupError("the version was never registered")
    row = replace(row, updated_at=event.time)
    match event.message:
        case VersionDescribed(description=description):
            return replace(row, description=storable(description))
        case VersionTagged(tags=tags):
            return replace(row, tags=row.tags | tags)
        case VersionUntagged(keys=keys):
            return replace(row, tags={k: v for k, v in row.tags.items() if k not in keys})
        case VersionArchived(reason=reason):
            return replace(row, archived_reason=storable(reason))
        case _:
            return row


# Queries

_PLAIN = (
    "v.model, v.version, v.facts, v.description, v.tags, v.archived_reason, v.partition, v.off,"
    " v.created_at, v.created_by, v.updated_at"
)
_SHOWN = (
    f"SELECT {_PLAIN},"  # noqa: S608  # constants
    " ARRAY(SELECT a.alias FROM aliases a WHERE (a.model, a.version) = (v.model, v.version)"
    "   ORDER BY 1) AS aliases,"
    " ARRAY(SELECT e.environment FROM environments e WHERE (e.model, e.version) ="
    "   (v.model, v.version) AND e.until_off IS NULL ORDER BY 1) AS environments FROM versions v"
)


def _row(found: Any) -> VersionRow:
    facts = found["facts"]
    return VersionRow(
        model=found["model"],
        version=found["version"],
        artifact=Artifact.model_validate(facts["artifact"]),
        metrics=facts.get("metrics", {}),
        params=facts.get("params", {}),
        tags=found["tags"],
        lineage=Lineage.model_validate(facts.get("lineage", {})),
        signature=Signature.model_validate(facts["signature"]) if "signature" in facts else None,
        description=found["description"],
        idempotency_key=facts.get("idempotency_key"),
        archived_reason=found["archived_reason"],
        position=Position(found["partition"], found["off"]),
        created_at=found["created_at"],
        created_by=found["created_by"],
        updated_at=found["updated_at"],
        aliases=tuple(found.get("aliases", ())),
        environments=tuple(found.get("environments", ())),
    )


async def get(db: Db, key: str, number: int) -> VersionRow | None:
    """Version `number` of the model, or None when there is none."""
    found = await db.fetchrow(f"{_SHOWN} WHERE v.model = $1 AND v.version = $2", key, number)
    return _row(found) if found else None


async def by_alias(db: Db, key: str, alias: str) -> VersionRow | None:
    """The version that the alias points at, or None when it points at none."""
    found = await db.fetchrow(
        f"{_SHOWN} WHERE v.model = $1 AND v.version ="  # noqa: S608  # constants
        " (SELECT version FROM aliases WHERE model = $1 AND alias = $2)",
        key,
        alias,
    )
    return _row(found) if found else None


async def page(db: Db, key: str, after: int = 0, limit: int = 100) -> list[VersionRow]:
    """The model's versions in order of number, those after `after`."""
    rows = await db.fetch(
        f"{_SHOWN} WHERE v.model = $1 AND v.version > $2 ORDER BY v.version LIMIT $3",
        key,
        after,
        limit,
    )
    return [_row(row) for row in rows]


async def newest(db: Db, key: str, before: int | None = None, limit: int = 100) -> list[VersionRow]:
    """The model's versions, newest first, those before `before`."""
    rows = await db.fetch(
        f"{_SHOWN} WHERE v.model = $1 AND ($2::int IS NULL OR v.version < $2)"
        " ORDER BY v.version DESC LIMIT $3",
        key,
        before,
        limit,
    )
    return [_row(row) for row in rows]


# What the projector reads and writes


async def load(db: Connection, keys: Collection[VersionKey]) -> dict[VersionKey, VersionRow]:
    """The rows of those of `keys` that are there."""
    rows = await db.fetch(
        f"SELECT {_PLAIN} FROM versions v"  # noqa: S608  # constants
        " JOIN unnest($1::text[], $2::int[]) k (model, version)"
        " USING (model, version)",
        *map(list, zip(*keys, strict=True)),
    )
    return {(row["model"], row["version"]): _row(row) for row in rows}


async def save(
    db: Connection, registered: Sequence[VersionRow], changed: Sequence[VersionRow]
) -> None:
    """Write versions that the tables do not hold, and what has changed of those they hold."""
    if registered:
        await db.copy_records_to_table(
            "versions", columns=_COLUMNS, records=[_values(row) for row in registered]
        )
    if changed:
        await db.execute(
            "UPDATE versions v SET description = n.description, tags = n.tags,"
            " archived_reason = n.archived_reason, updated_at = n.updated_at"
            " FROM unnest($1::text[], $2::int[], $3::text[], $4::jsonb[], $5::text[],"
            " $6::timestamptz[])"
            " AS n (model, version, description, tags, archived_reason, updated_at)"
            " WHERE (v.model, v.version) = (n.model, n.version)",
            [row.model for row in changed],
            [row.version for row in changed],
            [row.description for row in changed],
            [row.tags for row in changed],
            [row.archived_reason for row in changed],
            [row.updated_at for row in changed],
        )


_COLUMNS = (
    "model",
    "version",
    "digest",
    "facts",
    "description",
    "tags",
    "archived_reason",
    "partition",
    "off",
    "created_at",
    "created_by",
    "updated_at",
)


def _values(row: VersionRow) -> tuple[object, ...]:
    facts = {
        "artifact": row.artifact.model_dump(mode="json", exclude_none=True),
        "metrics": row.metrics,
        "params": row.params,
        "lineage": row.lineage.model_dump(mode="json", exclude_defaults=True),
        "signature": row.signature and row.signature.model_dump(mode="json"),
        "idempotency_key": row.idempotency_key,
    }
    return (
        row.model,
        row.version,
        row.artifact.digest,
        {name: fact for name, fact in facts.items() if fact},
        row.description,
        row.tags,
        row.archived_reason,
        *row.position,
        row.created_at,
        row.created_by,
        row.updated_at,
    )
