"""How far telemetry has been taken in, by whom, and which batches were seen.

One monitor at a time holds a partition, by a lease: one that is frozen is succeeded, and what it
would write then fails, since its place has moved.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from rollbook.readmodel.database import Connection, Db

LEASE: Final = timedelta(seconds=15)
KEPT_NUMBERS: Final = 1024
"""A batch that is older than so many of its source is taken for one that was seen."""


class Moved(Exception):
    """Somebody else has taken in what we were about to."""


@dataclass(slots=True)
class Seen:
    """Which batches of one source have come to a partition."""

    number: int = 0
    """The highest."""
    mask: int = 0
    """Bit i: whether `number - i` was seen."""

    def take(self, number: int) -> bool:
        """Whether it was not seen before; it is from now on."""
        if number > self.number:
            self.mask = (self.mask << min(number - self.number, KEPT_NUMBERS)) | 1
            self.mask &= (1 << KEPT_NUMBERS) - 1
            self.number = number
            return True
        back = self.number - number
        if back >= KEPT_NUMBERS or self.mask >> back & 1:
            return False
        self.mask |= 1 << back
        return True


async def prepare(db: Db, partitions: int) -> None:
    """Make the places that are missing."""
    await db.execute(
        "INSERT INTO telemetry_place SELECT n, 0, NULL, now() FROM generate_series(0, $1 - 1) n"
        " ON CONFLICT DO NOTHING",
        partitions,
    )


async def hold(db: Db, holder: UUID) -> dict[int, int]:
    """The partitions that are ours for as long as `LEASE`, each with its next offset."""
    rows = await db.fetch(
        "UPDATE telemetry_place p SET holder = $1, until = clock_timestamp() + $2"
        " FROM (SELECT partition FROM telemetry_place"
        "   WHERE holder = $1 OR holder IS NULL OR until < clock_timestamp()"
        "   ORDER BY partition FOR UPDATE SKIP LOCKED) mine"
        " WHERE p.partition = mine.partition RETURNING p.partition, p.off",
        holder,
        LEASE,
    )
    return {row["partition"]: row["off"] for row in rows}


async def let_go(db: Db, holder: UUID) -> None:
    """Leave the partitions to others, at once."""
    await db.execute("UPDATE telemetry_place SET holder = NULL WHERE holder = $1", holder)


async def advance(db: Connection, holder: UUID, moves: Mapping[int, tuple[int, int]]) -> None:
    """Move partitions from one offset to the next; `Moved` where they are not ours any more.

    The first statement of a transaction: the rows stay locked until its end.
    """
    numbers = sorted(moves)
    done = await db.fetch(
        "WITH moves AS (SELECT * FROM unnest($2::int[], $3::bigint[], $4::bigint[])"
        "   AS m (partition, old, new)),"
        " locked AS (SELECT p.partition FROM telemetry_place p JOIN moves m USING (partition)"
        "   WHERE p.holder = $1 AND p.off = m.old ORDER BY p.partition FOR UPDATE OF p)"
        " UPDATE telemetry_place p SET off = m.new, until = clock_timestamp() + $5"
        " FROM moves m JOIN locked l USING (partition) WHERE p.partition = m.partition"
        " RETURNING p.partition",
        holder,
        numbers,
        [moves[n][0] for n in numbers],
        [moves[n][1] for n in numbers],
        LEASE,
    )
    if len(done) < len(numbers):
        raise Moved("another monitor has taken over")


async def seen(db: Db, partitions: Collection[int]) -> dict[tuple[int, str], Seen]:
    """Of all sources, by partition and source."""
    rows = await db.fetch(
        "SELECT partition, source, number, seen FROM telemetry_source WHERE partition = ANY($1)",
        [*partitions],
    )
    return {
        (row["partition"], row["source"]): Seen(row["number"], int.from_bytes(row["seen"]))
        for row in rows
    }


async def save_seen(db: Connection, found: Mapping[tuple[int, str], Seen], stamp: int) -> None:
    """Write what has changed, as of a moment in milliseconds since 1970."""
    if not found:
        return
    await db.execute(
        "INSERT INTO telemetry_source SELECT n.*, $5"
        " FROM unnest($1::int[], $2::text[], $3::bigint[], $4::bytea[]) n"
        " ON CONFLICT (partition, source)"
        " DO UPDATE SET number = excluded.number, seen = excluded.seen, at = excluded.at",
        [partition for partition, _ in found],
        [source for _, source in found],
        [one.number for one in found.values()],
        [one.mask.to_bytes(KEPT_NUMBERS // 8) for one in found.values()],
        datetime.fromtimestamp(stamp / 1000, UTC),
    )


async def forget(db: Connection, before: datetime) -> None:
    """Sources that have sent nothing since, and what waited for labels, or for predictions."""
    await db.execute("DELETE FROM telemetry_source WHERE at < $1", before)
    await db.execute("DELETE FROM awaited WHERE start < $1", before)
    await db.execute("DELETE FROM early WHERE time < $1", before)
