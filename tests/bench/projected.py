"""The recorded log's tables, for the figures that read: made once a run."""

from rollbook.readmodel import database, offsets, schema
from tests.bench import services
from tests.bench.process import until
from tests.bench.recorded import Recorded, recorded
from tests.bench.stage import Stage


async def projected(stage: Stage) -> str:
    """The schema that holds the views of the recorded log."""
    return await stage.once(_make)


async def _make(stage: Stage) -> str:
    log: Recorded = await recorded(stage)
    live, dsn = stage.schema(), stage.endpoints.postgres
    await schema.create(dsn, live)
    db = await database.connection(dsn, live)
    try:

        async def whole() -> bool:
            places = await offsets.places(db)
            return {n: place.offset for n, place in places.items()} == log.ends

        async with services.projector(stage, log.log, live):
            await until(whole, seconds=180)
        await db.execute("VACUUM (ANALYZE)")
    finally:
        await db.close()
    return live
