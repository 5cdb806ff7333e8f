"""Requests to promote over HTTP: of a model, waiting anywhere, overdue, and one as a whole."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel

from rollbook.domain.names import Title
from rollbook.domain.requests import ANYBODY
from rollbook.query.answers import answer, page
from rollbook.query.handlers import model_key, namespace_key
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
    after_numbered,
    instant,
    known,
    until,
)
from rollbook.query.review import Review, review
from rollbook.query.sight import Seen, Sight
from rollbook.readmodel import requests, versions
from rollbook.readmodel.database import Db
from rollbook.readmodel.evidence import Ask
from rollbook.readmodel.requests import RequestRow
from rollbook.readmodel.scope import filled, holds

State = Literal["open", "promoted", "rollout", "rejected", "withdrawn", "expired"]
MOST = 2**31 - 1
ENOUGH = 10_000
"""Overdue requests that are looked at, the oldest ones."""


class Overdue(BaseModel):
    """A request about which something should have been done."""

    due: Literal["expire", "escalate"]
    """Which command is due: `ExpirePromotion` or `EscalatePromotion`."""
    since: datetime
    request: RequestRow


def router(reading: Reading) -> APIRouter:
    """The routes of requests to promote."""
    made = APIRouter(prefix=API, tags=["requests"], responses=problems(404, 422, 503))
    _of_a_model(made, reading)
    _anywhere(made, reading)
    return made


def _of_a_model(made: APIRouter, reading: Reading) -> None:
    @made.get(
        MODEL + "/requests",
        response_model=Page[RequestRow],
        summary="The requests to promote a model's versions, newest first",
    )
    async def list_requests(
        namespace: Namespace,
        name: Name,
        state: State | None = None,
        after: Annotated[int | None, Query(ge=1, le=MOST)] = None,
        limit: Limit = 100,
        as_of: AsOf = None,
        min_position: MinPosition = [],  # noqa: B006  # FastAPI copies it
    ) -> Response:
        key = model_key(namespace, name)
        async with reading.shown(as_of, min_position, key) as db:
            rows = await requests.newest(db, key, after, limit, state=state)
            if not rows:
                await known(db, key)
        return page(RequestRow, rows, rows[-1].request if len(rows) == limit else None)

    @made.get(
        MODEL + "/requests/{number}",
        response_model=Review,
        summary="A request with all that a reviewer must see",
    )
    async def get_request(
        namespace: Namespace,
        name: Name,
        number: Annotated[int, Path(ge=1, le=MOST)],
        as_of: AsOf = None,
        min_position: MinPosition = [],  # noqa: B006
    ) -> Response:
        """`now.evidence` is what `ApprovePromotion` takes: refused when the facts have changed."""
        key = model_key(namespace, name)
        async with reading.shown_together(as_of, min_position, key, namespace) as db:
            then = (await until(db, key, as_of)).time
            shown = await review(db, key, number, then)
        return answer(Review, shown)


def _anywhere(made: APIRouter, reading: Reading) -> None:
    @made.get(
        "/requests",
        response_model=Page[RequestRow],
        summary="Requests of all models, the open ones if not told otherwise: an inbox",
    )
    async def list_waiting(
        sight: Seen,
        state: State = "open",
        namespace: str | None = None,
        title: Annotated[
            Title | None, Query(description="Only those that lack its signature on today's facts.")
        ] = None,
        mine: Annotated[
            Literal["asked", "to-sign"] | None,
            Query(description="Those that I have asked for, or those that I could sign."),
        ] = None,
        requested_before: Annotated[
            str | None, Query(description="Only those that have waited since then; RFC 3339.")
        ] = None,
        after: Annotated[str | None, Query(examples=["payments/fraud/7"])] = None,
        limit: Limit = 100,
        min_position: MinPosition = [],  # noqa: B006
    ) -> Response:
        space = namespace_key(namespace) if namespace is not None else None
        moment = instant("requested_before", requested_before)
        start, scope = after_numbered(after), sight.scope()

        own: set[Ask] = set()

        def wanted(row: RequestRow) -> bool:
            if moment is not None and row.requested_at > moment:
                return False
            match mine:
                case None:
                    return True
                case "asked":
                    return sight.sent(row.requested_by)
                case "to-sign":
                    return row.ask not in own and could_sign(sight, row)

        async with reading.at_least(min_position) as db:

            async def fetch(last: RequestRow | None) -> list[RequestRow]:
                rows = await requests.waiting(
                    db,
                    namespace=space,
                    title=title,
                    scope=scope,
                    state=state,
                    after=(last.model, last.request) if last else start,
                    limit=limit,
                )
                if mine == "to-sign":
                    own.update([row.ask for row in rows if await _is_own(db, row, sight)])
                return rows

            rows = await filled(fetch, wanted, limit)
        last = f"{rows[-1].model}/{rows[-1].request}" if len(rows) == limit else None
        return page(RequestRow, rows, last)

    @made.get(
        "/requests/overdue",
        response_model=Page[Overdue],
        summary="Requests that should have been escalated or closed by now, oldest first",
    )
    async def list_overdue(
        sight: Seen,
        limit: Limit = 100,
        min_position: MinPosition = [],  # noqa: B006
    ) -> Response:
        now = datetime.now(UTC)
        async with reading.at_least(min_position) as db:
            expired = await requests.to_expire(db, now, ENOUGH)
            waiting = await requests.to_escalate(db, now, ENOUGH)
        rows = [Overdue(due="expire", since=row.expires_at, request=row) for row in expired]
        rows += [
            Overdue(due="escalate", since=row.escalates_at, request=row)
            for row in waiting
            if row.escalates_at is not None
        ]
        scope = sight.scope()
        rows = [row for row in rows if holds(scope, row.request.model)]
        return page(Overdue, sorted(rows, key=lambda row: row.since)[:limit])


def could_sign(sight: Sight, row: RequestRow) -> bool:
    """Whether a request of somebody else lacks a signature that somebody may give."""
    if sight.sent(row.requested_by):
        return False
    held = sight.titles(row.model, row.environment)
    lacking = (row.missing_now or {}).keys()
    return bool(lacking) and (held is None or ANYBODY in lacking or bool(held & lacking))


async def _is_own(db: Db, row: RequestRow, sight: Sight) -> bool:
    """Whether it is about a version that they have registered: nobody signs for their own work."""
    version = await versions.get(db, row.model, row.version)
    return version is not None and sight.sent(version.created_by)
