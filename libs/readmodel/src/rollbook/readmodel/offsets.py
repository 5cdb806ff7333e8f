"""How far the read models have come: the place of each partition, and waiting for one."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from rollbook.eventlog.position import Position
from rollbook.readmodel.database import Connection, Db

PROJECTION: Final = "views"
"""All views are written together and share one place per partition."""

FIRST_LOOK = 0.001
LAST_LOOK = 0.025
"""Seconds between two looks at the place: few records take longer than a few milliseconds."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a partition is taken up again."""

    offset: int = 0
    """The next record to be taken in."""
    claim: int = -1
    """The writer's claim that holds there."""
    time: datetime | None = None
    """Of the newest record taken in."""


class TooLate(Exception):
    """The read models did not come that far in time; `reached` is how far they are."""

    def __init__(self, position: Position, reached: int) -> None:
        super().__init__(
            f"the read models have not reached {position} yet:"
            f" they stand before {Position(position.partition, reached)}"
        )
        self.position = position
        self.reached = reached
        """The next offset of the partition to be taken in."""


async def places(db: Db) -> dict[int, Place]:
    """The place of each partition."""
    rows = await db.fetch(
        'SELECT partition, off, claim, "time" FROM projection_offset WHERE projection = $1',
        PROJECTION,
    )
    return {row["partition"]: Place(row["off"], row["claim"], row["time"]) for row in rows}


async def reached(db: Db, position: Position) -> bool:
    """Whether the record at `position` is in the read models."""
    return await _next(db, position.partition) > position.offset


async def wait(db: Db, position: Position, timeout: timedelta = timedelta(seconds=5)) -> None:
    """Return when the record at `position` is in the read models; `TooLate` after `timeout`."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout.total_seconds()
    pause = FIRST_LOOK
    while (next_offset := await _next(db, position.partition)) <= position.offset:
        if loop.time() >= deadline:
            raise TooLate(position, next_offset)
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, LAST_LOOK)


async def _next(db: Db, partition: int) -> int:
    found = await db.fetchval(
        "SELECT off FROM projection_offset WHERE projection = $1 AND partition = $2",
        PROJECTION,
        partition,
    )
    return int(found or 0)


# What the projector writes


async def prepare(db: Connection, partitions: int) -> str:
    """Make the places that are missing, and return what identifies this very set of tables."""
    await db.execute(
        "INSERT INTO projection_offset SELECT $1, n, 0, -1, NULL, generation"
        " FROM generate_series(0, $2 - 1) n, (SELECT coalesce(max(generation), 0) AS generation"
        " FROM projection_offset) g ON CONFLICT DO NOTHING",
        PROJECTION,
        partitions,
    )
    return await tables(db)


async def tables(db: Db) -> str:
    """What identifies this very set of tables: another one after a rebuild has switched."""
    return str(
        await db.fetchval(
            "SELECT 'projection_offset'::regclass::oid || '.' || coalesce(max(generation), 0)"
            " FROM projection_offset"
        )
    )


async def changed(db: Connection) -> None:
    """Make it another set of tables for the projector, which then looks around."""
    await db.execute("UPDATE projection_offset SET generation = generation + 1")


async def advance(db: Connection, moves: Mapping[int, tuple[Place, Place]], tables_: str) -> int:
    """Move partitions from one place to the next, and return how many stood where we thought.

    The first statement of a transaction: the rows stay locked until its end, so that two
    projectors take turns and a rebuild does not switch the tables in between.
    """
    numbers = sorted(moves)  # one order for all, so that two projectors do not lock each other out
    found = await db.fetch(
        "WITH moves AS (SELECT * FROM unnest($3::int[], $4::bigint[], $5::bigint[], $6::bigint[],"
        " $7::timestamptz[]) AS m (partition, old, new, claim, newest)),"
        " locked AS (SELECT o.partition FROM projection_offset o JOIN moves m USING (partition)"
        "   WHERE o.projection = $1 AND o.tableoid || '.' || o.generation = $2 AND o.off = m.old"
        "   ORDER BY o.partition FOR UPDATE OF o)"
        ' UPDATE projection_offset o SET off = m.new, claim = m.claim, "time" = m.newest'
        " FROM moves m, locked l WHERE o.projection = $1 AND o.partition = m.partition"
        " AND l.partition = m.partition AND o.off = m.old RETURNING o.partition",
        PROJECTION,
        tables_,
        numbers,
        [moves[n][0].offset for n in numbers],
        [moves[n][1].offset for n in numbers],
        [moves[n][1].claim for n in numbers],
        [moves[n][1].time for n in numbers],
    )
    return len(found)
