"""Records of one partition from an offset on, for those who follow the log and are behind."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from rollbook.eventlog.envelope import EventEnvelope
from rollbook.readmodel.database import Db
from rollbook.readmodel.past import event_of

_COLUMNS: Final = (
    'partition, off, model, seq, type, "time", actor, id, command_id, correlation_id,'
    ' causation_id, claim, prev, origin, origin_time, "schema",'
    " coalesce(raw, convert_to(data::text, 'UTF8')) AS value"
)


@dataclass(frozen=True, slots=True)
class Sieve:
    """Which records are worth fetching; None: all of them."""

    types: Sequence[str] | None = None
    model: str | None = None
    """A stream's key."""
    likes: Sequence[str] | None = None
    """Patterns of keys for LIKE."""


ALL: Final = Sieve()


async def between(
    db: Db, partition: int, start: int, stop: int, limit: int, sieve: Sieve = ALL
) -> list[EventEnvelope]:
    """Records from offset `start` up to, not including, `stop`, in order."""
    rows = await db.fetch(
        f"SELECT {_COLUMNS} FROM history WHERE partition = $1 AND off >= $2 AND off < $3"  # noqa: S608
        " AND ($5::text[] IS NULL OR type = ANY($5)) AND ($6::text IS NULL OR model = $6)"
        " AND ($7::text[] IS NULL OR model LIKE ANY($7)) ORDER BY off LIMIT $4",
        partition,
        start,
        stop,
        limit,
        sieve.types,
        sieve.model,
        sieve.likes,
    )
    return [event_of(row["model"], row) for row in rows]


async def incomplete_from(db: Db, partition: int) -> int | None:
    """The first offset from which on the tables lack records, those of parked streams."""
    found: int | None = await db.fetchval(
        "SELECT min(off) FROM parked WHERE partition = $1", partition
    )
    return found


async def first_at(db: Db, partition: int, time: datetime, end: int) -> int:
    """The offset of the first record at or after a time; `end` where there is none before it."""
    low, high = 0, end
    while low < high:  # within a partition time never goes back
        middle = (low + high) // 2
        found = await db.fetchrow(
            'SELECT off, "time" FROM history WHERE partition = $1 AND off >= $2 AND off < $3'
            " ORDER BY off LIMIT 1",
            partition,
            middle,
            high,
        )
        if found is None or found["time"] >= time:
            high = middle
        else:
            low = int(found["off"]) + 1
    return low
