"""Who keeps artifacts and for how long, over HTTP: legal holds that stand, and retention."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response

from rollbook.domain.rulebook import Retention
from rollbook.query.answers import answer, page
from rollbook.query.handlers import namespace_key
from rollbook.query.openapi import API, problems
from rollbook.query.reading import (
    NAMESPACE,
    AsOf,
    Limit,
    MinPosition,
    Namespace,
    Page,
    Reading,
    after_numbered,
)
from rollbook.query.sight import Seen
from rollbook.readmodel import custody
from rollbook.readmodel.place import At


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A legal hold that stands."""

    model: str
    version: int
    reason: str
    position: At
    held_at: datetime
    held_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """How long a namespace's artifacts are kept."""

    namespace: str
    version: int = 0
    """0: nobody has said, and everything is kept."""
    retention: Retention = field(default_factory=Retention)
    position: At | None = None
    set_at: datetime | None = None
    set_by: str | None = None


def router(reading: Reading) -> APIRouter:
    """The routes."""
    made = APIRouter(prefix=API, tags=["artifacts"], responses=problems(404, 422, 503))

    @made.get(
        "/holds",
        response_model=Page[Hold],
        summary="The legal holds that stand, of all models or of a namespace's",
    )
    async def list_holds(
        sight: Seen,
        namespace: str | None = None,
        after: Annotated[str | None, Query(examples=["payments/fraud/7"])] = None,
        limit: Limit = 100,
        min_position: MinPosition = [],  # noqa: B006  # FastAPI copies it
    ) -> Response:
        space = namespace_key(namespace) if namespace is not None else None
        start = after_numbered(after)
        async with reading.at_least(min_position) as db:
            rows = await custody.held(db, space, sight.scope(), start, limit)
        found = [
            Hold(
                model=row.model,
                version=row.version,
                reason=row.reason,
                position=row.position,
                held_at=row.time,
                held_by=row.actor,
            )
            for row in rows
        ]
        more = f"{found[-1].model}/{found[-1].version}" if len(found) == limit else None
        return page(Hold, found, more)

    @made.get(
        NAMESPACE + "/retention",
        response_model=Kept,
        summary="How long the artifacts of a namespace are kept",
    )
    async def get_retention(
        namespace: Namespace,
        as_of: AsOf = None,
        min_position: MinPosition = [],  # noqa: B006
    ) -> Response:
        """Where nobody has said, everything is: version 0."""
        space = namespace_key(namespace)
        async with reading.shown(as_of, min_position, space) as db:
            row = await custody.retention(db, space)
        if row is None:
            return answer(Kept, Kept(namespace=space))
        return answer(
            Kept,
            Kept(
                namespace=space,
                version=row.version,
                retention=row.retention,
                position=row.position,
                set_at=row.set_at,
                set_by=row.set_by,
            ),
        )

    return made
