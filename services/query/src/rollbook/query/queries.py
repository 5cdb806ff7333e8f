"""Saved queries and synonyms over HTTP; whether a saved query can still be asked."""

from dataclasses import dataclass, fields
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from rollbook.domain.names import NO_NUL
from rollbook.domain.queries import SaveQuery
from rollbook.query import searching
from rollbook.query.answers import answer, page
from rollbook.query.handlers import namespace_key
from rollbook.query.openapi import API, problems
from rollbook.query.problems import Problem
from rollbook.query.reading import NAMESPACE, AsOf, Limit, MinPosition, Namespace, Page, Reading
from rollbook.readmodel import queries
from rollbook.readmodel.queries import QueryRow, SynonymsRow
from rollbook.readmodel.search import check
from rollbook.readmodel.search import fields as search_fields
from rollbook.readmodel.search.errors import InvalidQueryError


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryProblem:
    """Why a query cannot be asked."""

    column: int
    """Of its text, from 1."""
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedQuery(QueryRow):
    """A saved query, and whether it can be asked."""

    problem: QueryProblem | None
    """The language of searches may have changed since, or the log was written to directly."""


def judged(row: QueryRow) -> SavedQuery:
    """A saved query with what is wrong with it now."""
    problem = None
    try:
        check.read(row.text)
    except InvalidQueryError as error:
        problem = QueryProblem(column=error.column, message=error.message)
    return SavedQuery(**{f.name: getattr(row, f.name) for f in fields(row)}, problem=problem)


def understood(command: SaveQuery) -> None:
    """Let nobody save what cannot be asked: a 422 that says where."""
    try:
        check.read(command.text)
    except InvalidQueryError as error:
        raise searching.refused("text", error) from None
    try:
        search_fields.order(command.order or searching.NEWEST)
    except InvalidQueryError as error:
        raise searching.refused("order", error) from None


def router(reading: Reading) -> APIRouter:
    """The routes."""
    made = APIRouter(prefix=API, tags=["search"], responses=problems(404, 422, 503))

    @made.get(
        NAMESPACE + "/queries",
        response_model=Page[SavedQuery],
        summary="The saved queries of a namespace, in alphabetical order",
    )
    async def list_queries(
        namespace: Namespace,
        after: Annotated[str, Query(pattern=NO_NUL, max_length=63)] = "",
        limit: Limit = 100,
        as_of: AsOf = None,
        min_position: MinPosition = [],  # noqa: B006  # FastAPI copies it
    ) -> Response:
        space = namespace_key(namespace)
        async with reading.shown(as_of, min_position, space) as db:
            rows = await queries.page(db, space, after, limit)
        last = rows[-1].query if len(rows) == limit else None
        return page(SavedQuery, list(map(judged, rows)), last)

    @made.get(
        NAMESPACE + "/queries/{query}",
        response_model=SavedQuery,
        summary="A saved query",
    )
    async def get_query(
        namespace: Namespace,
        query: Annotated[str, Path(examples=["trusted"])],
        as_of: AsOf = None,
        min_position: MinPosition = [],  # noqa: B006
    ) -> Response:
        space = namespace_key(namespace)
        async with reading.shown(as_of, min_position, space) as db:
            row = await queries.get(db, space, query) if query.isprintable() else None
        if row is None:
            raise Problem(404, "unknown_query", f"{space} has no saved query {query!r}")
        return answer(SavedQuery, judged(row))

    @made.get(
        NAMESPACE + "/synonyms",
        response_model=Page[SynonymsRow],
        summary="The words of a namespace that others mean the same as, in alphabetical order",
    )
    async def list_synonyms(
        namespace: Namespace,
        after: Annotated[str, Query(pattern=NO_NUL, max_length=63)] = "",
        limit: Limit = 100,
        as_of: AsOf = None,
        min_position: MinPosition = [],  # noqa: B006
    ) -> Response:
        space = namespace_key(namespace)
        async with reading.shown(as_of, min_position, space) as db:
            rows = await queries.words(db, space, after, limit)
        return page(SynonymsRow, rows, rows[-1].word if len(rows) == limit else None)

    return made
