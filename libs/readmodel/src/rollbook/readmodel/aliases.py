"""The view of aliases: which version each one points at now."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from rollbook.domain.aliases import AliasRemoved, AliasSet
from rollbook.eventlog.envelope import EventEnvelope
from rollbook.eventlog.position import Position
from rollbook.readmodel.database import Connection, Db
from rollbook.readmodel.place import At

AliasKey: TypeAlias = tuple[str, str]
"""Model and alias."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AliasRow:
    """A movable name of a version."""

    model: str
    alias: str
    version: int
    position: At
    """Of the event that set it."""
    set_at: datetime
    set_by: str


def project(event: EventEnvelope) -> Mapping[AliasKey, AliasRow | None]:
    """The aliases that `event` sets, or removes (None)."""
    model = event.model or ""
    match event.message:
        case AliasSet(alias=alias, version=number):
            row = AliasRow(
                model=model,
                alias=alias,
                version=number,
                position=event.position,
                set_at=event.time,
                set_by=event.actor,
            )
            return {(model, alias): row}
        case AliasRemoved(alias=alias):
            return {(model, alias): None}
        case _:
            return {}


# Queries


def _row(found: Any) -> AliasRow:
    values = dict(found)
    return AliasRow(position=Position(values.pop("partition"), values.pop("off")), **values)


async def of(db: Db, key: str) -> list[AliasRow]:
    """The model's aliases in alphabetical order."""
    return [
        _row(row)
        for row in await db.fetch("SELECT * FROM aliases WHERE model = $1 ORDER BY alias", key)
    ]


# What the projector writes


async def save(db: Connection, changes: Mapping[AliasKey, AliasRow | None]) -> None:
    """Write the aliases that were set, and remove those that are gone."""
    gone = [key for key, row in changes.items() if row is None]
    if gone:
        await db.execute(
            "DELETE FROM aliases WHERE (model, alias) IN"
            " (SELECT * FROM unnest($1::text[], $2::text[]))",
            *map(list, zip(*gone, strict=True)),
        )
    rows = [row for row in changes.values() if row is not None]
    if rows:
        await _set(db, rows)


async def _set(db: Connection, rows: Iterable[AliasRow]) -> None:
    columns = zip(
        *((r.model, r.alias, r.version, *r.position, r.set_at, r.set_by) for r in rows), strict=True
    )
    await db.execute(
        "INSERT INTO aliases (model, alias, version, partition, off, set_at, set_by)"
        " SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::int[], $5::bigint[],"
        " $6::timestamptz[], $7::text[])"
        " ON CONFLICT (model, alias) DO UPDATE SET version = excluded.version,"
        " off = excluded.off, set_at = excluded.set_at, set_by = excluded.set_by",
        *columns,
    )
