"""Streams of events: each takes from the shared tail what is new, and from the tables the rest."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Final

import orjson

from rollbook.eventlog.envelope import EventEnvelope
from rollbook.eventlog.kafka import read
from rollbook.eventlog.log import Unavailable
from rollbook.eventlog.records import as_json
from rollbook.eventlog.tail import Live
from rollbook.eventlog.topics import LogAddress
from rollbook.observability import metrics
from rollbook.query import cursor
from rollbook.query.door import Door
from rollbook.query.problems import Problem
from rollbook.query.sight import Sight
from rollbook.query.tables import Tables
from rollbook.query.wanted import Wanted
from rollbook.readmodel import offsets, since

AT_ONCE: Final = 200
"""Records of a partition that a stream takes before others have their turn."""
FULL: Final = 1 << 20
"""Bytes of one turn after which no further event is added to it."""
WINDOW: Final = 10_000
"""Records of a partition that one query looks through."""
READERS: Final = 3
"""Streams that read the tables at the same time; the others wait for their turn."""
ASK_AGAIN: Final = 5.0
"""Seconds after which it is asked again who somebody is."""
LOOK_AGAIN: Final = 0.1
"""Seconds before the tables, which are behind the log, are looked at again."""
REST: Final = 1.0
"""Seconds before Postgres is asked again after it was away."""

Look = Callable[[], Awaitable[Sight]]


class Streams:
    """All streams of one instance."""

    def __init__(
        self,
        address: LogAddress,
        door: Door,
        tables: Tables,
        *,
        most: int = 2000,
        each: int = 100,
        heartbeat: timedelta = timedelta(seconds=15),
    ) -> None:
        self.door = door
        self.tables = tables
        self.address = address
        self.heartbeat = heartbeat.total_seconds()
        self.reading = asyncio.Semaphore(READERS)
        self.closing = False
        self._most = most
        self.each = each
        """For one caller, at most."""
        self._open: Counter[str] = Counter()

    @property
    def number(self) -> int:
        """How many are open."""
        return self._open.total()

    def close(self) -> None:
        """End every stream, and let its subscriber know."""
        self.closing = True
        self.door.tail.tell()

    @contextmanager
    def place(self, subject: str | None) -> Iterator[None]:
        """Count one more stream of somebody, if it is known who they are."""
        self.check(subject)
        name = subject or ""
        self._open[name] += 1
        metrics.STREAMS.inc()
        try:
            yield
        finally:
            metrics.STREAMS.dec()
            self._open[name] -= 1
            if not self._open[name]:
                del self._open[name]

    def check(self, subject: str | None) -> None:
        """`Problem` where there may be no further stream."""
        if self.closing:
            raise Unavailable("this service is being stopped")
        if self.number >= self._most:
            raise Problem(429, "too_many_streams", f"{self._most} streams are open here: at most")
        if subject is not None and self._open[subject] >= self.each:
            said = f"{subject} has {self.each} streams open here: at most"
            raise Problem(429, "too_many_streams", said)


class Stream:
    """What one subscriber gets to read."""

    def __init__(
        self, streams: Streams, wanted: Wanted, places: Mapping[int, int], look: Look, sight: Sight
    ) -> None:
        self._streams = streams
        self._wanted = wanted
        self._places = dict(places)
        self._look = look
        self._sight = sight
        self._asked = self._said = asyncio.get_running_loop().time()

    async def chunks(self) -> AsyncIterator[bytes]:
        """Server-sent events, until there is a reason to end."""
        why = "left"
        try:
            yield f"retry: 1000\nid: {self._cursor}\n\n".encode()
            while True:
                more = self._streams.door.tail.more
                if (problem := await self._ending()) is not None:
                    why = problem.code
                    said = orjson.dumps({"code": problem.code, "detail": problem.detail})
                    yield b"event: end\ndata: %b\nid: %b\n\n" % (said, self._cursor.encode())
                    return
                found, pause = await self._next()
                if found:
                    self._said = self._now()
                    metrics.STREAMED.inc(len(found))
                    yield b"".join(found)
                elif pause is None or pause > 0:
                    await self._wait(more, pause)
                if self._now() - self._said >= self._streams.heartbeat:
                    self._said = self._now()
                    # The id alone moves the reader's place; it is no event.
                    yield f": still here\nid: {self._cursor}\n\n".encode()
        finally:
            metrics.STREAMS_ENDED.labels(why).inc()

    @property
    def _cursor(self) -> str:
        return cursor.written(self._places)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()

    async def _ending(self) -> Problem | None:
        if self._streams.closing:
            return Problem(503, "closing", "this instance is being stopped: go on at another")
        if self._now() - self._asked >= ASK_AGAIN:
            try:
                self._sight = await self._look()
            except Problem as problem:
                return problem
            self._asked = self._now()
        return None

    async def _wait(self, more: asyncio.Event, pause: float | None) -> None:
        beat = self._said + self._streams.heartbeat
        until = beat if pause is None else min(beat, self._now() + pause)
        with suppress(TimeoutError):
            async with asyncio.timeout_at(until):
                await more.wait()

    async def _next(self) -> tuple[list[bytes], float | None]:
        """Events, and else how long to wait: None until there are more, 0 not at all."""
        found = _Turn()
        pause: float | None = None
        sight = self._sight.at(datetime.now(UTC))
        for partition in sorted(self._places):
            before = self._places[partition]
            live = self._streams.door.tail.since(partition, before, AT_ONCE)
            if live is not None:
                self._take(partition, live, sight, found)
                if len(live) == AT_ONCE:
                    pause = 0
                continue
            try:
                waits = await self._behind(partition, sight, found)
            except Unavailable:
                waits = REST
            pause = waits if pause is None else min(pause, waits)
        return found.events, pause

    def _take(self, partition: int, live: list[Live | None], sight: Sight, found: "_Turn") -> None:
        for one in live:
            if found.size > FULL:
                return
            self._places[partition] += 1
            if one is not None and (event := one.event) is not None:
                self._offer(event, sight, found, one)

    async def _behind(self, partition: int, sight: Sight, found: "_Turn") -> float:
        """Take what the tables, or the log itself, have from here on; how long then to wait."""
        start = self._places[partition]
        sieve = self._wanted.sieve
        async with self._streams.reading, self._streams.tables.open() as db:
            place = (await offsets.places(db)).get(partition)
            end = place.offset if place is not None else 0
            if end <= start:
                return LOOK_AGAIN
            stop = end if sieve.model is not None else min(end, start + WINDOW)
            lacking = await since.incomplete_from(db, partition)
            if lacking is None or stop <= lacking:
                events = await since.between(db, partition, start, stop, AT_ONCE, sieve)
                after = events[-1].position.offset + 1 if len(events) == AT_ONCE else stop
            else:
                after = min(stop, start + AT_ONCE)
                events = await self._from_the_log(partition, start, after)
        for event in events:
            if found.size > FULL:
                return 0
            self._places[partition] = event.position.offset + 1
            self._offer(event, sight, found)
        self._places[partition] = after
        return 0

    async def _from_the_log(self, partition: int, start: int, stop: int) -> list[EventEnvelope]:
        """Where the tables lack the events of a parked stream."""
        address = self._streams.address
        found: list[EventEnvelope] = []
        async for records in read(address.kafka, address.events, partition, start, stop):
            lives = (Live(record, partition).event for record in records)
            found += [e for e in lives if e is not None and not _claims(e)]
        return found

    def _offer(
        self, event: EventEnvelope, sight: Sight, found: "_Turn", live: Live | None = None
    ) -> None:
        if self._wanted.has(event) and sight.record(event.model):
            found.add(b"id: %b\ndata: %b\n\n" % (self._cursor.encode(), _json(event, live)))


class _Turn:
    """What is sent at once."""

    def __init__(self) -> None:
        self.events: list[bytes] = []
        self.size = 0

    def add(self, event: bytes) -> None:
        self.events.append(event)
        self.size += len(event)


def _claims(event: EventEnvelope) -> bool:
    return type(event.message).__name__ == "WriterClaimed"


def _json(event: EventEnvelope, live: Live | None) -> bytes:
    """The record as JSON: for all who follow live, made once."""
    if live is None:
        return orjson.dumps(as_json(event))
    if live.shown is None:
        live.shown = orjson.dumps(as_json(event))
    return live.shown
