"""Puts the retrain service together."""

import asyncio
import tempfile
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import aiokafka.record._crecords  # noqa: F401  # refuse the slow pure-Python fallback

from rollbook.domain.tenancy import REGISTRY, Role
from rollbook.eventlog.topics import LogAddress
from rollbook.eventlog.voice import Voice
from rollbook.identity import accounts
from rollbook.observability.logs import logger
from rollbook.outbound.asking import Unanswered, Unsent, Way
from rollbook.outbound.secret import NoSecret
from rollbook.readmodel import database, retraining
from rollbook.readmodel.database import Pool
from rollbook.readmodel.retraining import RetrainingKey, RetrainingRow
from rollbook.readmodel.watching import PATIENCE, Watcher
from rollbook.retrain import calls, targets, wishing
from rollbook.retrain.attending import Attendant
from rollbook.retrain.settings import RetrainSettings
from rollbook.retrain.speaking import Speaker
from rollbook.retrain.starters.shape import Starter
from rollbook.retrain.starters.unnamed import Unnamed

log = logger(__name__)

SUBJECT: Final = accounts.subject(REGISTRY, "retrain")
ROLES: Final = frozenset({Role.OPERATOR})
"""The least that its commands need."""


class RetrainService(Watcher):
    """Looks every few seconds; any number may run, and each pipeline is started once."""

    def __init__(self, settings: RetrainSettings) -> None:
        """`BadPipelines` where the file of pipelines says something that cannot be meant."""
        super().__init__("retrain")
        self._settings = settings
        self._log = LogAddress(settings.kafka, settings.app)
        voice = Voice(settings.app, SUBJECT, ROLES, settings.retrain_token, settings.token_secret)
        self._speaker = Speaker(self._log, voice)
        file = settings.retrain_pipelines
        way = Way(settings.retrain_networks, settings.retrain_ca)
        runs = settings.retrain_runs or Path(tempfile.gettempdir()) / "rollbook-retrain"
        self._starters = targets.starters(targets.read(file) if file is not None else {}, way, runs)

    async def _session(self) -> None:
        settings = self._settings
        async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
            pool = await database.connect(
                settings.postgres.get_secret_value(), settings.db_schema, largest=4
            )
            stack.callback(pool.terminate)  # a paused Postgres would not let go
            session = _Session(settings, pool, self._starters, self._speaker, group)
            while True:
                async with asyncio.timeout(PATIENCE):
                    await session.look()
                self._has_looked()
                await asyncio.sleep(settings.retrain_every.total_seconds())


class _Session:
    """As long as nothing is down: those that have not ended, and those being attended to."""

    def __init__(
        self,
        settings: RetrainSettings,
        pool: Pool,
        starters: Mapping[str, Starter],
        speaker: Speaker,
        group: asyncio.TaskGroup,
    ) -> None:
        self._settings = settings
        self._pool = pool
        self._starters = starters
        self._speaker = speaker
        self._group = group
        self._attendants: dict[RetrainingKey, Attendant] = {}
        self._rests_until: dict[RetrainingKey, datetime] = {}
        self._busy: set[RetrainingKey] = set()
        self._wished: dict[str, str] = {}
        """Model -> id of the last command that asked for a retraining of it."""

    async def look(self) -> None:
        """Begin what is due."""
        rows = await retraining.unended(self._pool)
        now = datetime.now(UTC)
        known = {(row.model, row.retraining) for row in rows}
        self._forget(known)
        for row in rows:
            key = row.model, row.retraining
            if key in self._busy or self._rests_until.get(key, now) > now:
                continue
            self._busy.add(key)
            self._group.create_task(self._attended(key, row, self._attendant(row)))
        for wish in await wishing.wishes(self._pool, now):
            if self._wished.get(wish.model) != wish.id:
                self._wished[wish.model] = wish.id
                self._group.create_task(self._speaker.say(wish.id, wish.model, wish.command))
        for model, number in await calls.unstopped(self._pool):
            key = model, number
            if key not in self._busy and self._rests_until.get(key, now) <= now:
                self._busy.add(key)
                self._group.create_task(self._stopped(key))

    def _attendant(self, row: RetrainingRow) -> Attendant:
        key = row.model, row.retraining
        starter = self._starters.get(row.pipeline) or Unnamed(row.pipeline)
        if key not in self._attendants:
            self._attendants[key] = Attendant(
                row,
                starter,
                self._speaker,
                poll=self._settings.retrain_poll,
                grace=self._settings.retrain_grace,
            )
        return self._attendants[key]

    async def _attended(self, key: RetrainingKey, row: RetrainingRow, attendant: Attendant) -> None:
        found = await retraining.policy(self._pool, row.model)
        wait = await attendant.attend(self._pool, row, found.document if found else None)
        self._rests_until[key] = datetime.now(UTC) + wait
        self._busy.discard(key)

    async def _stopped(self, key: RetrainingKey) -> None:
        row = await retraining.get(self._pool, *key)
        if row is not None:
            try:
                await self._attendant(row).stop(self._pool)
            except (Unsent, Unanswered, NoSecret) as error:
                log.warning("run not stopped yet", model=key[0], reason=str(error))
        self._rests_until[key] = datetime.now(UTC) + timedelta(minutes=1)
        self._busy.discard(key)

    def _forget(self, known: set[RetrainingKey]) -> None:
        keep = known | self._busy
        now = datetime.now(UTC)
        self._attendants = {key: each for key, each in self._attendants.items() if key in keep}
        self._rests_until = {
            key: until for key, until in self._rests_until.items() if key in keep or until > now
        }
