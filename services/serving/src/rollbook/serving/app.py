"""Puts the serving service together."""

import asyncio
from contextlib import AsyncExitStack
from typing import Final

from rollbook.client import caching
from rollbook.domain import traffic
from rollbook.eventlog import topics
from rollbook.eventlog.following import Follower
from rollbook.eventlog.standing import Standing
from rollbook.eventlog.topics import LogAddress
from rollbook.observability.logs import logger
from rollbook.observability.server import Server
from rollbook.serving.asking import Desk
from rollbook.serving.fetching import Fetcher
from rollbook.serving.held import Means
from rollbook.serving.keeper import Keeper
from rollbook.serving.protocol import Protocol
from rollbook.serving.settings import ServingSettings
from rollbook.serving.shadowing import Shadows
from rollbook.serving.state import Health, LastKnown
from rollbook.serving.telling import Teller

log = logger(__name__)

TIDY: Final = 3600.0
"""Seconds."""

LOADING: Final = 2
"""Versions that are loaded side by side."""


class ServingService:
    """One model server; it listens as soon as it is made, and answers while it runs."""

    def __init__(self, settings: ServingSettings) -> None:
        """OSError where the port is taken, `BadTrust` where a trusted key cannot be read."""
        folder = settings.serving_folder or caching.folder() / "serving"
        address = LogAddress(settings.kafka, settings.app)
        fetcher = Fetcher.of(settings, folder)
        means = Means(settings, fetcher, asyncio.Semaphore(LOADING))
        self._shelf = fetcher.shelf
        self._settings = settings
        self._last = LastKnown(folder, settings.app, settings.serving_environment)
        end = traffic.at_environment(settings.serving_environment)
        self._standing = Standing(changed=self._changed, end=end)
        self.keeper = Keeper(means, self._standing.known, self._last.changed)
        """What is held."""
        self._follower = Follower(address, topics.SERVING, self._standing)
        self._teller = Teller(address, self.keeper.serves)
        self._shadows = Shadows(settings.serving_shadowed)
        desk = Desk(self.keeper, self._teller.batches, self._shadows)
        health = Health(self._follower, self._standing.known)
        app = Protocol(desk, self.keeper, health, settings.serving_body).app
        self._server = Server(app, settings.host, settings.port)
        self._ready = False

    @property
    def ready(self) -> bool:
        """Whether it answers for what it knows."""
        return self._ready

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{self._server.host}:{self._server.port}"

    async def _tidy(self) -> None:
        """Now and then throw away what nothing that is known needs."""
        while True:
            await asyncio.sleep(TIDY)
            wanted = {
                one["digest"]
                for pointing in self._standing.known.values()
                for one in traffic.versions_of(pointing)
            }
            wanted |= {one["digest"] for one in self.keeper.good.values()}
            await asyncio.to_thread(self._shelf.keep, wanted)

    def _changed(self, key: str) -> None:
        self.keeper.changed(key)

    async def run(self) -> None:
        """Serve until cancelled, whatever else is down."""
        async with AsyncExitStack() as stack:
            known, good = await asyncio.to_thread(self._last.read)
            self._standing.known.update(known)
            self.keeper.good.update(good)
            stack.push_async_callback(self.keeper.stop)
            self.keeper.begin()
            self._last.start(lambda: (self.keeper.wanted(), dict(self.keeper.good)))
            stack.push_async_callback(self._last.stop)
            self._follower.start_late()
            stack.push_async_callback(self._follower.stop)
            tidying = asyncio.create_task(self._tidy(), name="tidy")
            stack.callback(tidying.cancel)
            self._teller.start()
            stack.push_async_callback(self._teller.stop)
            stack.push_async_callback(self._shadows.stop)
            serving = self._server.start()
            stack.push_async_callback(self._server.stop)
            self._ready = True
            log.info("serving", url=self.url, environment=self._settings.serving_environment)
            try:
                await asyncio.shield(serving)
            finally:
                self._ready = False
