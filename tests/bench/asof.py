"""asof.model and asof.portfolio: what it costs to look at the past instead of at now."""

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from statistics import median
from urllib.parse import quote

from pydantic_core import from_json

from rollbook.readmodel import database
from tests.bench import services
from tests.bench.figure import Figure
from tests.bench.http import Answers, get
from tests.bench.portfolio import APART, BEGAN, filled
from tests.bench.process import Failed
from tests.bench.projected import projected
from tests.bench.stage import Stage

NAMES = ("asof.model", "asof.portfolio")
MODELS = 300
"""Models that are looked at in turn."""
PAGE = 1000


async def measure(stage: Stage) -> AsyncIterator[Figure]:
    """The same reads now and as of a moment, in turn."""
    if stage.wants("asof.model"):
        yield await _model(stage)
    if stage.wants("asof.portfolio"):
        yield await _portfolio(stage)


async def _model(stage: Stage) -> Figure:
    """A model as the record in the middle of its history left it."""
    schema = await projected(stage)
    places = await _middles(stage.endpoints.postgres, schema)
    now: list[float] = []
    then: list[float] = []
    async with services.reader(stage, stage.log(), schema) as service:
        with service.awake():
            connection = await Answers.connect("127.0.0.1", service.port)
            for _ in range(stage.sizes.rounds):
                for model, position in places.items():
                    path = f"/api/v1/models/{model}"
                    now.append((await _read(connection, path))[0])
                    then.append((await _read(connection, f"{path}?as_of={position}"))[0])
            connection.close()
    return _figure("asof.model", now, then, {"models": len(places)})


async def _portfolio(stage: Stage) -> Figure:
    """All models of a large registry, page by page."""
    schema = await filled(stage)
    moment = quote((BEGAN + stage.sizes.versions // 2 * APART).isoformat())
    now: list[float] = []
    then: list[float] = []
    async with services.reader(stage, stage.log(), schema) as service:
        with service.awake():
            connection = await Answers.connect("127.0.0.1", service.port)
            for _ in range(stage.sizes.rounds * 3):
                now.append(await _list(connection, "", stage.sizes.portfolio))
                then.append(await _list(connection, f"&as_of={moment}", stage.sizes.portfolio))
            connection.close()
    return _figure("asof.portfolio", now, then, {"models": stage.sizes.portfolio})


def _figure(
    name: str, now: Sequence[float], then: Sequence[float], extra: Mapping[str, int]
) -> Figure:
    ordered = sorted(then)
    return Figure(
        name,
        median(then),
        "ms p50",
        "the same read now",
        median(then) / median(now),
        {"p99": ordered[(len(ordered) - 1) * 99 // 100], "reference_p50": median(now), **extra},
    )


async def _middles(dsn: str, schema: str) -> dict[str, str]:
    """Models, each with the position of the record in the middle of its history."""
    db = await database.connection(dsn, schema)
    try:
        rows = await db.fetch(
            "SELECT model, partition, percentile_disc(0.5) WITHIN GROUP (ORDER BY off) AS off"
            " FROM history WHERE model IN (SELECT key FROM models LIMIT $1)"
            " GROUP BY model, partition",
            MODELS,
        )
    finally:
        await db.close()
    return {row["model"]: f"{row['partition']}:{row['off']}" for row in rows}


async def _list(connection: Answers, more: str, models: int) -> float:
    """Milliseconds for all pages."""
    taken, after, seen = 0.0, "", 0
    while True:
        spent, body = await _read(connection, f"/api/v1/models?limit={PAGE}{after}{more}")
        page = from_json(body)
        taken, seen = taken + spent, seen + len(page["items"])
        if page["next"] is None:
            break
        after = f"&after={quote(page['next'])}"
    if seen != models:
        raise Failed(f"{seen} models were listed, not {models}")
    return taken


async def _read(connection: Answers, path: str) -> tuple[float, bytes]:
    asked = time.perf_counter()
    status, body = await connection.ask(get(path))
    taken = (time.perf_counter() - asked) * 1000
    if status != 200:
        raise Failed(f"{path}: {status} {body.decode()}")
    return taken, body
