"""Rollouts over HTTP: of a model with all their steps, and those that are live anywhere."""

from dataclasses import dataclass
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
from rollbook.readmodel import rollouts
from rollbook.readmodel.rollouts import RolloutRow, RolloutStepRow

MOST = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutStory:
    """A rollout with everything that happened to it."""

    rollout: RolloutRow
    steps: tuple[RolloutStepRow, ...]
    """Oldest first; each with what was found."""


def router(reading: Reading) -> APIRouter:
    """The routes of rollouts."""
    made = APIRouter(prefix=API, tags=["rollouts"], responses=problems(404, 422, 503))

    @made.get(
        MODEL + "/rollouts",
        response_model=Page[RolloutRow],
        summary="The rollouts of a model, newest first",
    )
    async def list_rollouts(
        namespace: Namespace,
        name: Name,
        after: Annotated[int | None, Query(ge=1, le=MOST)] = None,
        limit: Limit = 100,
        as_of: AsOf = None,
        min_position: MinPosition = [],  # noqa: B006  # FastAPI copies it
    ) -> Response:
        key = model_key(namespace, name)
        async with reading.shown(as_of, min_position, key, look=look_at("rollouts")) as db:
            rows = await rollouts.newest(db, key, after, limit)
            if not rows:
                await known(db, key)
        return page(RolloutRow, rows, rows[-1].rollout if len(rows) == limit else None)

    @made.get(
        MODEL + "/rollouts/{number}",
        response_model=RolloutStory,
        summary="A rollout, with every step that it took and what was found at each",
    )
    async def get_rollout(
        namespace: Namespace,
        name: Name,
        number: Annotated[int, Path(ge=1, le=MOST)],
        as_of: AsOf = None,
        min_position: MinPosition = [],  # noqa: B006
    ) -> Response:
        key = model_key(namespace, name)
        look = look_at("rollouts", "rollout_steps")
        async with reading.shown_together(as_of, min_position, key, look=look) as db:
            row = await rollouts.get(db, key, number)
            if row is None:
                await known(db, key)
                raise Problem(404, "unknown_rollout", f"{key} has no rollout {number}")
            steps = await rollouts.steps(db, key, number)
        return answer(RolloutStory, RolloutStory(rollout=row, steps=tuple(steps)))

    @made.get(
        "/rollouts",
        response_model=Page[RolloutRow],
        summary="The live rollouts of all models, by model and number",
    )
    async def list_live_rollouts(
        sight: Seen,
        after: Annotated[str | None, Query(examples=["payments/fraud/1"])] = None,
        limit: Limit = 100,
        min_position: MinPosition = [],  # noqa: B006
    ) -> Response:
        start = after_numbered(after)
        async with reading.at_least(min_position) as db:
            rows = await rollouts.live(db, scope=sight.scope(), after=start, limit=limit)
        end = rows[-1] if len(rows) == limit else None
        return page(RolloutRow, rows, f"{end.model}/{end.rollout}" if end else None)

    return made
