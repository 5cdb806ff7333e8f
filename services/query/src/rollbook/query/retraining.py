"""Retraining over HTTP: when a model is trained anew, and what came of it each time."""

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
    known,
    look_at,
)
from rollbook.readmodel import retraining
from rollbook.readmodel.retraining import RetrainingPolicyRow, RetrainingRow

MOST = 2**31 - 1


def router(reading: Reading) -> APIRouter:
    """The routes."""
    made = APIRouter(prefix=API, tags=["retraining"], responses=problems(404, 422, 503))

    @made.get(
        MODEL + "/retraining",
        response_model=RetrainingPolicyRow,
        summary="When the model is trained anew, and by which pipeline",
    )
    async def get_retraining_policy(
        namespace: Namespace,
        name: Name,
        as_of: AsOf = None,
        min_position: MinPosition = [],  # noqa: B006  # FastAPI copies it
    ) -> Response:
        key = model_key(namespace, name)
        async with reading.shown(as_of, min_position, key, look=look_at("retraining")) as db:
            row = await retraining.policy(db, key)
            if row is None:
                await known(db, key)
                raise Problem(404, "no_pipeline", f"nobody has said how {key} is trained anew")
        return answer(RetrainingPolicyRow, row)

    @made.get(
        MODEL + "/retrainings",
        response_model=Page[RetrainingRow],
        summary="The retrainings of a model, newest first",
    )
    async def list_retrainings(
        namespace: Namespace,
        name: Name,
        after: Annotated[int | None, Query(ge=1, le=MOST)] = None,
        limit: Limit = 100,
        as_of: AsOf = None,
        min_position: MinPosition = [],  # noqa: B006
    ) -> Response:
        key = model_key(namespace, name)
        async with reading.shown(as_of, min_position, key, look=look_at("retrainings")) as db:
            rows = await retraining.newest(db, key, after, limit)
            if not rows:
                await known(db, key)
        return page(RetrainingRow, rows, rows[-1].retraining if len(rows) == limit else None)

    @made.get(MODEL + "/retrainings/{number}", response_model=RetrainingRow, summary="A retraining")
    async def get_retraining(
        namespace: Namespace,
        name: Name,
        number: Annotated[int, Path(ge=1, le=MOST)],
        as_of: AsOf = None,
        min_position: MinPosition = [],  # noqa: B006
    ) -> Response:
        key = model_key(namespace, name)
        async with reading.shown(as_of, min_position, key, look=look_at("retrainings")) as db:
            row = await retraining.get(db, key, number)
            if row is None:
                await known(db, key)
                raise Problem(404, "unknown_retraining", f"{key} has no retraining {number}")
        return answer(RetrainingRow, row)

    return made
