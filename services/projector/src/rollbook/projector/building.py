"""Fills fresh tables from the log: partitions side by side, on every core where it is worth it."""

import asyncio
import gc
import multiprocessing
import os
import threading
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe

from rollbook.eventlog.kafka import read
from rollbook.eventlog.log import Unavailable
from rollbook.eventlog.position import Position
from rollbook.eventlog.topics import LogAddress
from rollbook.projector.beside import Alone, Beside, MustPark
from rollbook.projector.effects import Switched
from rollbook.projector.tally import Tally
from rollbook.readmodel import database
from rollbook.readmodel.database import Connection

BATCH = 5_000
"""Records written in one transaction."""

WORTH_A_PROCESS = 25_000
"""Records that take longer than the start of a process."""

LANES = 2
"""Partitions that one process fills at a time: one is decoded while Postgres writes the other."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where fresh tables are made, and which of them; `None` makes all of them."""

    log: LogAddress
    dsn: str
    schema: str
    partitions: int
    alone: frozenset[str] | None = None
    batch: int = BATCH

    async def views(self, db: Connection, still: Mapping[str, Position]) -> Beside:
        """The tables as a connection sees them, with the streams that stand still for `alone`."""
        if self.alone is None:
            return await Beside.open(db, self.partitions)
        return await Alone.of(db, self.partitions, self.alone, still)

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Connection]:
        """A connection to them, of which a crash may take back what it has written."""
        opened = await database.connection(self.dsn, self.schema, synchronous_commit="off")
        try:
            yield opened
        finally:
            await opened.close(timeout=5)


Goal = Mapping[int, int]
"""An offset for each partition, before which every record is to be written."""


async def fill(site: Site, goal: Goal, still: Mapping[str, Position]) -> dict[int, Tally]:
    """Write every record before `goal` into empty tables, on as many cores as there are."""
    shares = shared_out(goal, max(1, min(cores(), sum(goal.values()) // WORTH_A_PROCESS)))
    others = (_elsewhere(site, share, still) for share in shares[1:])
    done = await asyncio.gather(_fill(site, shares[0], still), *others)
    return {number: tally for part in done for number, tally in part.items()}


async def follow(
    views: Beside, log: LogAddress, number: int, stop: int, batch: int = BATCH
) -> Tally:
    """Write the records of a partition before offset `stop`."""
    tally = Tally()
    start = views.places[number].offset
    async for found in read(log.kafka, log.events, number, start, stop):
        for first in range(0, len(found), batch):
            taken = views.read({number: found[first : first + batch]})
            before = views.places[number].offset
            shown = await views.write(taken)
            tally = tally.plus(taken[number], views.places[number].offset - before, shown)
    return tally


async def _fill(site: Site, share: Goal, still: Mapping[str, Position]) -> dict[int, Tally]:
    tallies: dict[int, Tally] = {}
    waiting = iter(share.items())

    async def lane() -> None:
        async with site.connected() as db:
            views = await site.views(db, still)
            for number, stop in waiting:
                tallies[number] = await follow(views, site.log, number, stop, site.batch)

    with _seldom_collected():
        await asyncio.gather(*(lane() for _ in range(min(LANES, len(share)))))
    return tallies


async def _elsewhere(site: Site, share: Goal, still: Mapping[str, Position]) -> dict[int, Tally]:
    context = multiprocessing.get_context("spawn")  # no copy of our connections and threads
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(
        target=_fill_here, args=(theirs, site, share, dict(still)), daemon=True
    )
    process.start()
    theirs.close()
    try:
        answer = await asyncio.to_thread(ours.recv)
    except EOFError:
        raise Unavailable(f"a process that filled {site.schema} has died") from None
    finally:
        process.kill()
        process.join()
    if isinstance(answer, str):
        raise Unavailable(answer)
    return answer  # type: ignore[no-any-return]  # from our own pipe


def _fill_here(
    answer: "Pipe[dict[int, Tally] | str, object]",
    site: Site,
    share: Goal,
    still: Mapping[str, Position],
) -> None:
    """In a process of its own; what it says instead of tallies is why it could not."""
    threading.Thread(target=end_with_parent, daemon=True).start()
    try:
        answer.send(asyncio.run(_fill(site, share, still)))
    except (Unavailable, MustPark, Switched, *database.DOWN) as error:
        answer.send(f"{type(error).__name__}: {error}")


def end_with_parent() -> None:
    """In a thread of a child: a parent that is killed leaves nobody behind who goes on."""
    parent = multiprocessing.parent_process()
    assert parent is not None  # noqa: S101  # this is a child
    parent.join()
    os._exit(1)


def shared_out(goal: Goal, count: int) -> Sequence[dict[int, int]]:
    """Partitions in equal shares, the largest first."""
    shares: list[dict[int, int]] = [{} for _ in range(min(count, max(1, len(goal))))]
    for number, stop in sorted(goal.items(), key=lambda part: -part[1]):
        min(shares, key=lambda share: sum(share.values()))[number] = stop
    return shares


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


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
