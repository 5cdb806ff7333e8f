"""Puts the monitor together."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime

import aiokafka.record._crecords  # noqa: F401  # refuse the slow pure-Python fallback

from rollbook.eventlog.asking import Asker
from rollbook.eventlog.envelope import EventEnvelope
from rollbook.eventlog.outcomes import CommandConfirmed, CommandRefused
from rollbook.eventlog.topics import LogAddress
from rollbook.monitor import strays, watchfulness
from rollbook.monitor.consuming import Consuming
from rollbook.monitor.effects import ask, deployed, overdue, voice
from rollbook.monitor.handlers import KINDS, Deadline, oldest
from rollbook.monitor.patience import MOVED_ON, Patience
from rollbook.monitor.settings import MonitorSettings
from rollbook.observability import metrics
from rollbook.observability.logs import logger
from rollbook.readmodel import database
from rollbook.readmodel.database import Connection
from rollbook.readmodel.watching import PATIENCE, Watcher

log = logger(__name__)


class MonitorService(Watcher):
    """Looks every few seconds; a command in flight is asked for again under the same id."""

    def __init__(self, settings: MonitorSettings) -> None:
        super().__init__("monitor")
        self._settings = settings
        self._log = LogAddress(settings.kafka, settings.app)
        self._voice = voice(settings)
        self._patience = Patience()
        self._refusals: dict[str, str] = {}
        self._unknown: set[str] = set()

    async def _session(self) -> None:
        settings = self._settings
        dsn = settings.postgres.get_secret_value()
        async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
            db = await database.connection(dsn, settings.db_schema)
            stack.callback(db.terminate)  # it only reads, and a paused Postgres would not let go
            # What a crash of Postgres takes back is taken in again: sums and places go together.
            sums = await database.connection(dsn, settings.db_schema, synchronous_commit="off")
            stack.callback(sums.terminate)
            spans = settings.monitor_window, settings.monitor_lateness
            consuming = await stack.enter_async_context(Consuming(self._log, sums, *spans))
            group.create_task(consuming.run())
            while True:
                await self._look(db)
                self._has_looked()
                await asyncio.sleep(settings.monitor_every.total_seconds())

    async def _look(self, db: Connection) -> None:
        now = datetime.now(UTC)
        async with asyncio.timeout(PATIENCE):
            metrics.WINDOWS_JUDGED.inc(await watchfulness.judge(db))
        async with asyncio.timeout(PATIENCE):
            found = await overdue(db, now, self._patience.room)
            found += await watchfulness.due(db, self._settings.monitor_window)
            found += await self._deployed(db, now)
        for kind in KINDS:
            metrics.OVERDUE_SECONDS.labels(kind).set(oldest(found, kind, now).total_seconds())
        if timely := self._patience.timely(found, now):
            await self._act(timely)

    async def _deployed(self, db: Connection, now: datetime) -> list[Deadline]:
        found, standing, told = await deployed(db, now)
        unknown = {stray.model for stray in strays.unknown(found)}
        for model in sorted(unknown - self._unknown):
            log.warning("served but not registered", model=model)
        self._unknown = unknown
        metrics.UNREGISTERED.set(len(unknown))
        return strays.due(found, standing, told, now)

    async def _act(self, deadlines: Sequence[Deadline]) -> None:
        # Deadlines are seldom: in between, nothing of ours is connected to Kafka.
        asker = Asker(self._log)
        try:
            async with asyncio.timeout(PATIENCE):
                await asker.start()
            for deadline in deadlines:
                while self._patience.may(deadline, datetime.now(UTC)):
                    attempt = self._patience.attempt(deadline)
                    outcome = await ask(asker, self._voice, deadline, attempt)
                    now = datetime.now(UTC)
                    self._patience.heard(deadline, outcome.message, outcome.time, now)
                    self._tell(deadline, outcome)
        finally:
            await asker.stop()

    def _tell(self, deadline: Deadline, outcome: EventEnvelope) -> None:
        about = {"kind": deadline.kind, "model": deadline.model, "number": deadline.number}
        match outcome.message:
            case CommandRefused(code=code, message=message):
                metrics.DEADLINES.labels(deadline.kind, code).inc()
                if code in MOVED_ON or self._refusals.get(deadline.namespace) == code:
                    return  # one line for many of a kind
                self._refusals[deadline.namespace] = code
                log.warning("deadline refused", code=code, reason=message, **about)
            case message:
                told = "confirmed" if isinstance(message, CommandConfirmed) else "done"
                metrics.DEADLINES.labels(deadline.kind, told).inc()
                self._refusals.pop(deadline.namespace, None)
                log.info("deadline passed", result=told, position=str(outcome.position), **about)
