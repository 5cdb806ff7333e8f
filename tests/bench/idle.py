"""idle.cpu and idle.memory: what the services take while nobody asks for anything."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence

import psutil

from tests.bench.figure import Figure
from tests.bench.process import Failed
from tests.bench.stage import Stage
from tests.bench.whole import up

NAMES = ("idle.cpu", "idle.memory")

MB = 1024 * 1024
SETTLE = 5.0
"""Seconds after which a start has left no work behind."""


async def measure(stage: Stage) -> AsyncIterator[Figure]:
    """All services in one process; Kafka and Postgres stand beside as extras."""
    async with up(stage, stage.folder / "idle") as system:
        services = psutil.Process(system.pid)
        storage = services.children(recursive=True)
        if not any("java" in process.name() for process in storage):
            raise Failed("the embedded stack is not below the process that started it")
        await asyncio.sleep(SETTLE)
        before, began = (_cpu([services]), _cpu(storage)), time.perf_counter()
        await asyncio.sleep(stage.sizes.idle)
        seconds = time.perf_counter() - began
        own, stack = _cpu([services]) - before[0], _cpu(storage) - before[1]
        yield Figure(
            "idle.cpu",
            own / seconds * 100,
            "% of a core",
            extra={"stack_percent": stack / seconds * 100, "seconds": seconds},
        )
        yield Figure(
            "idle.memory",
            services.memory_info().rss / MB,
            "MB resident",
            extra={"stack_mb": sum(p.memory_full_info().uss for p in storage) / MB},
        )


def _cpu(processes: Sequence[psutil.Process]) -> float:
    """Seconds of processor time so far."""
    times = [process.cpu_times() for process in processes if process.is_running()]
    return sum(t.user + t.system for t in times)
