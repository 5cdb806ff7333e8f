"""Command services for tests: in this process, or in one that can be killed and paused."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path

from rollbook.command.app import CommandService
from rollbook.command.settings import CommandSettings
from rollbook.eventlog import topics
from rollbook.eventlog.envelope import Record
from rollbook.eventlog.kafka import read
from rollbook.eventlog.reader import EventReader
from rollbook.eventlog.topics import LogAddress


async def until(
    condition: Callable[[], bool] | Callable[[], Awaitable[bool]], seconds: float = 30
) -> None:
    """Wait for `condition`; fails after `seconds`."""
    async with asyncio.timeout(seconds):
        while True:
            found = condition()
            if found is True or (not isinstance(found, bool) and await found):
                return
            await asyncio.sleep(0.02)


def settings(log: LogAddress, **changes: object) -> CommandSettings:
    """Settings of a service that rebalances quickly."""
    given = {"kafka": log.kafka, "app": log.app, "session": timedelta(seconds=3), **changes}
    return CommandSettings.model_validate(given)


@asynccontextmanager
async def serving(log: LogAddress, **changes: object) -> AsyncIterator[CommandService]:
    """A command service in this process that serves all it was assigned."""
    service = CommandService(settings(log, **changes))
    await service.start()
    try:
        await until(lambda: service.ready and bool(service.group.serving))
        yield service
    finally:
        await service.stop()


class ServiceProcess:
    """`python -m rollbook.command` in a process of its own."""

    def __init__(self, log: LogAddress, output: Path, **env: str) -> None:
        self._env = {
            **os.environ,
            "ROLLBOOK_KAFKA": log.kafka,
            "ROLLBOOK_APP": log.app,
            "ROLLBOOK_SESSION": "PT3S",
            **env,
        }
        self._output = output
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it; it may take a second until it serves."""
        with self._output.open("ab") as out:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "rollbook.command", env=self._env, stdout=out, stderr=out
            )

    def signal(self, number: signal.Signals) -> None:
        """Kill, pause or continue it."""
        assert self._process is not None
        self._process.send_signal(number)

    async def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    async def stop(self) -> int:
        """SIGTERM, and the exit code."""
        self.signal(signal.SIGTERM)
        assert self._process is not None
        return await self._process.wait()

    @property
    def output(self) -> str:
        """What it logged so far."""
        return self._output.read_text()


@asynccontextmanager
async def processes(
    log: LogAddress, folder: Path, number: int, **env: str
) -> AsyncIterator[list[ServiceProcess]]:
    """Several command services in processes of their own, killed at the end."""
    started = [ServiceProcess(log, folder / f"service-{n}.log", **env) for n in range(number)]
    try:
        for process in started:
            await process.start()
        yield started
    finally:
        for process in started:
            await process.kill()


async def whole_log(log: LogAddress) -> dict[int, list[Record]]:
    """Every record of the log by partition."""
    async with EventReader(log) as reader:
        await reader.start(None)
        ends = await reader.ends()
    found: dict[int, list[Record]] = {}
    for partition, end in ends.items():
        batches = [b async for b in read(log.kafka, log.events, partition, 0, end)] if end else []
        found[partition] = [record for batch in batches for record in batch]
    return found


async def make_topics(log: LogAddress, partitions: int = 2) -> None:
    """Create the log's topics."""
    await topics.ensure(log, partitions)
