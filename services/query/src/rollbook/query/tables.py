"""The way to the read models: a Postgres pool that is taken up again when Postgres was away."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from datetime import timedelta

import asyncpg
from pydantic import SecretStr

from rollbook.eventlog.log import Unavailable
from rollbook.eventlog.position import Position
from rollbook.observability.logs import logger
from rollbook.readmodel import database, offsets, past, unbuilt
from rollbook.readmodel.database import DOWN, Connection, Db, Pool
from rollbook.readmodel.offsets import Place, TooLate

log = logger(__name__)

LOOK_EVERY = 1.0
"""Seconds between two looks at how far the tables are, while nobody waits for them."""
FIRST_LOOK = 0.001
LAST_LOOK = 0.02
"""Seconds between two looks while somebody waits: one look serves all who do."""
LOOKING_BACK = 4
"""Connections that show the past, at most: each has tables of its own."""
PATIENCE = 3.0
"""Seconds that Postgres may take to answer a look."""


class Tables:
    """Lends connections; says at once what is wrong while there is none to lend."""

    def __init__(self, dsn: SecretStr, schema: str, *, within: timedelta, connections: int) -> None:
        self.trouble: str | None = "not yet connected to Postgres"
        """Why nothing can be read now; None while it can."""
        self.places: dict[int, Place] = {}
        """How far the tables had come at the last look, by partition."""
        self.unbuilt: frozenset[str] = frozenset()
        """Views in which nothing can be read yet: they came to tables that hold records."""
        self._dsn = dsn.get_secret_value
        self._schema = schema
        self._within = within.total_seconds()
        self._connections = connections
        self._pool: Pool | None = None
        self._past: Pool | None = None
        self._watching: asyncio.Task[None] | None = None
        self._waiting = 0
        self._called = asyncio.Event()
        """Somebody has begun to wait."""
        self._looked = asyncio.Event()
        """Set by the next look, and then another one."""

    async def start(self) -> None:
        """Begin to connect; `trouble` tells when it has."""
        self._pool = await database.connect(self._dsn(), self._schema, largest=self._connections)
        self._past = await past.pool(
            self._dsn(), self._schema, largest=min(self._connections, LOOKING_BACK)
        )
        self._watching = asyncio.create_task(self._watch(), name="tables")

    async def stop(self) -> None:
        """Close the connections."""
        if self._watching is not None:
            self._watching.cancel()
            with suppress(asyncio.CancelledError):
                await self._watching
        for pool in (self._pool, self._past):
            if pool is not None:
                pool.terminate()  # a paused Postgres would not let go

    def hold(self, position: Position) -> bool:
        """Whether the record at `position` is known to be in the tables."""
        place = self.places.get(position.partition)
        return place is not None and place.offset > position.offset

    async def reach(self, positions: Sequence[Position]) -> None:
        """Return when the records at `positions` are in the tables; `TooLate` after a while."""
        deadline = asyncio.get_running_loop().time() + self._within
        self._waiting += 1
        self._called.set()
        try:
            for position in positions:
                while not self.hold(position):
                    self._check()
                    try:
                        async with asyncio.timeout_at(deadline):
                            await self._looked.wait()
                    except TimeoutError:
                        place = self.places.get(position.partition, Place())
                        raise TooLate(position, place.offset) from None
        finally:
            self._waiting -= 1

    def open(self) -> AbstractAsyncContextManager[Db]:
        """A connection, for as long as a read may take; `Unavailable` when it cannot be read."""
        return self._lent(self._pool)

    def open_past(self) -> AbstractAsyncContextManager[Db]:
        """The same, but one that `past.put_back` takes."""
        return self._lent(self._past)

    @asynccontextmanager
    async def _lent(self, pool: "Pool | None") -> AsyncIterator[Db]:
        self._check()
        assert pool is not None  # noqa: S101  # nothing is right before start
        try:
            async with asyncio.timeout(self._within):
                connection = await pool.acquire()
            try:
                async with asyncio.timeout(self._within):
                    yield connection
            except DOWN:
                connection.terminate()  # giving it back would wait, or leave something open in it
                raise
            finally:
                await pool.release(connection)
        except TimeoutError:
            raise Unavailable(f"Postgres has not answered within {self._within:g} s") from None
        except DOWN as error:
            raise Unavailable(f"Postgres: {_said(error)}") from error

    def _check(self) -> None:
        if self.trouble is not None:
            raise Unavailable(f"Postgres: {self.trouble}")

    async def _watch(self) -> None:
        watcher: Connection | None = None
        pause, asked = FIRST_LOOK, 0.0
        try:
            while True:
                before = self.places
                try:
                    async with asyncio.timeout(PATIENCE):
                        if watcher is None or watcher.is_closed():
                            watcher = await database.connection(self._dsn(), self._schema)
                            asked = 0.0
                        self.places = await offsets.places(watcher)
                        if time.monotonic() - asked > LOOK_EVERY:
                            self.unbuilt = await unbuilt.empty(watcher)
                            asked = time.monotonic()
                    self._in_trouble(None)
                except DOWN as error:
                    if watcher is not None:
                        watcher.terminate()
                    self._in_trouble(_said(error))
                pause = FIRST_LOOK if self.places != before else min(pause * 1.5, LAST_LOOK)
                self._looked.set()
                self._looked = asyncio.Event()
                await self._rest(LOOK_EVERY if self.trouble else pause)
        finally:
            if watcher is not None:
                watcher.terminate()

    async def _rest(self, pause: float) -> None:
        if self._waiting:
            await asyncio.sleep(pause)
            return
        self._called.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_EVERY):
                await self._called.wait()

    def _in_trouble(self, reason: str | None) -> None:
        if reason is not None and self.trouble != reason:
            log.warning("no way to the tables", reason=reason)
        elif reason is None and self.trouble is not None:
            log.info("the tables answer")
        self.trouble = reason


def _said(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return f"it has not answered for {PATIENCE:g} s"
    if isinstance(error, asyncpg.UndefinedTableError):
        return "its tables are not made yet: start the projector"
    return f"{type(error).__name__}: {error}"
