"""What changed between two moments, who did it and why, over HTTP: event by event."""

import asyncio
from itertools import islice
from typing import Annotated

from fastapi import APIRouter, Query, Response

from rollbook.eventlog.position import Position
from rollbook.query.answers import page
from rollbook.query.handlers import model_key, namespace_key
from rollbook.query.namespaces import governed
from rollbook.query.openapi import API, problems
from rollbook.query.reading import (
    MODEL,
    NAMESPACE,
    Limit,
    MinPosition,
    Name,
    Namespace,
    Page,
    PositionText,
    Reading,
    known,
    until,
)
from rollbook.readmodel import past
from rollbook.readmodel.steps import Step, steps

From = Annotated[
    str | None,
    Query(
        alias="from",
        description="Events after it: a time, a log position or an event's id, as `as_of` takes"
        " them; without it, from the first one on.",
        examples=["2026-03-01T12:00:00Z"],
    ),
]
To = Annotated[
    str | None,
    Query(description="Up to it, inclusive; without it, up to now.", examples=["3:1042"]),
]


def router(reading: Reading) -> APIRouter:
    """The routes."""
    made = APIRouter(prefix=API, tags=["reads"], responses=problems(404, 422, 503))

    @made.get(
        MODEL + "/changes",
        response_model=Page[Step],
        summary="What each event between two moments changed, field by field",
    )
    async def list_changes(
        namespace: Namespace,
        name: Name,
        from_: From = None,
        to: To = None,
        after: PositionText | None = None,
        limit: Limit = 100,
        min_position: MinPosition = [],  # noqa: B006  # FastAPI copies it
    ) -> Response:
        """Digests and counters are left out; refusals change nothing and stand in the history."""
        key = model_key(namespace, name)
        found = await _between(reading, key, from_, to, after, limit, min_position)
        return page(Step, found, found[-1].position if len(found) == limit else None)

    @made.get(
        NAMESPACE + "/changes",
        response_model=Page[Step],
        summary="What each event between two moments changed in what governs a namespace",
    )
    async def list_namespace_changes(
        namespace: Namespace,
        from_: From = None,
        to: To = None,
        after: PositionText | None = None,
        limit: Limit = 100,
        min_position: MinPosition = [],  # noqa: B006
    ) -> Response:
        key = namespace_key(namespace)
        found = await _between(reading, key, from_, to, after, limit, min_position)
        return page(Step, found, found[-1].position if len(found) == limit else None)

    return made


async def _between(
    reading: Reading,
    key: str,
    from_: str | None,
    to: str | None,
    after: str | None,
    limit: int,
    positions: list[str],
) -> list[Step]:
    positions = reading.needed(to, reading.needed(from_, positions, "from"), "to")
    async with reading.at_one_moment(positions) as db:
        start = (await until(db, key, from_, "from")).offset if from_ is not None else -1
        if after is not None:
            start = max(start, Position.parse(after).offset)
        end = (await until(db, key, to, "to")).offset
        if end <= start:
            await (known(db, key) if "/" in key else governed(db, key))
            return []
        entries = await past.records(db, key, end)
        found = await asyncio.to_thread(lambda: list(islice(steps(entries, start), limit)))
        if not found:
            await (known(db, key) if "/" in key else governed(db, key))
    return found
