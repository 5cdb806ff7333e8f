"""Builds every view anew from the log beside the live ones, compares, and switches."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

from rollbook.eventlog.kafka import read
from rollbook.eventlog.log import Unavailable
from rollbook.eventlog.reader import EventReader
from rollbook.eventlog.topics import LogAddress
from rollbook.projector.effects import Views
from rollbook.readmodel import database, offsets, schema, vault
from rollbook.readmodel.database import Connection
from rollbook.readmodel.digests import TABLES, digests

BATCH = 5_000
"""Records written in one transaction."""


class ReplayRunning(Exception):
    """Another replay works on this schema."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay found; digests are SHA-256 by table, both taken at `places`."""

    places: dict[int, int]
    """The next offset of each partition."""
    live: dict[str, str]
    """Digests of the tables as they stood."""
    fresh: dict[str, str]
    """Digests of the tables made from the log."""
    seconds: float
    """How long building took."""
    switched: bool

    @property
    def records(self) -> int:
        """How many records of the log were replayed and compared."""
        return sum(self.places.values())

    @property
    def different(self) -> list[str]:
        """The tables that were not as the log makes them."""
        return [table for table, digest in self.fresh.items() if self.live[table] != digest]

    @property
    def identical(self) -> bool:
        """Whether the live tables were just what the log makes."""
        return not self.different


async def replay(
    log: LogAddress,
    dsn: str,
    db_schema: str,
    *,
    report: Callable[[str], None],
    switch: bool,
    keep: bool = False,
) -> Replayed:
    """Make all views from offset 0 and compare them with the live ones at the same offsets.

    With `switch`, the fresh tables take the place of the live ones in one transaction, also where
    they differ; a running projector goes on with them. The old ones are dropped, or with `keep`
    stay as `<schema>_old`. Without it, the fresh ones are dropped. The vault is not made from the
    log and stays as it is; what the log says is erased is erased again when they switch.

    Raises `ReplayRunning`, `Unavailable`, or what `database.DOWN` names.
    """
    fresh_schema = f"{database.checked(db_schema)}_next"
    await schema.create(dsn, db_schema)
    async with _connected(dsn, db_schema) as live, _connected(dsn, fresh_schema) as fresh:
        if not await live.fetchval("SELECT pg_try_advisory_lock(hashtext($1))", fresh_schema):
            raise ReplayRunning(f"another replay of {db_schema} is running")
        await schema.drop(fresh, fresh_schema)  # what a replay left that was killed
        await schema.migrate(fresh, fresh_schema, only=schema.TABLES)
        goal = await _places(live)  # before the ends, since both go on
        ends = await _ends(log)
        if beyond := [number for number, offset in goal.items() if offset > ends.get(number, 0)]:
            raise Unavailable(
                f"the tables hold more of partition {beyond[0]} than the log has:"
                " it is another log, or it was made again"
            )
        await offsets.prepare(live, len(ends))
        build = _Build(log, await Views.beside(fresh, len(ends)), report)
        began = time.perf_counter()
        await build.reach(goal)
        report("making the indexes")
        await schema.migrate(fresh, fresh_schema)
        await fresh.execute(f"ANALYZE {', '.join(TABLES)}")
        async with live.transaction(isolation="repeatable_read", readonly=True):
            places = await _places(live)
            await build.reach(places)
            seconds = time.perf_counter() - began
            report("comparing every table with the live one")
            theirs, ours = await asyncio.gather(digests(live), digests(fresh))
        if switch:
            await build.reach(await _places(live))  # so that little is left to do while locked
            await _switch(live, db_schema, build)
        if switch and not keep:
            await schema.drop(live, f"{db_schema}_old")
        elif not switch:
            await schema.drop(live, fresh_schema)
    return Replayed(places, theirs, ours, seconds, switch)


async def _switch(live: Connection, name: str, build: "_Build") -> None:
    async with live.transaction():
        # From here until the end no projector writes: each begins by locking its places.
        await live.execute("LOCK TABLE projection_offset IN ACCESS EXCLUSIVE MODE")
        await build.reach(await _places(live))
        # Whoever waits for the lock finds no place of his in the old tables.
        await live.execute("UPDATE projection_offset SET projection = 'retired ' || projection")
        await schema.drop(live, f"{name}_old")
        await live.execute(f"ALTER SCHEMA {name} RENAME TO {name}_old")
        await live.execute(f"ALTER SCHEMA {name}_next RENAME TO {name}")
        # The old tables may have missed an erasure: their stream was parked, the vault came back.
        await vault.erase_again(live)


class _Build:
    """The fresh tables on their way through the log, never further than told."""

    def __init__(self, log: LogAddress, views: Views, report: Callable[[str], None]) -> None:
        self._log = log
        self._views = views
        self._report = report
        self._said = time.monotonic()

    async def reach(self, goal: Mapping[int, int]) -> None:
        """Write the records before `goal`, an offset for each partition."""
        with _seldom_collected():
            for number, stop in goal.items():
                start = self._views.places[number].offset
                async for found in read(self._log.kafka, self._log.events, number, start, stop):
                    for first in range(0, len(found), BATCH):
                        batch = self._views.read({number: found[first : first + BATCH]})
                        await self._views.write(batch)
                        self._say(sum(goal.values()))

    def _say(self, goal: int) -> None:
        if time.monotonic() - self._said > 1:
            self._said = time.monotonic()
            done = sum(place.offset for place in self._views.places.values())
            self._report(f"replayed {done:,} of {goal:,} records")


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """Spare the garbage collector the batches, which hold no cycles: it took a third of the time.

    They are freed without it.
    """
    before = gc.get_threshold()
    gc.set_threshold(200_000, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


async def _ends(log: LogAddress) -> dict[int, int]:
    async with EventReader(log) as reader:
        await reader.start(None)
        return await reader.ends()


async def _places(db: Connection) -> dict[int, int]:
    return {number: place.offset for number, place in (await offsets.places(db)).items()}


@asynccontextmanager
async def _connected(dsn: str, name: str) -> AsyncIterator[Connection]:
    opened = await database.connection(dsn, name, synchronous_commit="off")
    try:
        yield opened
    finally:
        await opened.close(timeout=5)
