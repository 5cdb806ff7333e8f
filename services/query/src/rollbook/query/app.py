"""Puts the query service together."""

import asyncio

from fastapi import FastAPI

from rollbook.eventlog.topics import LogAddress
from rollbook.observability.logs import logger
from rollbook.query import commands, docs, health, openapi, problems, reads, topics
from rollbook.query.door import Door
from rollbook.query.edge import Edge
from rollbook.query.reading import Reading
from rollbook.query.server import Server
from rollbook.query.settings import QuerySettings
from rollbook.query.tables import Tables

log = logger(__name__)


def application(
    address: LogAddress, door: Door, tables: Tables, settings: QuerySettings
) -> FastAPI:
    """The HTTP API over a way into the log and a way to the tables."""
    app = FastAPI(
        title="Rollbook",
        version="1",
        description=openapi.DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        # FastAPI's own spans would double ours, and its metrics bear other names.
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
        redirect_slashes=False,
    )
    reading = Reading(door, tables)
    app.include_router(commands.router(door))
    app.include_router(reads.router(reading))
    app.include_router(topics.router(address, door))
    app.include_router(health.router(door, tables))
    app.include_router(docs.router())
    problems.install(app)
    openapi.install(app)
    return app


class QueryService:
    """One instance; any number may serve the same log and tables."""

    def __init__(self, settings: QuerySettings) -> None:
        self._settings = settings
        self._address = LogAddress(settings.kafka, settings.app)
        self._door = Door(self._address, settings.answer_within)
        self._tables = Tables(
            settings.postgres,
            settings.db_schema,
            within=settings.read_within,
            connections=settings.connections,
        )
        self._server: Server | None = None
        self._serving: asyncio.Task[None] | None = None

    @property
    def ready(self) -> bool:
        """Whether commands and reads are answered."""
        return bool(health.readiness(self._door, self._tables)["ready"])

    @property
    def reasons(self) -> dict[str, str]:
        """What stands in the way of being ready."""
        return dict(health.readiness(self._door, self._tables)["reasons"])

    @property
    def url(self) -> str:
        """Where it listens; only after `start`."""
        assert self._server is not None, "start first"  # noqa: S101
        host = f"[{self._server.host}]" if ":" in self._server.host else self._server.host
        return f"http://{host}:{self._server.port}"

    async def start(self) -> None:
        """Listen, and begin to connect; `OSError` when the address is taken.

        Kafka and Postgres may still be away: until they answer, requests get a 503 that says so.
        """
        app = application(self._address, self._door, self._tables, self._settings)
        self._server = Server(Edge(app), self._settings.host, self._settings.port)
        self._door.start()
        await self._tables.start()
        self._serving = self._server.start()
        log.info("listening", url=self.url)

    async def run(self) -> None:
        """Serve until cancelled."""
        await self.start()
        assert self._serving is not None  # noqa: S101  # set by start
        try:
            await asyncio.shield(self._serving)
        finally:
            await self.stop()

    async def stop(self) -> None:
        """Answer what is in flight, and close."""
        if self._server is not None:
            await self._server.stop()
        await self._door.stop()
        await self._tables.stop()
