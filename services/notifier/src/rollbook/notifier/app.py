"""Puts the notifier together."""

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Final

from rollbook.notifier import places, routing, sending
from rollbook.notifier.sending import Sender
from rollbook.notifier.settings import NotifierSettings
from rollbook.readmodel import database
from rollbook.readmodel.database import Pool
from rollbook.readmodel.endpoints import EndpointKey
from rollbook.readmodel.watching import PATIENCE, Watcher

KEPT: Final = timedelta(days=30)
"""How long it is remembered what was delivered or dropped."""
TIDY: Final = timedelta(hours=1)


class NotifierService(Watcher):
    """Looks every second; any number may run."""

    def __init__(self, settings: NotifierSettings) -> None:
        """`BadPlaces` where the file of places says something that cannot be meant."""
        super().__init__("notifier")
        self._settings = settings
        file = settings.notifier_places
        self._places = places.read(file) if file is not None else {}

    async def _session(self) -> None:
        settings = self._settings
        async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
            pool = await database.connect(
                settings.postgres.get_secret_value(), settings.db_schema, largest=6
            )
            stack.callback(pool.terminate)  # a paused Postgres would not let go
            busy: set[EndpointKey] = set()
            tidied = datetime.min.replace(tzinfo=UTC)
            while True:
                now = datetime.now(UTC)
                async with asyncio.timeout(PATIENCE):
                    more = await self._look(pool, group, busy)
                    if now - tidied > TIDY:
                        await _tidy(pool)
                        tidied = now
                self._has_looked()
                if not more:
                    await asyncio.sleep(settings.notifier_every.total_seconds())

    async def _look(self, pool: Pool, group: asyncio.TaskGroup, busy: set[EndpointKey]) -> bool:
        """Write what is to be sent, and begin to send; whether there is more to write."""
        standing = await routing.standing(pool)
        documents = {key: document for key, (_, document) in standing.items()}
        async with pool.acquire() as db:
            more = await routing.route(db, documents)  # type: ignore[arg-type]  # a pool's
        for key in await sending.due(pool):
            if key in standing and key not in busy:
                busy.add(key)
                sender = Sender(self._settings, self._places, *standing[key])
                group.create_task(_sent(pool, sender, busy))
        return more


async def _sent(pool: Pool, sender: Sender, busy: set[EndpointKey]) -> None:
    """All that is due for an endpoint now."""
    while await sender.send(pool):
        pass
    busy.discard(sender.key)


async def _tidy(pool: Pool) -> None:
    await pool.execute(
        "DELETE FROM deliveries WHERE ended_at < now() - $1::interval"
        " AND state IN ('delivered', 'dropped')",
        KEPT,
    )
