"""The log as a stream of server-sent events, from any place and by filter, over HTTP."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from rollbook.domain.names import NAMESPACE
from rollbook.eventlog.log import Unavailable
from rollbook.eventlog.outcomes import WriterClaimed
from rollbook.eventlog.records import LOG_MESSAGES
from rollbook.observability.logs import logger
from rollbook.query import cursor
from rollbook.query.identity import Identity
from rollbook.query.openapi import API, RecordDocument, problems
from rollbook.query.problems import Problem, invalid
from rollbook.query.sight import Seen, Sight
from rollbook.query.streams import Stream, Streams
from rollbook.query.times import rfc_3339
from rollbook.query.wanted import Wanted
from rollbook.readmodel import offsets, since

log = logger(__name__)

MEDIA_TYPE: Final = "text/event-stream"
ARRIVES: Final = 3.0
"""Seconds that this instance may be behind the one that gave a cursor."""
TYPES: Final = frozenset(LOG_MESSAGES) - {WriterClaimed.__name__}

From = Annotated[
    str | None,
    Query(
        alias="from",
        description="Where to begin: `now` (if nothing is said), `start`, an RFC 3339 time, or a"
        " cursor, which is the `id` of any event of a stream: the next offset of each partition."
        " Partitions that it leaves out begin now.",
        examples=["start", "0:1042,1:977", "2026-03-01T12:00:00Z"],
    ),
]
LastEventId = Annotated[
    str | None,
    Header(description="A cursor, as clients send it when they connect again: before `from`."),
]
Types = Annotated[
    list[str], Query(alias="type", description="Only these types.", examples=[["VersionPromoted"]])
]
Models = Annotated[
    list[str],
    Query(
        alias="model", description="Only these models, or by pattern.", examples=[["payments/*"]]
    ),
]
Namespaces = Annotated[
    list[str], Query(alias="namespace", description="Only of these namespaces and their models.")
]
Environments = Annotated[
    list[str], Query(alias="environment", description="Only events that name one of these.")
]


class EventStream(StreamingResponse):
    """A stream whose reader is let go when it takes nothing for too long."""

    media_type = MEDIA_TYPE

    def __init__(
        self, stream: Stream, streams: Streams, subject: str | None, stalled: float
    ) -> None:
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        super().__init__(stream.chunks(), headers=headers)
        self._streams = streams
        self._subject = subject
        self._stalled = stalled

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until there is nothing more, or nobody takes it."""

        async def patient(message: Message) -> None:
            async with asyncio.timeout(self._stalled):
                await send(message)

        with self._streams.place(self._subject):
            try:
                await super().__call__(scope, receive, patient)
            except* TimeoutError:
                # What it has not taken is at most what one turn of it holds.
                log.warning("a subscriber takes nothing: let go", subject=self._subject or "-")


def router(streams: Streams, identity: Identity | None, stalled: float) -> APIRouter:
    """The route."""
    made = APIRouter(prefix=API, tags=["reads"], responses=problems(422, 429, 503))
    record = {"$ref": f"#/components/schemas/{RecordDocument.__name__}"}

    @made.get(
        "/events/stream",
        response_class=StreamingResponse,
        summary="The log as server-sent events, from any place and by filter",
        responses={
            200: {
                "description": "Each `data` is a record; each `id` is a cursor to go on from."
                " An event `end` says why the stream ends.",
                "content": {MEDIA_TYPE: {"schema": record}},
            }
        },
    )
    async def stream_events(
        request: Request,
        seen: Seen,
        from_: From = None,
        last_event_id: LastEventId = None,
        types: Types = [],  # noqa: B006  # FastAPI copies it
        models: Models = [],  # noqa: B006
        namespaces: Namespaces = [],  # noqa: B006
        environments: Environments = [],  # noqa: B006
    ) -> Response:
        """In order for each stream of the log, without gaps or repeats. Only what may be seen."""
        begin = last_event_id or from_ or "now"
        subject = None if identity is None else seen.principal.subject
        streams.check(subject)
        places, time = await _places(streams, begin)
        wanted = Wanted(
            types=_types(types),
            models=tuple(models),
            namespaces=_namespaces(namespaces),
            environments=frozenset(environments),
            since=time,
        )
        stream = Stream(streams, wanted, places, _look(request, seen, identity), seen)
        return EventStream(stream, streams, subject, stalled)

    return made


def _look(
    request: Request, seen: Sight, identity: Identity | None
) -> Callable[[], Awaitable[Sight]]:
    async def look() -> Sight:
        return seen if identity is None else await identity.seen(request)

    return look


def _types(given: list[str]) -> frozenset[str]:
    for name in given:
        if name not in TYPES:
            raise invalid("type", f"there are no events of type {name!r}")
    return frozenset(given)


def _namespaces(given: list[str]) -> frozenset[str]:
    for name in given:
        if not NAMESPACE.fullmatch(name):
            raise invalid("namespace", "must be 1 to 63 lower-case letters, digits and '-'")
    return frozenset(given)


async def _places(streams: Streams, begin: str) -> tuple[dict[int, int], datetime | None]:
    """The next offset of each partition, and the time before which nothing counts."""
    door = streams.door
    ends = door.tail.ends
    if not ends:
        raise Unavailable(f"the log is not followed: {door.trouble or 'not yet'}")
    if begin == "now":
        return ends, None
    if begin == "start":
        return dict.fromkeys(ends, 0), None
    if (given := cursor.parsed(begin)) is not None:
        if strange := given.keys() - ends.keys():
            raise invalid("from", f"there is no partition {min(strange)}")
        await _reached(streams, given)
        return ends | given, None
    try:
        time = rfc_3339(begin)
    except ValueError as error:
        rule = f"must be now, start, a cursor such as 0:1042,1:977, or a time: {error}"
        raise invalid("from", rule) from None
    async with streams.tables.open() as db:
        known = {n: place.offset for n, place in (await offsets.places(db)).items()}
        found = {n: await since.first_at(db, n, time, known.get(n, 0)) for n in ends}
    return found, time


async def _reached(streams: Streams, given: dict[int, int]) -> None:
    """`Problem` for a cursor of another log: it is further than this one is."""
    try:
        async with asyncio.timeout(ARRIVES):
            while ahead := [n for n, at in given.items() if at > streams.door.tail.ends[n]]:
                await streams.door.tail.more.wait()
    except TimeoutError:
        place = f"{ahead[0]}:{given[ahead[0]]}"
        rule = f"the log has not come to {place} yet: is the cursor of another one?"
        raise Problem(409, "ahead", rule) from None
