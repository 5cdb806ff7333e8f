"""Puts the monitor together."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime

import aiokafka.record._crecords  # noqa: F401  # refuse the slow pure-Python fallback

from rollbook.eventlog.asking import Asker, NoAnswer
from rollbook.eventlog.envelope import EventEnvelope
from rollbook.eventlog.log import Unavailable
from rollbook.eventlog.outcomes import CommandConfirmed, CommandRefused
from rollbook.eventlog.topics import LogAddress
from rollbook.monitor.effects import ask, overdue, voice
from rollbook.monitor.handlers import KINDS, Deadline, oldest
from rollbook.monitor.patience import MOVED_ON, Patience
from rollbook.monitor.settings import MonitorSettings
from rollbook.observability import metrics
from rollbook.observability.logs import logger
from rollbook.readmodel import database
from rollbook.readmodel.database import Connection

log = logger(__name__)

FIRST_PAUSE = 0.05
LAST_PAUSE = 5.0
"""Seconds before a world that is down is tried again; doubled each time."""

PATIENCE = 10.0
"""Seconds that a look at the tables may take, and the way into Kafka."""


class MonitorService:
    """Looks every few seconds; any number may run, and the world may be down meanwhile."""

    def __init__(self, settings: MonitorSettings) -> None:
        self._settings = settings
        self._log = LogAddress(settings.kafka, settings.app)
        self._voice = voice(settings)
        self._patience = Patience()
        self._refusals: dict[str, str] = {}
        self._watching: asyncio.Task[None] | None = None
        self._looked = False

    @property
    def ready(self) -> bool:
        """Whether its last look, and what came of it, went through."""
        return self._looked

    async def start(self) -> None:
        """Begin; what is down is waited for."""
        self._watching = asyncio.create_task(self._watch(), name="monitor")

    async def run(self) -> None:
        """Look until cancelled."""
        await self.start()
        assert self._watching is not None  # noqa: S101  # set by start
        try:
            await asyncio.shield(self._watching)
        finally:
            await self.stop()

    async def stop(self) -> None:
        """Stop; a command in flight is asked for again at the next start, under the same id."""
        if self._watching is not None:
            self._watching.cancel()
            with suppress(asyncio.CancelledError):
                await self._watching

    async def _watch(self) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                await self._session()
            except (Unavailable, NoAnswer, *database.DOWN) as error:
                pause = FIRST_PAUSE if self._looked else min(pause * 2, LAST_PAUSE)
                reason = repr(error) if str(error) else f"no answer within {PATIENCE:g} s"
                log.warning("not available: trying again", reason=reason, seconds=pause)
            self._looked = False
            await asyncio.sleep(pause)

    async def _session(self) -> None:
        """Look again and again until something is down."""
        settings = self._settings
        db = await database.connection(settings.postgres.get_secret_value(), settings.db_schema)
        try:
            while True:
                await self._look(db)
                self._looked = True
                await asyncio.sleep(settings.monitor_every.total_seconds())
        finally:
            db.terminate()  # it only reads, and a paused Postgres would not let go

    async def _look(self, db: Connection) -> None:
        now = datetime.now(UTC)
        async with asyncio.timeout(PATIENCE):
            found = await overdue(db, now, self._patience.room)
        for kind in KINDS:
            metrics.OVERDUE_SECONDS.labels(kind).set(oldest(found, kind, now).total_seconds())
        if timely := self._patience.timely(found, now):
            await self._act(timely)

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
