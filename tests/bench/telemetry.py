"""monitor.telemetry: rows of telemetry that one process counts in a second of processor time."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from datetime import timedelta

from rollbook.eventlog import topics
from rollbook.eventlog.envelope import Outgoing
from rollbook.eventlog.topics import DEFAULT_PARTITIONS, LogAddress
from rollbook.monitor import stretch  # noqa: F401  # numpy is loaded once, not once a row
from rollbook.monitor.consuming import Consuming
from rollbook.readmodel import database, schema
from rollbook.readmodel.database import Connection
from rollbook.telemetry.batch import Arm, Batches, Row
from tests.bench import raw
from tests.bench.figure import Figure, middle
from tests.bench.process import until
from tests.bench.stage import Stage

NAMES = ("monitor.telemetry",)

BATCH = 500
"""Rows of a batch: what a busy server has after a second."""
FEATURES = 8
MODELS = 8


async def measure(stage: Stage) -> AsyncIterator[Figure]:
    """Rows with features, of rollouts, held against profiles; from the topic into Postgres."""
    counted, singles, batches = [], [], []
    rows = stage.sizes.commands * 2
    for _ in range(stage.sizes.rounds):
        log = stage.log()
        await topics.ensure(log)
        for topic, size in ((log.telemetry, BATCH), (f"{log.app}.singles", 1)):
            if size == 1:
                await raw.create(log.kafka, topic, DEFAULT_PARTITIONS)
            found = raw.spread(_records(rows if size > 1 else rows // 10, size), DEFAULT_PARTITIONS)
            await raw.produce(log.kafka, topic, found)
        name = stage.schema()
        await schema.create(stage.endpoints.postgres, name)
        db = await database.connection(stage.endpoints.postgres, name, synchronous_commit="off")
        try:
            await _profiles(db)
            watch = await database.connection(stage.endpoints.postgres, name)
            try:
                counted.append(rows / await _count(log, db, watch, rows))
            finally:
                await watch.close()
        finally:
            await db.close()
        batches.append(rows / await _consume(log, log.telemetry))
        singles.append(rows // 10 / await _consume(log, f"{log.app}.singles"))
    yield Figure(
        "monitor.telemetry",
        middle(counted),
        "rows/s of processor time",
        "bare aiokafka that consumes the same rows, a record each",
        middle(counted) / middle(singles),
        {
            "us": 1e6 / middle(counted),
            "of_batches": middle(counted) / middle(batches),
            "columns": FEATURES + 4,
        },
    )


def _records(rows: int, size: int) -> list[Outgoing]:
    chance = random.Random(1)
    now = int(time.time() * 1000)
    found: list[Outgoing] = []
    sources = [Batches(f"bench/{size}/{number}") for number in range(MODELS)]
    for begin in range(0, rows, size):
        number = begin // size % MODELS
        for place in range(min(size, rows - begin)):
            row = Row(
                now + place,
                unit=f"user-{chance.randrange(100_000)}",
                latency=chance.lognormvariate(2, 0.5),
                error=chance.random() < 0.01,
                prediction=chance.random(),
                features={f"f{n}": chance.gauss(0, 1) for n in range(FEATURES)},
            )
            sources[number].add(Arm(f"bench/m{number}", "production", 1, 1, 0), row)
        found += [Outgoing(key, value, [], 0) for key, value in sources[number].take(now)]
    return found


async def _profiles(db: Connection) -> None:
    column = {"kind": "numbers", "edges": [n / 2 for n in range(-5, 6)], "counts": [100] * 10}
    profile = {"rows": 1000, "features": {f"f{n}": column for n in range(FEATURES)}}
    await db.executemany(
        "INSERT INTO reference_profiles VALUES ($1, 1, $2, $3, 0, 0, now(), 'bench')",
        [(f"bench/m{number}", "sha256:p", profile) for number in range(MODELS)],
    )


async def _count(log: LogAddress, db: Connection, watch: Connection, rows: int) -> float:
    """Seconds of processor time until all rows are counted."""
    spans = timedelta(minutes=5), timedelta(minutes=1)

    async def whole() -> bool:
        found = await watch.fetchval("SELECT sum((counts->>'rows')::int) FROM windows")
        return bool(found == rows)

    async with Consuming(log, db, *spans) as consuming:
        began = time.process_time()
        running = asyncio.create_task(consuming.run())
        try:
            await until(whole, seconds=300)
            return time.process_time() - began
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def _consume(log: LogAddress, topic: str) -> float:
    """Seconds of processor time to consume a topic."""
    async with raw.consumer(log.kafka) as reader:
        last = await raw.ends(reader, topic, DEFAULT_PARTITIONS)
    began = time.process_time()
    for partition, end in last.items():
        if end:
            await raw.consume(log.kafka, topic, partition, end)
    return time.process_time() - began
