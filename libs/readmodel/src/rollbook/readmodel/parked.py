"""Models and namespaces whose projection stopped at an event that cannot be read or follow."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rollbook.eventlog.position import Position
from rollbook.readmodel.database import Connection, Db
from rollbook.readmodel.place import At


@dataclass(frozen=True, slots=True)
class ParkedRow:
    """A stream that stands still until a replay, while the others go on."""

    model: str
    """Its key: `namespace/name`, or a namespace by itself."""
    position: At
    """Of the first record that was not taken in."""
    time: datetime
    reason: str


async def every(db: Db) -> list[ParkedRow]:
    """All parked streams, in order of key."""
    rows = await db.fetch('SELECT model, partition, off, "time", reason FROM parked ORDER BY model')
    return [
        ParkedRow(row["model"], Position(row["partition"], row["off"]), row["time"], row["reason"])
        for row in rows
    ]


async def add(db: Connection, rows: Sequence[ParkedRow]) -> None:
    """Park streams; the first reason stays."""
    await db.executemany(
        'INSERT INTO parked (model, partition, off, "time", reason) VALUES ($1, $2, $3, $4, $5)'
        " ON CONFLICT DO NOTHING",
        [(row.model, *row.position, row.time, row.reason) for row in rows],
    )
