"""Searches over HTTP: versions by what they are, now or as of a moment."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final, TypeVar

import asyncpg
from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from rollbook.query import kept
from rollbook.query.answers import answer
from rollbook.query.openapi import API, problems
from rollbook.query.problems import Problem, invalid
from rollbook.query.reading import AsOf, Limit, MinPosition, Reading, then
from rollbook.query.sight import Seen
from rollbook.readmodel.database import Db
from rollbook.readmodel.scope import Scope
from rollbook.readmodel.search import check, cursor, facets, fields, pages, seeking, shown
from rollbook.readmodel.search.cursor import Cursor, InvalidCursorError
from rollbook.readmodel.search.errors import InvalidQueryError
from rollbook.readmodel.search.facets import Counted, FacetValue, Spread
from rollbook.readmodel.search.fields import Order
from rollbook.readmodel.search.seeking import Search
from rollbook.readmodel.search.tree import Tree
from rollbook.readmodel.versions import VersionRow

T = TypeVar("T")
V = TypeVar("V")

NEWEST: Final = fields.NEWEST.name
PATIENCE: Final = 3.0
"""Seconds that one statement of a search may take."""

Q = Annotated[
    str,
    Query(
        description="Words, and conditions on the fields that `/search/fields` lists, joined by"
        " and, or and not. What is archived or retired is found only where it names `state`.",
        examples=['metrics.auc >= 0.9 and tags.team = "fraud" and trained_before(2026-03-15)'],
    ),
]


class SearchPage(BaseModel):
    """Some of the versions that fit, in order."""

    items: list[VersionRow]
    next: str | None = None
    """Pass it as `after` to get what follows; null where nothing does."""
    facets: dict[str, list[FacetValue]]
    """The commonest values of the fields that were asked for, among the hits counted."""
    counted: Counted


class SearchField(BaseModel):
    """A field that a query can name; a `*` at its end stands for any name."""

    name: str
    type: str
    about: str
    example: str
    ordered: bool
    """Whether `order` can name it."""


class SearchFields(BaseModel):
    """All that a query can name."""

    items: list[SearchField]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A search as it was asked for, checked."""

    tree: Tree
    order: Order
    after: Cursor | None
    facets: list[fields.Field]


def router(reading: Reading) -> APIRouter:
    """The routes of searches."""
    made = APIRouter(prefix=API, tags=["search"], responses=problems(404, 422, 503))

    @made.get(
        "/search",
        response_model=SearchPage,
        summary="Versions by what they are; newest first unless told otherwise",
    )
    async def search(
        seen: Seen,
        q: Q = "",
        saved: Annotated[
            str | None,
            Query(
                description="A saved query, to be asked in place of `q`.",
                examples=["payments/trusted"],
            ),
        ] = None,
        order: Annotated[
            str | None,
            Query(
                description="A field that is ordered; `-` before it for descending. The newest"
                " first, if neither this nor the saved query says anything."
            ),
        ] = None,
        after: str | None = None,
        limit: Limit = 20,
        as_of: AsOf = None,
        facets: Annotated[
            str, Query(description="Fields, joined by commas, whose values are counted.")
        ] = "",
        min_position: MinPosition = [],  # noqa: B006  # FastAPI copies it
    ) -> Response:
        # What cannot be asked needs no tables.
        asked = ask(q, order or NEWEST, after, facets) if saved is None else None
        async with reading.at_one_moment(reading.needed(as_of, min_position)) as db:
            home = None
            if asked is None:
                row = await kept.wanted(db, saved or "", seen)
                asked = ask(row.text, order or row.order or NEWEST, after, facets)
                home = row.namespace
            same = await kept.synonyms(db, asked.tree, home)
            return answer(SearchPage, await found(db, asked, seen.scope(), as_of, limit, same))

    @made.get(
        "/search/fields",
        response_model=SearchFields,
        summary="What a search can name and be ordered by, each with an example",
    )
    async def list_search_fields() -> Response:
        items = [
            SearchField(
                name=field.name,
                type=field.kind,
                about=field.about,
                example=field.example,
                ordered=field.order is not None,
            )
            for field in fields.FIELDS
        ]
        return answer(SearchFields, SearchFields(items=items))

    return made


def ask(q: str, order: str = "-created", after: str | None = None, facets_: str = "") -> Asked:
    """What parameters ask for; a 422 that says where they are wrong."""
    with_order = _checked("order", fields.order, order)
    try:
        place = cursor.read(after, with_order) if after is not None else None
    except InvalidCursorError as error:
        raise invalid("after", str(error)) from None
    names = [name.strip() for name in facets_.split(",") if name.strip()]
    return Asked(
        tree=_checked("q", check.read, q),
        order=with_order,
        after=place,
        facets=_checked("facets", facets.fields, names),
    )


async def found(
    db: Db,
    asked: Asked,
    scope: Scope | None,
    as_of: str | None,
    limit: int,
    synonyms: Mapping[str, Collection[str]] | None = None,
) -> SearchPage:
    """A page of what was asked for; nothing that `db` sees may move meanwhile."""
    when = await then(db, as_of)
    async with patient(db):
        search = Search(
            tree=asked.tree,
            order=asked.order,
            when=when,
            scope=scope,
            now=datetime.now(UTC),
            synonyms=synonyms,
        )
        prepared = await seeking.prepare(db, search)
        hits = await pages.page(db, prepared, asked.after, limit + 1)
        if asked.facets:
            spread = await facets.spread(db, prepared, asked.facets)
        else:
            is_all = len(hits) <= limit and asked.after is None
            spread = Spread(Counted(len(hits), is_all), {})
        rows = await shown.rows(db, [hit.key for hit in hits[:limit]], when)
    more = len(hits) > limit
    return SearchPage.model_construct(
        items=rows,
        next=str(hits[limit - 1].cursor(asked.order)) if more else None,
        facets=spread.facets,
        counted=spread.counted,
    )


@asynccontextmanager
async def patient(db: Db) -> AsyncIterator[None]:
    """Let no statement take for ever, and have each planned for its own values."""
    await db.execute(
        f"SET LOCAL statement_timeout = {PATIENCE * 1000:.0f};"
        "SET LOCAL plan_cache_mode = force_custom_plan;"
        "SET LOCAL random_page_cost = 1.1"
    )
    try:
        yield
    except asyncpg.QueryCanceledError:
        raise Problem(
            422,
            "too_broad",
            f"the search took longer than {PATIENCE:g} s: add a condition that fewer versions"
            " meet, such as model = …, or order it otherwise",
        ) from None


def _checked(field: str, read: Callable[[V], T], value: V) -> T:
    try:
        return read(value)
    except InvalidQueryError as error:
        raise refused(field, error) from None


def refused(field: str, error: InvalidQueryError) -> Problem:
    """What is wrong with a query, and where."""
    return Problem(
        422,
        "invalid_query",
        f"{field}: {error}",
        errors=[{"field": field, "rule": error.message}],
        column=error.column,
    )
