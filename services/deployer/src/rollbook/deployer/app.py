"""Puts the deployer together."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import aiokafka.record._crecords  # noqa: F401  # refuse the slow pure-Python fallback

from rollbook.deployer.analysis import look
from rollbook.deployer.handlers import Move, next_move
from rollbook.deployer.patience import Patience
from rollbook.deployer.settings import DeployerSettings
from rollbook.domain.tenancy import REGISTRY, Role
from rollbook.eventlog.asking import Asker
from rollbook.eventlog.outcomes import CommandRefused
from rollbook.eventlog.topics import LogAddress
from rollbook.eventlog.voice import Voice
from rollbook.identity import accounts
from rollbook.observability import metrics
from rollbook.observability.logs import logger
from rollbook.readmodel import database, rollouts, tallies
from rollbook.readmodel.database import Connection
from rollbook.readmodel.watching import PATIENCE, Watcher

log = logger(__name__)

SUBJECT: Final = accounts.subject(REGISTRY, "deployer")
ROLES: Final = frozenset({Role.OPERATOR})
"""The least that its commands need."""


class DeployerService(Watcher):
    """Looks every second at all live rollouts; a command in flight is asked for again as it was."""

    def __init__(self, settings: DeployerSettings) -> None:
        super().__init__("deployer")
        self._settings = settings
        self._log = LogAddress(settings.kafka, settings.app)
        self._voice = Voice(
            settings.app, SUBJECT, ROLES, settings.deployer_token, settings.token_secret
        )
        self._patience = Patience()

    async def _session(self) -> None:
        settings = self._settings
        db = await database.connection(settings.postgres.get_secret_value(), settings.db_schema)
        try:
            while True:
                await self._look(db)
                self._has_looked()
                await asyncio.sleep(settings.deployer_every.total_seconds())
        finally:
            db.terminate()  # it only reads, and a paused Postgres would not let go

    async def _look(self, db: Connection) -> None:
        now = datetime.now(UTC)
        due: list[Move] = []
        async with asyncio.timeout(PATIENCE):
            live = await rollouts.to_move(db)
            for row in live:
                counted = await tallies.of(db, row.model, row.rollout)
                move = next_move(row, look(row, counted, now), now)
                if move is not None:
                    due.append(move)
        metrics.ROLLOUTS_LIVE.set(len(live))
        if timely := self._patience.timely(due, now):
            await self._act(timely)

    async def _act(self, moves: Sequence[Move]) -> None:
        # Moves are seldom: in between, nothing of ours is connected to Kafka.
        asker = Asker(self._log)
        try:
            async with asyncio.timeout(PATIENCE):
                await asker.start()
            for move in moves:
                await self._ask(asker, move)
        finally:
            await asker.stop()

    async def _ask(self, asker: Asker, move: Move) -> None:
        attempt = self._patience.attempt(move)
        outcome = await self._voice.ask(asker, move.command_id(attempt), move.model, move.command)
        about = {"kind": move.kind, "model": move.model, "rollout": move.rollout}
        match outcome.message:
            case CommandRefused(code=code, message=message):
                metrics.ROLLOUT_MOVES.labels(move.kind, code).inc()
                self._patience.refused(move, outcome.time, datetime.now(UTC))
                log.warning("rollout refused", code=code, reason=message, **about)
            case _:
                self._patience.done(move)
                metrics.ROLLOUT_MOVES.labels(move.kind, "done").inc()
                log.info("rollout moved", position=str(outcome.position), **about)
