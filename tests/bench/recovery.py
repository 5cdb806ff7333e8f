"""recovery.snapshot: how long a partition with a long history takes until it serves."""

import time
from collections.abc import AsyncIterator
from functools import partial

from aiokafka import AIOKafkaConsumer

from rollbook.eventlog import topics
from rollbook.eventlog.topics import LogAddress
from tests.bench import load, raw, services
from tests.bench.figure import Figure, middle, say
from tests.bench.process import until
from tests.bench.stage import Stage

NAMES = ("recovery.snapshot",)

MODELS = 1_000
AHEAD = 50_000
"""Commands published at once while the history is made."""


async def measure(stage: Stage) -> AsyncIterator[Figure]:
    """From the service's start to the outcome of a command that waits, in a full and a new log."""
    full, records = await _long_history(stage)
    long, short = [], []
    for _ in range(stage.sizes.rounds):
        new = stage.log()
        await topics.ensure(new, 1)
        short.append(await _until_served(stage, new))
        long.append(await _until_served(stage, full))
    yield Figure(
        "recovery.snapshot",
        middle(long),
        "s",
        "the same for an empty partition",
        middle(long) / middle(short),
        {"reference_s": middle(short), "events": records},
    )


async def _long_history(stage: Stage) -> tuple[LogAddress, int]:
    """A log of one partition, written by a command service that took its snapshots."""
    log, wanted = stage.log(), stage.sizes.many_events
    say(f"making a partition of {wanted:,} events")
    await topics.ensure(log, 1)
    async with raw.consumer(log.kafka) as reader, services.command(stage, log):
        published = 0
        for first in range(0, wanted, AHEAD):
            part = list(load.versions(min(AHEAD, wanted - first), MODELS, first))
            if not first:
                part = [*load.models(MODELS), *part]
            await raw.produce(log.kafka, log.commands, {0: part})
            published += len(part)
            # Not far ahead, so that memory and the page cache hold what is read.
            await until(partial(_stands, reader, log, published - AHEAD), seconds=120)
        await until(partial(_stands, reader, log, published), seconds=120)
    return log, published


async def _until_served(stage: Stage, log: LogAddress) -> float:
    """Seconds from the start of the process to the outcome."""
    async with raw.consumer(log.kafka) as reader:
        before = (await raw.ends(reader, log.events, 1))[0]
        command = next(load.models(1))
        await raw.produce(log.kafka, log.commands, {0: [command]})
        started = time.perf_counter()
        async with services.command(stage, log):
            # The claim is the first new record, the outcome the second.
            await until(lambda: _stands(reader, log, before + 2), seconds=120, every=0.005)
            return time.perf_counter() - started


async def _stands(reader: AIOKafkaConsumer, log: LogAddress, records: int) -> bool:
    return (await raw.ends(reader, log.events, 1))[0] >= records
