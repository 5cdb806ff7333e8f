"""start.cold and start.warm: how long `rollbook up` takes until all services are ready."""

import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path

from rollbook.embedded import Stack, prepare
from tests.bench.figure import Figure, middle, say
from tests.bench.stage import Stage
from tests.bench.whole import up

NAMES = ("start.cold", "start.warm")


async def measure(stage: Stage) -> AsyncIterator[Figure]:
    """An empty data folder, then the same one again; each against the bare stack."""
    prepare(say)  # what is downloaded once per user is no part of a start
    bare: dict[str, list[float]] = {name: [] for name in NAMES}
    whole: dict[str, list[float]] = {name: [] for name in NAMES}
    for _ in range(stage.sizes.rounds):
        for measured, folder in ((bare, stage.folder / "bare"), (whole, stage.folder / "up")):
            shutil.rmtree(folder, ignore_errors=True)
            for name in NAMES:
                seconds = _bare(folder) if measured is bare else await _whole(stage, folder)
                measured[name].append(seconds)
    for name in NAMES:
        yield Figure(
            name,
            middle(whole[name]),
            "s",
            "bare Kafka + Postgres start",
            middle(whole[name]) / middle(bare[name]),
            {"reference_s": middle(bare[name])},
        )


def _bare(folder: Path) -> float:
    started = time.perf_counter()
    with Stack(folder, allow_fallback=False):
        return time.perf_counter() - started


async def _whole(stage: Stage, folder: Path) -> float:
    async with up(stage, folder) as system:
        return system.seconds
