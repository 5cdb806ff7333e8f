"""The view of aliases: which version each one points at now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from rollbook.domain.aliases import AliasRemoved, AliasSet
from rollbook.eventlog.envelope import EventEnvelope
from rollbook.readmodel.database import Connection, Db
from rollbook.readmodel.place import At
from rollbook.readmodel.table import PLACE, Table
from rollbook.readmodel.view import plain

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


TABLE: Table[AliasRow] = Table(
    "aliases",
    key={"model": "text", "alias": "text"},
    fixed={},
    changing={"version": "int", **PLACE, "set_at": "timestamptz", "set_by": "text"},
)


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


async def of(db: Db, key: str) -> list[AliasRow]:
    """The model's aliases in alphabetical order."""
    return [
        AliasRow(**plain(row))
        for row in await db.fetch("SELECT * FROM aliases WHERE model = $1 ORDER BY alias", key)
    ]


# What the projector writes


async def save(db: Connection, changes: Mapping[AliasKey, AliasRow | None]) -> None:
    """Write the aliases that were set, and remove those that are gone."""
    if gone := [key for key, row in changes.items() if row is None]:
        await TABLE.delete(db, gone)
    if rows := [row for row in changes.values() if row is not None]:
        await TABLE.upsert(db, rows)
