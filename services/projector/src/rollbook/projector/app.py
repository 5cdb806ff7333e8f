"""Puts the projector together."""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime

import aiokafka.record._crecords  # noqa: F401  # refuse the slow pure-Python fallback

from rollbook.eventlog.envelope import Record
from rollbook.eventlog.log import Unavailable
from rollbook.eventlog.reader import EventReader
from rollbook.eventlog.topics import LogAddress
from rollbook.observability import metrics
from rollbook.observability.logs import logger
from rollbook.observability.tracing import Step, step
from rollbook.projector.effects import Superseded, Switched, Views
from rollbook.projector.handlers import Taken
from rollbook.projector.settings import ProjectorSettings
from rollbook.readmodel import database, offsets, schema, unbuilt
from rollbook.readmodel.changes import Entry

log = logger(__name__)

FIRST_PAUSE = 0.05
LAST_PAUSE = 5.0
"""Seconds before a world that is down is tried again; doubled each time."""

LOOK_AROUND = 1.0
"""Seconds between two looks at the log's end."""

WAIT_MS = 1000


class ProjectorService:
    """Keeps the tables up with the log; the world may be down meanwhile."""

    def __init__(self, settings: ProjectorSettings) -> None:
        self._settings = settings
        self._log = LogAddress(settings.kafka, settings.app)
        self._following: asyncio.Task[None] | None = None
        self._views: Views | None = None
        self._caught_up = False

    @property
    def ready(self) -> bool:
        """Whether the tables have come to where the log ended, and go on with it."""
        return self._caught_up and self._views is not None and self._views.alive

    async def start(self) -> None:
        """Begin; what is down is waited for."""
        self._following = asyncio.create_task(self._follow(), name="projector")

    async def run(self) -> None:
        """Project until cancelled; raises `Superseded` when another projector has taken over."""
        await self.start()
        assert self._following is not None  # noqa: S101  # set by start
        try:
            await asyncio.shield(self._following)
        finally:
            await self.stop()

    async def stop(self) -> None:
        """Stop; a batch in flight is rolled back and comes again at the next start."""
        if self._following is not None:
            self._following.cancel()
            with suppress(asyncio.CancelledError, Superseded):
                await self._following

    async def _follow(self) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                await self._session()
            except Switched:
                log.info("a rebuild has switched the tables: going on from their places")
                pause = FIRST_PAUSE
            except (Unavailable, *database.DOWN) as error:
                pause = FIRST_PAUSE if self._caught_up else min(pause * 2, LAST_PAUSE)
                log.warning("not available: trying again", reason=repr(error), seconds=pause)
                await asyncio.sleep(pause)
            finally:
                self._views = None
                self._caught_up = False

    async def _session(self) -> None:
        """Project from the places in Postgres until something is down."""
        settings = self._settings
        dsn = settings.postgres.get_secret_value()
        await schema.create(dsn, settings.db_schema)
        db = await database.writer(dsn, settings.db_schema, settings.write_within)
        try:
            places = await offsets.places(db)
            async with EventReader(self._log) as reader:
                await reader.start({number: place.offset for number, place in places.items()})
                views = self._views = await Views.open(db, reader.partitions)
                if new := await unbuilt.every(db):
                    log.warning("views wait for `rollbook rebuild`", views=sorted(new))
                metrics.PARKED_MODELS.set(len(views.parked))
                await self._project(reader, views)
        finally:
            with suppress(*database.DOWN):
                await db.close(timeout=5)

    async def _project(self, reader: EventReader, views: Views) -> None:
        first_ends = await reader.ends()
        looked = -LOOK_AROUND
        while True:
            if not views.alive:  # a crash may have lost the last commits: begin at the places left
                raise Unavailable("the connection to Postgres broke")
            self._caught_up = self._caught_up or views.hold(first_ends)
            if time.monotonic() - looked > LOOK_AROUND:
                _look_around(await reader.ends(), views)
                looked = time.monotonic()
            records = await reader.take(most=self._settings.batch, wait_ms=WAIT_MS)
            if records:
                await _write(views, records)


async def _write(views: Views, records: Mapping[int, Sequence[Record]]) -> None:
    batch = views.read(records)
    spans = [opened for taken in batch.values() for opened in steps(taken)]
    try:
        await views.write(batch)
    finally:
        for each in spans:
            each.end()
    for partition, taken in batch.items():
        metrics.PROJECTED.labels(partition).inc(len(taken.entries))
        if taken.ignored:
            metrics.BROKEN_STREAMS.labels("projector").inc(taken.ignored)
            log.error("records without a claim", partition=partition, records=taken.ignored)
    metrics.PARKED_MODELS.set(len(views.parked))


def steps(taken: Taken) -> Iterator[Step]:
    """A span for each record that carries a trace, continuing it; to be ended when it stands."""
    for entry in taken.entries:
        if isinstance(entry, Entry) and (traceparent := entry.event.traceparent):
            name = f"project {type(entry.event.message).__name__}"
            opened = step(name, traceparent, attributes={"position": str(entry.event.position)})
            if opened is not None:
                yield opened


def _look_around(ends: dict[int, int], views: Views) -> None:
    now = datetime.now(UTC)
    for number, end in ends.items():
        place = views.places[number]
        if place.offset > end:
            raise Unavailable(
                f"the tables hold {place.offset} records of partition {number}, but the log"
                f" ends at {end}: it is another log, or it was made again; replay it"
            )
        age = (now - place.time).total_seconds() if place.time and place.offset < end else 0.0
        metrics.PROJECTION_LAG.labels(number).set(end - place.offset)
        metrics.PROJECTION_LAG_SECONDS.labels(number).set(max(age, 0.0))
