"""Builds views anew from the log beside the live ones, compares them, and lets them take over."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from rollbook.eventlog.log import Unavailable
from rollbook.eventlog.position import Position
from rollbook.eventlog.reader import EventReader
from rollbook.eventlog.topics import LogAddress
from rollbook.projector import tally
from rollbook.projector.beside import Beside
from rollbook.projector.building import BATCH, Goal, Site, fill, follow
from rollbook.projector.switching import switch_all, switch_some
from rollbook.projector.tally import Tally
from rollbook.readmodel import database, offsets, parked, schema, unbuilt
from rollbook.readmodel.changes import EVERY, MADE_OF
from rollbook.readmodel.database import Connection
from rollbook.readmodel.digests import TABLES, digests

Report = Callable[[str], None]

SAY = 2.0
"""Seconds between two lines of progress."""


class UnknownView(ValueError):
    """There is no such view, or none that can be made without the others."""


class ReplayRunning(Exception):
    """Another replay or rebuild works on this schema."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What was found; digests are SHA-256 by table, both taken at `places`."""

    places: dict[int, int]
    """The next offset of each partition."""
    live: dict[str, str]
    """Digests of the tables as they stood; of a view that was not built yet there is none."""
    fresh: dict[str, str]
    """Digests of the tables made from the log."""
    tallies: dict[int, Tally]
    """What became of the records, by partition."""
    rows: dict[int, int] | None
    """Rows of the fresh history, by partition; None where it was not made."""
    seconds: float
    """How long building took."""

    @property
    def records(self) -> int:
        """How many records of the log were replayed and compared."""
        return sum(self.places.values())

    @property
    def different(self) -> list[str]:
        """The tables that were not as the log makes them."""
        return [t for t, digest in self.fresh.items() if self.live.get(t, digest) != digest]

    @property
    def unbuilt(self) -> list[str]:
        """The tables that nobody had filled yet."""
        return [table for table in self.fresh if table not in self.live]

    @property
    def miscounted(self) -> list[int]:
        """Partitions with more or fewer rows of history than records of the log ask for."""
        if self.rows is None:
            return []
        return [n for n, each in self.tallies.items() if each.rows != self.rows.get(n, 0)]

    @property
    def identical(self) -> bool:
        """Whether the live tables were just what the log makes."""
        return not self.different and not self.miscounted


async def replay(log: LogAddress, dsn: str, db_schema: str, *, report: Report) -> Replayed:
    """Make all views from offset 0, compare them with the live ones at the same offsets, drop them.

    Raises `ReplayRunning`, `Unavailable`, or what `database.DOWN` names.
    """
    async with _begun(log, dsn, db_schema, EVERY, report, BATCH) as work:
        found = await work.compared()
        await schema.drop(work.live, f"{db_schema}_next")
        return found


async def rebuild(
    log: LogAddress,
    dsn: str,
    db_schema: str,
    views: Collection[str] = EVERY,
    *,
    report: Report,
    batch: int = BATCH,
) -> Replayed:
    """Make views from offset 0, and let them take the place of the live ones in one transaction.

    A running projector goes on with them; the old ones stay in `<schema>_old`. The vault is not
    made from the log and stays as it is; what the log says is erased is erased again.

    Raises what `replay` raises, `ReadsHold`, `MustPark`, and `UnknownView`.
    """
    async with _begun(log, dsn, db_schema, views, report, batch) as work:
        found = await work.compared()
        await work.catch_up()  # so that little is left to do while nobody writes
        if frozenset(views) == EVERY:
            await switch_all(work.live, db_schema, work.catch_up)
        else:
            wanted = [view for view in TABLES if view in views]
            await switch_some(work.live, db_schema, wanted, work.catch_up)
        return found


async def drop_old(dsn: str, db_schema: str) -> bool:
    """Remove the tables that the last rebuilds replaced, and say whether there were any."""
    async with _connected(dsn, db_schema) as live:
        old = f"{database.checked(db_schema)}_old"
        there = await live.fetchval("SELECT to_regnamespace($1) IS NOT NULL", old)
        await schema.drop(live, old)
        return bool(there)


async def waiting(dsn: str, db_schema: str) -> frozenset[str]:
    """Views that came to tables which hold records already, and are not made yet."""
    async with _connected(dsn, db_schema) as live:
        return await unbuilt.every(live)


class _Work:
    """Fresh tables on their way through the log, never further than the live ones."""

    def __init__(
        self,
        live: Connection,
        fresh: Connection,
        site: Site,
        views: Collection[str],
        report: Report,
    ) -> None:
        self.live = live
        self._fresh = fresh
        self._site = site
        self._views = [view for view in TABLES if view in views]
        self._report = report
        self._beside: Beside | None = None
        self._tallies: dict[int, Tally] = {}

    async def compared(self) -> Replayed:
        """Fill the tables, and compare them as they are at one moment of the live ones."""
        began = time.perf_counter()
        goal, still = await _standing(self.live)
        async with _telling(self._fresh, goal, self._report):
            self._tallies = await fill(self._site, goal, still)
        self._report("making the indexes")
        await schema.migrate(self._fresh, self._site.schema)
        await self._fresh.execute(f"ANALYZE {', '.join(self._views)}")
        async with self.live.transaction(isolation="repeatable_read", readonly=True):
            places = await self.catch_up()
            tallies = dict(self._tallies)
            seconds = time.perf_counter() - began
            self._report("comparing with the live tables")
            there = [v for v in self._views if v not in await unbuilt.every(self.live)]
            theirs, ours = await asyncio.gather(
                digests(self.live, there), digests(self._fresh, self._views)
            )
        counted = await tally.rows(self._fresh) if "history" in self._views else None
        return Replayed(places, theirs, ours, tallies, counted, seconds)

    async def catch_up(self) -> dict[int, int]:
        """Write what the live tables have taken in since, and return how far they are."""
        goal, still = await _standing(self.live)
        if self._beside is None:
            self._beside = await self._site.views(self._fresh, still)
        self._beside.know(still)
        for number, stop in goal.items():
            more = await follow(self._beside, self._site.log, number, stop, self._site.batch)
            self._tallies[number] = self._tallies.get(number, Tally()) + more
        return goal


@asynccontextmanager
async def _begun(
    log: LogAddress,
    dsn: str,
    db_schema: str,
    views: Collection[str],
    report: Report,
    batch: int,
) -> AsyncIterator[_Work]:
    if unknown := sorted(set(views) - EVERY):
        raise UnknownView(f"there is no view {', '.join(unknown)}; there are {', '.join(TABLES)}")
    if "parked" in views and len(views) < len(EVERY):
        raise UnknownView("`parked` is what making all the others finds out: rebuild them all")
    next_schema = f"{database.checked(db_schema)}_next"
    await schema.create(dsn, db_schema)
    async with _connected(dsn, db_schema) as live, _connected(dsn, next_schema) as fresh:
        if not await live.fetchval("SELECT pg_try_advisory_lock(hashtext($1))", next_schema):
            raise ReplayRunning(f"another replay or rebuild of {db_schema} is running")
        await schema.drop(fresh, next_schema)  # what one left that was killed
        await schema.migrate(fresh, next_schema, only=schema.TABLES)
        goal, _ = await _standing(live)  # before the ends, since both go on
        ends = await _ends(log)
        if beyond := [number for number, offset in goal.items() if offset > ends.get(number, 0)]:
            raise Unavailable(
                f"the tables hold more of partition {beyond[0]} than the log has:"
                " it is another log, or it was made again"
            )
        await offsets.prepare(live, len(ends))
        alone = None
        if frozenset(views) != EVERY:
            alone = frozenset(views).union(*(MADE_OF.get(view, ()) for view in views))
        site = Site(log, dsn, next_schema, len(ends), alone, batch)
        yield _Work(live, fresh, site, views, report)


@asynccontextmanager
async def _telling(fresh: Connection, goal: Goal, report: Report) -> AsyncIterator[None]:
    """Report how far the tables are, how fast they come on, and how long it will take."""

    async def tell() -> None:
        began, whole = time.monotonic(), sum(goal.values())
        while True:
            await asyncio.sleep(SAY)
            done = sum(place.offset for place in (await offsets.places(fresh)).values())
            rate = done / (time.monotonic() - began)
            left = f", {(whole - done) / rate:,.0f} s left" if rate else ""
            report(f"replayed {done:,} of {whole:,} records, {rate:,.0f}/s{left}")

    telling = asyncio.create_task(tell())
    try:
        yield
    finally:
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)


async def _standing(live: Connection) -> tuple[dict[int, int], Mapping[str, Position]]:
    """How far the live tables are, and the streams that are parked by then."""
    goal = {number: place.offset for number, place in (await offsets.places(live)).items()}
    still = {row.model: row.position for row in await parked.every(live)}
    return goal, still


async def _ends(log: LogAddress) -> dict[int, int]:
    async with EventReader(log) as reader:
        await reader.start(None)
        return await reader.ends()


@asynccontextmanager
async def _connected(dsn: str, name: str) -> AsyncIterator[Connection]:
    opened = await database.connection(dsn, name, synchronous_commit="off")
    try:
        yield opened
    finally:
        await opened.close(timeout=5)
