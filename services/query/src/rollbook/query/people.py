"""Notes in the vault how people are called who prove who they are; nobody waits for it."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Final

from rollbook.eventlog.log import Unavailable
from rollbook.identity.oidc import Called
from rollbook.observability.logs import logger
from rollbook.query.tables import Tables
from rollbook.readmodel import vault
from rollbook.readmodel.database import REJECTED

log = logger(__name__)

AGAIN: Final = 3600.0
"""Seconds before somebody is noted again."""
WAITING: Final = 1000
"""People who may wait to be noted; whoever comes beyond that is noted when they come again."""
REMEMBERED: Final = 100_000
"""People of whom this process remembers when it noted them."""


class People:
    """Takes names from requests, and writes them down beside them."""

    def __init__(self, tables: Tables, *, clock: Callable[[], float] = monotonic) -> None:
        self._tables = tables
        self._clock = clock
        self._noted: dict[str, float] = {}
        self._queue: asyncio.Queue[tuple[str, Called]] = asyncio.Queue(WAITING)
        self._writing: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to write."""
        self._writing = asyncio.create_task(self._write(), name="people")

    async def stop(self) -> None:
        """Forget who was not written down yet."""
        if self._writing is not None:
            self._writing.cancel()
            with suppress(asyncio.CancelledError):
                await self._writing

    def due(self, subject: str) -> bool:
        """Whether somebody was not noted for a while."""
        last = self._noted.get(subject)
        return last is None or self._clock() - last >= AGAIN

    def note(self, subject: str, called: Called) -> None:
        """Write down soon how somebody is called."""
        if called == Called() or self._queue.full():
            return
        if len(self._noted) >= REMEMBERED:
            self._noted.clear()
        self._noted[subject] = self._clock()
        self._queue.put_nowait((subject, called))

    async def _write(self) -> None:
        while True:
            subject, called = await self._queue.get()
            try:
                async with self._tables.open() as db:
                    await vault.see(db, subject, called.name, called.mail)
            except (Unavailable, *REJECTED) as error:
                # Only its kind: what Postgres says of a row may quote it.
                log.warning("somebody is not noted in the vault", reason=type(error).__name__)
                self._noted.pop(subject, None)
