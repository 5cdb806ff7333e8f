"""`rollbook up` in a process of its own: the whole system on its own stack."""

import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from rollbook.cli.place import Place
from rollbook.embedded.ports import remembered
from tests.bench import services
from tests.bench.process import Failed, running, until
from tests.bench.stage import Stage, inherited


@dataclass(frozen=True, slots=True)
class Up:
    """A system whose services are all ready."""

    pid: int
    seconds: float
    """From the process's start until the HTTP service said that all is ready."""


@asynccontextmanager
async def up(stage: Stage, data: Path) -> AsyncIterator[Up]:
    """The system with its data below `data`, while the block runs."""
    [port] = remembered(stage.folder / "up.port", 1)
    rollbook = str(Path(sys.executable).with_name("rollbook"))
    env = inherited() | {"ROLLBOOK_DATA": str(data), "ROLLBOOK_PORT": str(port)}
    started = time.perf_counter()
    place = Place(data.absolute())  # noqa: ASYNC240  # asks nobody but the current directory
    async with running([rollbook, "up"], env, stage.folder / "up.log") as process:

        async def all_ready() -> bool:
            if process.returncode is not None:
                raise Failed(f"rollbook up ended with {process.returncode}")
            # It announces itself when each of its services is ready.
            return place.running() is not None and await services.ready(port)

        await until(all_ready, every=0.01)
        yield Up(process.pid, time.perf_counter() - started)
