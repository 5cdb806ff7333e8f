"""Our services, each in a process of its own, ready to work."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass

from rollbook.embedded.ports import remembered
from rollbook.eventlog.topics import LogAddress
from tests.bench.http import Answers, get
from tests.bench.process import python, running, until
from tests.bench.stage import Stage

READ = "/api/v1/models?limit=1"
"""A read that needs the tables and nothing else."""


@asynccontextmanager
async def command(stage: Stage, log: LogAddress) -> AsyncIterator[None]:
    """A command service; it may take a second until it answers."""
    async with running(python("rollbook.command"), stage.env(log), stage.folder / "command.log"):
        yield


@asynccontextmanager
async def projector(stage: Stage, log: LogAddress, schema: str) -> AsyncIterator[None]:
    """A projector that writes to `schema`."""
    env = stage.env(log, postgres=stage.endpoints.postgres, schema=schema)
    async with running(python("rollbook.projector"), env, stage.folder / "projector.log"):
        yield


@dataclass(frozen=True, slots=True)
class Query:
    """A query service that was ready and is held still, so that others can be measured."""

    port: int
    process: asyncio.subprocess.Process

    @contextmanager
    def awake(self) -> Iterator[None]:
        """Let it run while the block does."""
        self.process.send_signal(signal.SIGCONT)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGSTOP)


@asynccontextmanager
async def query(stage: Stage, log: LogAddress, **settings: str) -> AsyncIterator[Query]:
    """A query service, held still; `settings` are more of them.

    A projector makes its tables, and ends then: a command's answer does not wait for it.
    """
    schema = stage.schema()
    [port] = remembered(stage.folder / "query.port", 1)
    more = {"postgres": stage.endpoints.postgres, "schema": schema, "port": str(port)}
    async with running(
        python("rollbook.query"), stage.env(log, **more, **settings), stage.folder / "query.log"
    ) as process:
        async with projector(stage, log, schema):
            await until(lambda: ready(port))
        process.send_signal(signal.SIGSTOP)
        try:
            yield Query(port, process)
        finally:
            process.send_signal(signal.SIGCONT)


def reader(stage: Stage, log: LogAddress, schema: str) -> AbstractAsyncContextManager[Query]:
    """A query service over tables that are there, held still."""
    [port] = remembered(stage.folder / "reader.port", 1)
    more = {"postgres": stage.endpoints.postgres, "schema": schema, "port": str(port)}
    env = stage.env(log, **more)
    return still(running(python("rollbook.query"), env, stage.folder / "reader.log"), port)


@asynccontextmanager
async def still(
    service: AbstractAsyncContextManager[asyncio.subprocess.Process], port: int
) -> AsyncIterator[Query]:
    """A service on `port`, held still as soon as it answers reads."""
    async with service as process:
        await until(lambda: answers(port, READ))
        process.send_signal(signal.SIGSTOP)
        try:
            yield Query(port, process)
        finally:
            process.send_signal(signal.SIGCONT)


async def ready(port: int) -> bool:
    """Whether the service on `port` says that it is ready."""
    return await answers(port, "/readyz")


async def answers(port: int, path: str) -> bool:
    """Whether the service on `port` answers well at `path`."""
    try:
        connection = await Answers.connect("127.0.0.1", port)
    except OSError:
        return False
    try:
        status, _ = await connection.ask(get(path))
    except ConnectionError:
        return False
    finally:
        connection.close()
    return status == 200
