"""search.200k: how long the first page of a search takes in a large registry."""

import time
from collections.abc import AsyncIterator
from urllib.parse import urlencode

from tests.bench import services
from tests.bench.asked import EXAMPLES, Asked
from tests.bench.figure import Figure, say
from tests.bench.http import Answers, get
from tests.bench.loops import Latency
from tests.bench.portfolio import filled
from tests.bench.process import Failed
from tests.bench.stage import Stage

NAMES = ("search.200k",)
WARM_UP = 5
"""Searches of each kind that are not counted."""


async def measure(stage: Stage) -> AsyncIterator[Figure]:
    """Every documented query through the HTTP route, one after the other; the worst one counts."""
    schema = await filled(stage)
    async with services.reader(stage, stage.log(), schema) as service:
        with service.awake():
            connection = await Answers.connect("127.0.0.1", service.port)
            found = {q: await _first_pages(connection, q, stage) for q in EXAMPLES}
            connection.close()
    for query, seen in found.items():
        say(f"  {seen.p50:>8.2f} ms p50 {seen.p99:>8.2f} ms p99  {query}")
    worst = max(found, key=lambda query: found[query].p99)
    yield Figure(
        "search.200k",
        found[worst].p99,
        "ms p99",
        extra={
            "p50": found[worst].p50,
            "query": str(worst),
            "best_p99": min(seen.p99 for seen in found.values()),
            "queries": len(found),
            "versions": stage.sizes.versions,
            "in_one_model": stage.sizes.versions // 5,
        },
    )


async def _first_pages(connection: Answers, asked: Asked, stage: Stage) -> Latency:
    said = {"q": asked.query, "order": asked.order, "facets": asked.facets}
    request = get(f"/api/v1/search?{urlencode({k: v for k, v in said.items() if v})}")
    taken = []
    began = time.perf_counter()
    for _ in range(WARM_UP + stage.sizes.searches):
        asked_at = time.perf_counter()
        status, body = await connection.ask(request)
        taken.append((time.perf_counter() - asked_at) * 1000)
        if status != 200:
            raise Failed(f"{asked}: {status} {body.decode()}")
    return Latency.of(taken[WARM_UP:], time.perf_counter() - began)
