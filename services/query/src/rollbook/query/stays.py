"""How an environment of a model came to serve what it serves, over HTTP."""

from fastapi import APIRouter, Response

from rollbook.query.answers import page
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
    Reading,
    known,
    look_at,
)
from rollbook.readmodel import environments
from rollbook.readmodel.environments import EnvironmentRow


def router(reading: Reading) -> APIRouter:
    """The route."""
    made = APIRouter(prefix=API, tags=["environments"], responses=problems(404, 422, 503))

    @made.get(
        MODEL + "/environments/{environment}",
        response_model=Page[EnvironmentRow],
        summary="Every stay of a version in an environment, newest first",
    )
    async def list_stays(
        namespace: Namespace,
        name: Name,
        environment: str,
        limit: Limit = 100,
        as_of: AsOf = None,
        min_position: MinPosition = [],  # noqa: B006  # FastAPI copies it
    ) -> Response:
        """Where one stay ends and none begins, the environment was cleared."""
        key = model_key(namespace, name)
        async with reading.shown(as_of, min_position, key, look=look_at("environments")) as db:
            rows = []
            if environment.isprintable():
                rows = await environments.stays(db, key, environment, limit)
            if not rows:
                await known(db, key)
        return page(EnvironmentRow, rows)

    return made
