"""Endpoints over HTTP: who is told of a namespace's events, and what was sent to them."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from rollbook.domain.names import NO_NUL
from rollbook.query.answers import answer, page
from rollbook.query.handlers import namespace_key
from rollbook.query.openapi import API, problems
from rollbook.query.problems import Problem
from rollbook.query.reading import NAMESPACE, AsOf, Limit, MinPosition, Namespace, Page, Reading
from rollbook.readmodel import deliveries, endpoints
from rollbook.readmodel.deliveries import DeliveryRow, DeliveryState
from rollbook.readmodel.endpoints import EndpointRow

ENDPOINT = NAMESPACE + "/endpoints/{endpoint}"
EndpointName = Annotated[str, Path(examples=["on-call"])]


def router(reading: Reading) -> APIRouter:
    """The routes."""
    made = APIRouter(prefix=API, tags=["endpoints"], responses=problems(404, 422, 503))

    @made.get(
        NAMESPACE + "/endpoints",
        response_model=Page[EndpointRow],
        summary="Who is told of the events of a namespace's models, in alphabetical order",
    )
    async def list_endpoints(
        namespace: Namespace,
        after: Annotated[str, Query(pattern=NO_NUL, max_length=63)] = "",
        limit: Limit = 100,
        as_of: AsOf = None,
        min_position: MinPosition = [],  # noqa: B006  # FastAPI copies it
    ) -> Response:
        space = namespace_key(namespace)
        async with reading.shown(as_of, min_position, space) as db:
            rows = await endpoints.page(db, space, after, limit)
        return page(EndpointRow, rows, rows[-1].endpoint if len(rows) == limit else None)

    @made.get(ENDPOINT, response_model=EndpointRow, summary="An endpoint")
    async def get_endpoint(
        namespace: Namespace,
        endpoint: EndpointName,
        as_of: AsOf = None,
        min_position: MinPosition = [],  # noqa: B006
    ) -> Response:
        space = namespace_key(namespace)
        async with reading.shown(as_of, min_position, space) as db:
            row = await endpoints.get(db, space, endpoint) if endpoint.isprintable() else None
        if row is None:
            raise Problem(404, "unknown_endpoint", f"{space} has no endpoint {endpoint!r}")
        return answer(EndpointRow, row)

    @made.get(
        ENDPOINT + "/deliveries",
        response_model=Page[DeliveryRow],
        summary="What was sent to an endpoint, or is to be, newest first",
    )
    async def list_deliveries(
        namespace: Namespace,
        endpoint: EndpointName,
        state: Annotated[DeliveryState | None, Query(description="Only of this state.")] = None,
        after: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
        limit: Limit = 100,
        min_position: MinPosition = [],  # noqa: B006
    ) -> Response:
        """Those of the last thirty days, and all that wait or were given up."""
        space = namespace_key(namespace)
        async with reading.at_least(min_position) as db:
            name = endpoint if endpoint.isprintable() else ""
            rows = await deliveries.newest(db, space, name, state=state, before=after, limit=limit)
        return page(DeliveryRow, rows, rows[-1].number if len(rows) == limit else None)

    return made
