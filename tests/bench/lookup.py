"""read.alias and read.version: how many look-ups the query service answers, and how soon."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from functools import partial
from itertools import count

from rollbook.embedded.ports import remembered
from rollbook.readmodel import database
from tests.bench import services
from tests.bench.figure import Figure
from tests.bench.http import Answers, get
from tests.bench.loops import Latency, closed_loops
from tests.bench.process import Failed, python, running
from tests.bench.projected import projected
from tests.bench.recorded import recorded
from tests.bench.services import Query, still
from tests.bench.stage import Stage

CLIENTS = 64
NAMES = (f"read.alias.c{CLIENTS}", f"read.version.c{CLIENTS}")
PATHS = 4096
"""Different ones that are asked for in turn."""

_numbers = count()


async def measure(stage: Stage) -> AsyncIterator[Figure]:
    """The query service and a bare query behind the same HTTP stack, in turn."""
    log, schema = (await recorded(stage)).log, await projected(stage)
    asked = await _paths(stage.endpoints.postgres, schema)
    async with AsyncExitStack() as life:
        ours = await life.enter_async_context(services.reader(stage, log, schema))
        bare = await life.enter_async_context(_bare(stage, schema))
        for name in filter(stage.wants, NAMES):
            requests = [get(path) for path in asked[name]]
            rounds: dict[Query, list[Latency]] = {ours: [], bare: []}
            for _ in range(stage.sizes.rounds):
                for door, seen in rounds.items():
                    seen.append(await _loops(door, requests, stage.sizes.seconds))
            found, least = (Latency.middle(seen) for seen in rounds.values())
            yield Figure(
                name,
                found.per_s,
                "requests/s",
                "one bare asyncpg query behind the same uvicorn and Starlette",
                found.per_s / least.per_s,
                {
                    "p50": found.p50,
                    "p99": found.p99,
                    "reference_per_s": least.per_s,
                    "reference_p50": least.p50,
                    "reference_p99": least.p99,
                },
            )


async def _paths(dsn: str, schema: str) -> dict[str, list[str]]:
    db = await database.connection(dsn, schema)
    try:
        rows = await db.fetch(
            "SELECT model, version, alias FROM aliases ORDER BY model, alias LIMIT $1", PATHS
        )
    finally:
        await db.close()
    stem = "/api/v1/models"
    return {
        NAMES[0]: [f"{stem}/{row['model']}/aliases/{row['alias']}" for row in rows],
        NAMES[1]: [f"{stem}/{row['model']}/versions/{row['version']}" for row in rows],
    }


def _bare(stage: Stage, schema: str) -> AbstractAsyncContextManager[Query]:
    [port] = remembered(stage.folder / "bare.port", 1)
    command = python("tests.bench.bare", stage.endpoints.postgres, schema, str(port))
    return still(running(command, stage.env(stage.log()), stage.folder / "bare.log"), port)


async def _loops(door: Query, requests: Sequence[bytes], seconds: float) -> Latency:
    with door.awake():
        connections = [await Answers.connect("127.0.0.1", door.port) for _ in range(CLIENTS)]
        try:
            return await closed_loops(partial(_ask, connections, requests), CLIENTS, seconds)
        finally:
            for connection in connections:
                connection.close()


async def _ask(connections: Sequence[Answers], requests: Sequence[bytes], client: int) -> None:
    status, body = await connections[client].ask(requests[next(_numbers) % len(requests)])
    if status != 200:
        raise Failed(f"nothing was found: {status} {body.decode()}")
