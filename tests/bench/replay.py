"""replay.state: how fast a partition's state is folded from the log."""

import time
from collections.abc import AsyncIterator

from aiokafka import TopicPartition

from rollbook.eventlog.kafka import read
from rollbook.eventlog.partition import Partition
from tests.bench import raw
from tests.bench.figure import Figure, middle
from tests.bench.process import Failed
from tests.bench.recorded import Recorded, recorded
from tests.bench.stage import Stage

NAMES = ("replay.state",)


async def measure(stage: Stage) -> AsyncIterator[Figure]:
    """Recovery's read and fold of every partition, against only consuming the same records."""
    log = await recorded(stage)
    folded, consumed = [], []
    for _ in range(stage.sizes.rounds):
        consumed.append(log.records / await _consume(log))
        folded.append(log.records / await _fold(log))
    yield Figure(
        "replay.state",
        middle(folded),
        "events/s",
        "raw aiokafka consume of the same records",
        middle(folded) / middle(consumed),
        {"reference_per_s": middle(consumed), "records": log.records},
    )


async def _fold(recorded_: Recorded) -> float:
    started = time.perf_counter()
    for number, end in recorded_.ends.items():
        state = Partition(number)
        async for batch in read(recorded_.log.kafka, recorded_.log.events, number, 0, end):
            state.fold(batch)
        if state.next_offset != end or state.breaks:
            raise Failed(f"partition {number} was not folded: {state.next_offset} of {end}")
    return time.perf_counter() - started


async def _consume(recorded_: Recorded) -> float:
    started = time.perf_counter()
    for number, end in recorded_.ends.items():
        place = TopicPartition(recorded_.log.events, number)
        async with raw.consumer(recorded_.log.kafka) as reader:
            reader.assign([place])
            reader.seek(place, 0)
            seen = 0
            while seen < end:
                found = await reader.getmany(place, timeout_ms=10_000)
                seen += len(found[place])
    return time.perf_counter() - started
