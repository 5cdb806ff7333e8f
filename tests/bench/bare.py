"""`python -m tests.bench.bare DSN SCHEMA PORT`: the least that a look-up over HTTP takes.

uvicorn and Starlette as the query service has them, one query by asyncpg, and its JSON as it is.
"""

import sys
from collections.abc import Awaitable, Callable

import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rollbook.observability.server import Server
from rollbook.readmodel import database
from rollbook.readmodel.database import Pool

CONNECTIONS = 10
"""As many as the query service has."""

ALIAS = (
    "SELECT v.facts::text FROM versions v JOIN aliases a USING (model, version)"
    " WHERE a.model = $1 AND a.alias = $2"
)
VERSION = "SELECT facts::text FROM versions WHERE model = $1 AND version = $2::text::int"


def _answering(sql: str, pool: Pool) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        path = request.path_params
        found = await pool.fetchval(sql, f"{path['namespace']}/{path['name']}", path["what"])
        return Response(found, media_type="application/json")

    return endpoint


async def _ready(_: Request) -> Response:
    return Response("true", media_type="application/json")


async def serve(dsn: str, schema: str, port: int) -> None:
    """Answer until ended."""
    model = "/api/v1/models/{namespace}/{name}"
    async with await database.connect(dsn, schema, largest=CONNECTIONS) as pool:
        app = Starlette(
            routes=[
                Route(model + "/aliases/{what}", _answering(ALIAS, pool)),
                Route(model + "/versions/{what}", _answering(VERSION, pool)),
                Route("/api/v1/models", _ready),
            ]
        )
        await Server(app, "127.0.0.1", port).start()


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1], sys.argv[2], int(sys.argv[3])))
