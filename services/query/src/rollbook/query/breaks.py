"""Broken glasses over HTTP: of a model, and those that wait anywhere for their review."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from rollbook.query.answers import answer, page
from rollbook.query.handlers import model_key
from rollbook.query.openapi import API, problems
from rollbook.query.problems import Problem
from rollbook.query.reading import (
    MODEL,
    AsOf,
    Limit,
    MinPosition,
    Name,
    Namespace,
    Page,
    Reading,
    after_numbered,
    known,
    look_at,
)
from rollbook.query.sight import Seen
from rollbook.readmodel import breaks
from rollbook.readmodel.breaks import BreakRow

MOST = 2**31 - 1


def router(reading: Reading) -> APIRouter:
    """The routes of broken glasses."""
    made = APIRouter(prefix=API, tags=["environments"], responses=problems(404, 422, 503))

    @made.get(
        MODEL + "/breaks",
        response_model=Page[BreakRow],
        summary="The glasses that were broken for a model, newest first",
    )
    async def list_breaks(
        namespace: Namespace,
        name: Name,
        after: Annotated[int | None, Query(ge=1, le=MOST)] = None,
        limit: Limit = 100,
        as_of: AsOf = None,
        min_position: MinPosition = [],  # noqa: B006  # FastAPI copies it
    ) -> Response:
        key = model_key(namespace, name)
        async with reading.shown(as_of, min_position, key, look=look_at("breaks")) as db:
            rows = await breaks.newest(db, key, after, limit)
            if not rows:
                await known(db, key)
        return page(BreakRow, rows, rows[-1].number if len(rows) == limit else None)

    @made.get(MODEL + "/breaks/{number}", response_model=BreakRow, summary="A broken glass")
    async def get_break(
        namespace: Namespace,
        name: Name,
        number: Annotated[int, Path(ge=1, le=MOST)],
        as_of: AsOf = None,
        min_position: MinPosition = [],  # noqa: B006
    ) -> Response:
        key = model_key(namespace, name)
        async with reading.shown(as_of, min_position, key, look=look_at("breaks")) as db:
            row = await breaks.get(db, key, number)
            if row is None:
                await known(db, key)
                raise Problem(404, "unknown_break", f"no glass number {number} of {key} was broken")
        return answer(BreakRow, row)

    @made.get(
        "/breaks",
        response_model=Page[BreakRow],
        summary="Broken glasses of all models that nobody has reviewed yet, oldest first",
    )
    async def list_unreviewed(
        sight: Seen,
        after: Annotated[str | None, Query(examples=["payments/fraud/1"])] = None,
        limit: Limit = 100,
        min_position: MinPosition = [],  # noqa: B006
    ) -> Response:
        key, number = after_numbered(after)
        async with reading.at_least(min_position) as db:
            last = await breaks.get(db, key, number) if after is not None else None
            rows = await breaks.unreviewed(db, scope=sight.scope(), after=last, limit=limit)
        end = rows[-1] if len(rows) == limit else None
        return page(BreakRow, rows, f"{end.model}/{end.number}" if end else None)

    return made
