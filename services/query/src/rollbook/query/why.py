"""Why a version serves, and what happened to a version, over HTTP."""

import asyncio
from collections.abc import Iterable

from fastapi import APIRouter, Response

from rollbook.eventlog.position import Position
from rollbook.query.answers import answer, page
from rollbook.query.handlers import model_key
from rollbook.query.openapi import API, problems
from rollbook.query.reading import (
    MODEL,
    AsOf,
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
from rollbook.query.sight import Seen, Sight
from rollbook.query.versions import VERSION, VersionText, found
from rollbook.readmodel import grounds, timeline
from rollbook.readmodel.database import Db
from rollbook.readmodel.timeline import Happening, Told, happening
from rollbook.readmodel.why import Why, why


def router(reading: Reading) -> APIRouter:
    """The routes."""
    made = APIRouter(prefix=API, tags=["environments"], responses=problems(404, 422, 503))

    @made.get(
        MODEL + "/environments/{environment}/why",
        response_model=Why,
        summary="Why what serves in an environment serves there: every event that led to it",
    )
    async def get_why(
        namespace: Namespace,
        name: Name,
        environment: str,
        sight: Seen,
        as_of: AsOf = None,
        min_position: MinPosition = [],  # noqa: B006  # FastAPI copies it
    ) -> Response:
        """From what put it there back to requests, signatures, rules, gates and registration.

        Each link says in `explains` which other one it explains, and in `because` how. Where
        nothing serves, `version` is null, and the chain says who took away what was there.
        """
        key = model_key(namespace, name)
        async with reading.at_one_moment(reading.needed(as_of, min_position)) as db:
            await known(db, key)
            end = (await until(db, key, as_of)).offset
            made = await asked(db, key, environment, end, sight)
        return answer(Why, made)

    @made.get(
        VERSION + "/timeline",
        response_model=Page[Happening],
        tags=["versions"],
        summary="Everything that happened to a version, in sentences, the newest at the end",
    )
    async def list_timeline(
        namespace: Namespace,
        name: Name,
        version: VersionText,
        after: PositionText | None = None,
        limit: Limit = 100,
        as_of: AsOf = None,
        min_position: MinPosition = [],  # noqa: B006
    ) -> Response:
        """With its requests, and with what took its place; what changed nothing is left out."""
        key = model_key(namespace, name)
        place = Position.parse(after) if after is not None else None
        async with reading.at_one_moment(reading.needed(as_of, min_position)) as db:
            number = (await found(db, key, version)).version
            end = (await until(db, key, as_of)).offset
            rows = await timeline.of_version(db, key, number, place, limit, until=end)
        more = rows[-1].row.position if len(rows) == limit else None
        return page(Happening, [happening(told) for told in rows], more)

    return made


async def asked(db: Db, key: str, environment: str, end: int, sight: Sight) -> Why:
    """Why something serves there, from what may be seen."""
    told = await grounds.of(db, key, environment, end) if environment.isprintable() else []
    return await asyncio.to_thread(why, key, environment, list(visible(told, key, sight)))


def visible(told: Iterable[Told], key: str, sight: Sight) -> Iterable[Told]:
    """What may be seen of what a chain is made of: the model's own, its rules, and causes."""
    space = key.partition("/")[0]
    for event in told:
        row = event.row
        own = row.model == key or (row.model == space and row.type == "RulesSet")
        if own or sight.record(row.model):
            yield event
