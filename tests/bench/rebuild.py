"""rebuild.views: how fast every view is made again from the log."""

import time
from collections.abc import AsyncIterator
from io import BytesIO

from rollbook.projector.replay import drop_old, rebuild
from rollbook.readmodel import database, offsets, schema
from rollbook.readmodel.database import Connection
from rollbook.readmodel.digests import TABLES
from tests.bench import services
from tests.bench.figure import Figure, middle, say
from tests.bench.process import Failed, until
from tests.bench.recorded import Recorded, recorded
from tests.bench.stage import Stage

NAMES = ("rebuild.views",)


async def measure(stage: Stage) -> AsyncIterator[Figure]:
    """`rollbook rebuild all` from offset 0, against COPY of the rows that came out of it."""
    log = await recorded(stage)
    live, dsn = stage.schema(), stage.endpoints.postgres
    await _project(stage, log, live)
    rebuilt, copied = [], []
    for _ in range(stage.sizes.rounds):
        copied.append(log.records / await _copy(dsn, live, stage.schema()))
        found = await rebuild(log.log, dsn, live, report=say)
        await drop_old(dsn, live)
        if found.records != log.records or not found.identical:
            raise Failed(f"the replay differs in {found.different}")
        rebuilt.append(log.records / found.seconds)
    yield Figure(
        "rebuild.views",
        middle(rebuilt),
        "events/s",
        "COPY of the same rows",
        middle(rebuilt) / middle(copied),
        {"reference_per_s": middle(copied), "records": log.records},
    )


async def _project(stage: Stage, log: Recorded, live: str) -> None:
    """Let a projector make the tables that a replay compares with."""
    dsn = stage.endpoints.postgres
    await schema.create(dsn, live)
    db = await database.connection(dsn, live)
    try:

        async def whole() -> bool:
            places = await offsets.places(db)
            return {n: place.offset for n, place in places.items()} == log.ends

        async with services.projector(stage, log.log, live):
            await until(whole, seconds=180)
    finally:
        await db.close()


async def _copy(dsn: str, source: str, target: str) -> float:
    """Seconds to load the rows of `source` into empty tables and make their indexes."""
    rows = await _rows(dsn, source)
    await schema.create(dsn, target, only=schema.TABLES)
    db = await database.connection(dsn, target, synchronous_commit="off")
    try:
        started = time.perf_counter()
        async with db.transaction():
            for table, content in rows.items():
                await db.copy_to_table(table, source=BytesIO(content), format="binary")
        await schema.migrate(db, target)
        await db.execute(f"ANALYZE {', '.join(TABLES)}")
        seconds = time.perf_counter() - started
        await schema.drop(db, target)
        return seconds
    finally:
        await db.close()


async def _rows(dsn: str, source: str) -> dict[str, bytes]:
    db: Connection = await database.connection(dsn, source)
    try:
        found = {}
        for table in TABLES:
            content = BytesIO()
            await db.copy_from_table(table, output=content, format="binary")
            found[table] = content.getvalue()
        return found
    finally:
        await db.close()
