"""Puts the query service together."""

import asyncio

from fastapi import Depends, FastAPI

from rollbook.eventlog.topics import LogAddress
from rollbook.observability.logs import logger
from rollbook.observability.server import Server
from rollbook.query import (
    alarms,
    artifacts,
    breaks,
    cards,
    changes,
    commands,
    comparing,
    complete,
    custody,
    deployment,
    docs,
    endpoints,
    governing,
    health,
    hot,
    lineage,
    me,
    namespaces,
    openapi,
    packs,
    planning,
    policies,
    problems,
    promotions,
    queries,
    questions,
    reads,
    retraining,
    rollouts,
    searching,
    shelf,
    sight,
    signatures,
    stays,
    subscriptions,
    topics,
    transfers,
    unmade,
    uploading,
    vault,
    versions,
    why,
)
from rollbook.query.completing import Completing
from rollbook.query.door import Door
from rollbook.query.edge import Edge
from rollbook.query.identity import Identity, of_settings
from rollbook.query.reading import Reading
from rollbook.query.settings import QuerySettings
from rollbook.query.streams import Streams
from rollbook.query.tables import Tables

log = logger(__name__)


def application(
    address: LogAddress,
    door: Door,
    tables: Tables,
    settings: QuerySettings,
    identity: Identity | None = None,
    streams: Streams | None = None,
    completing: Completing | None = None,
) -> FastAPI:
    """The HTTP API over a way into the log and a way to the tables; open where nobody is asked."""
    app = FastAPI(
        title="Rollbook",
        version="1",
        description=openapi.DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        # FastAPI's own spans would double ours, and its metrics bear other names.
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
        redirect_slashes=False,
        dependencies=[
            *([Depends(identity.guard)] if identity is not None else []),
            Depends(unmade.guard(tables)),
        ],
    )
    reading = Reading(door, tables)
    app.include_router(commands.router(door, identity))
    streams = streams or of_streams(address, door, tables, settings)
    stalled = settings.stalled.total_seconds()
    # Before the reads: theirs takes any name behind /events/ for a position.
    app.include_router(subscriptions.router(streams, identity, stalled))
    app.include_router(reads.router(reading))
    for made in (
        versions,
        searching,
        changes,
        cards,
        comparing,
        promotions,
        stays,
        why,
        lineage,
        packs,
        breaks,
        namespaces,
        governing,
        policies,
        queries,
        questions,
        complete,
        vault,
        planning,
        signatures,
        retraining,
        endpoints,
        alarms,
        rollouts,
        deployment,
        custody,
    ):
        app.include_router(made.router(reading))
    stored = shelf.of_settings(settings)
    app.include_router(uploading.router(reading, stored, completing or Completing()))
    app.include_router(artifacts.router(reading, stored))
    app.include_router(transfers.router(stored))
    app.include_router(me.router())
    app.include_router(topics.router(address, door))
    app.include_router(health.router(door, tables, identity))
    app.include_router(docs.router())
    sight.check_every_route(app)
    problems.install(app)
    openapi.install(app)
    guard = identity.guard if identity is not None else None
    app.add_middleware(hot.Hot, reading=reading, guard=guard)
    return app


def of_streams(address: LogAddress, door: Door, tables: Tables, settings: QuerySettings) -> Streams:
    """The streams of events that the settings allow."""
    return Streams(
        address,
        door,
        tables,
        most=settings.streams,
        each=settings.streams_each,
        heartbeat=settings.heartbeat,
    )


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
        self._identity = of_settings(settings, self._tables)
        self.streams = of_streams(self._address, self._door, self._tables, settings)
        """Of events, to its subscribers."""
        self._completing = Completing()
        self._server: Server | None = None
        self._serving: asyncio.Task[None] | None = None

    @property
    def ready(self) -> bool:
        """Whether commands and reads are answered."""
        return bool(health.readiness(self._door, self._tables, self._identity)["ready"])

    @property
    def reasons(self) -> dict[str, str]:
        """What stands in the way of being ready."""
        return dict(health.readiness(self._door, self._tables, self._identity)["reasons"])

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
        app = application(
            self._address,
            self._door,
            self._tables,
            self._settings,
            self._identity,
            self.streams,
            self._completing,
        )
        self._server = Server(Edge(app), self._settings.host, self._settings.port)
        self._door.start()
        if self._identity is not None:
            self._identity.start()
        else:
            log.warning("OPEN REGISTRY: anybody may read and do all; set ROLLBOOK_TOKEN_SECRET")
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
        self.streams.close()
        if self._server is not None:
            await self._server.stop()
        await self._completing.stop()
        await self._door.stop()
        if self._identity is not None:
            await self._identity.stop()
        await self._tables.stop()
