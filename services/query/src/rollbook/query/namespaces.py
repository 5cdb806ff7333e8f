"""Namespaces over HTTP: what governs their models, and how that came to be."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel

from rollbook.domain.messages import Message
from rollbook.domain.rulebook import MetadataSchema, Rules
from rollbook.domain.rules import MetadataSchemaSet, RulesSet
from rollbook.eventlog.position import Position
from rollbook.query.answers import answer, page
from rollbook.query.handlers import namespace_key
from rollbook.query.openapi import API, problems
from rollbook.query.problems import Problem
from rollbook.query.reading import (
    NAMESPACE,
    AsOf,
    Limit,
    MinPosition,
    Namespace,
    Order,
    Page,
    PositionText,
    Reading,
    until,
)
from rollbook.query.sight import Seen
from rollbook.readmodel import history, namespaces
from rollbook.readmodel.database import Db
from rollbook.readmodel.history import HistoryRow
from rollbook.readmodel.namespaces import NamespaceRow
from rollbook.readmodel.place import At
from rollbook.readmodel.scope import filled

Past = Annotated[int, Path(ge=1, le=2**31 - 1, examples=[1])]


class NamespaceName(BaseModel):
    """A namespace that governs or holds models."""

    namespace: str


class PastRules(BaseModel):
    """The rules of a namespace as one of its versions of them said."""

    namespace: str
    version: int
    rules: Rules
    position: At
    set_at: datetime
    set_by: str


class PastSchema(BaseModel):
    """The metadata schema of a namespace as one of its versions said."""

    namespace: str
    version: int
    metadata: MetadataSchema
    position: At
    set_at: datetime
    set_by: str


def router(reading: Reading) -> APIRouter:
    """The routes of namespaces."""
    made = APIRouter(prefix=API, tags=["namespaces"], responses=problems(404, 422, 503))
    _now(made, reading)
    _past(made, reading)
    return made


def _now(made: APIRouter, reading: Reading) -> None:
    @made.get(
        "/namespaces",
        response_model=Page[NamespaceName],
        summary="All namespaces that govern or hold models, in alphabetical order",
    )
    async def list_namespaces(
        sight: Seen,
        after: Annotated[str | None, Query(examples=["payments"])] = None,
        limit: Limit = 100,
        min_position: MinPosition = [],  # noqa: B006  # FastAPI copies it
    ) -> Response:
        start = namespace_key(after) if after is not None else ""
        async with reading.at_least(min_position) as db:
            every = await namespaces.names(db)
        scope = sight.scope()
        found = [
            NamespaceName(namespace=name)
            for name in every
            if name > start and (scope is None or name in scope or "*" in scope)
        ][: limit + 1]
        more = found[limit - 1].namespace if len(found) > limit else None
        return page(NamespaceName, found[:limit], more)

    @made.get(
        NAMESPACE,
        response_model=NamespaceRow,
        summary="What governs the models of a namespace; its ETag is its seq",
    )
    async def get_namespace(
        namespace: Namespace,
        as_of: AsOf = None,
        min_position: MinPosition = [],  # noqa: B006
    ) -> Response:
        """A namespace of which nobody decided anything has no record of its own: a 404."""
        space = namespace_key(namespace)
        async with reading.shown(as_of, min_position, space) as db:
            row = await governed(db, space)
        return answer(NamespaceRow, row, {"etag": f'"{row.seq}"'})


def _past(made: APIRouter, reading: Reading) -> None:
    @made.get(
        NAMESPACE + "/rules/{version}",
        response_model=PastRules,
        summary="The rules as they were at one of their versions",
    )
    async def get_rules(
        namespace: Namespace,
        version: Past,
        min_position: MinPosition = [],  # noqa: B006
    ) -> Response:
        async with reading.at_least(min_position) as db:
            row = await _set(db, namespace_key(namespace), RulesSet, version)
        return answer(PastRules, PastRules(rules=row.data["rules"], **_said(row)))

    @made.get(
        NAMESPACE + "/schemas/{version}",
        response_model=PastSchema,
        summary="The metadata schema as it was at one of its versions",
    )
    async def get_schema(
        namespace: Namespace,
        version: Past,
        min_position: MinPosition = [],  # noqa: B006
    ) -> Response:
        async with reading.at_least(min_position) as db:
            row = await _set(db, namespace_key(namespace), MetadataSchemaSet, version)
        return answer(PastSchema, PastSchema(metadata=row.data["metadata"], **_said(row)))

    @made.get(
        NAMESPACE + "/history",
        response_model=Page[HistoryRow],
        summary="Every record of the log about the namespace itself",
    )
    async def list_namespace_history(
        namespace: Namespace,
        after: PositionText | None = None,
        limit: Limit = 100,
        order: Order = "oldest",
        as_of: AsOf = None,
        min_position: MinPosition = [],  # noqa: B006
    ) -> Response:
        key = namespace_key(namespace)
        place = Position.parse(after) if after is not None else None
        read = history.newest if order == "newest" else history.page
        async with reading.at_least(reading.needed(as_of, min_position)) as db:
            rows = await read(db, key, place, limit, until=(await until(db, key, as_of)).offset)
            if not rows:
                await governed(db, key)
        return page(HistoryRow, rows, rows[-1].position if len(rows) == limit else None)


async def governed(db: Db, namespace: str) -> NamespaceRow:
    """The namespace; a 404 when nothing was ever decided about it."""
    row = await namespaces.get(db, namespace)
    if row is None:
        raise Problem(404, "unknown_namespace", f"nothing was decided about {namespace} yet")
    return row


async def _set(db: Db, namespace: str, kind: type[Message], version: int) -> HistoryRow:
    """The record that set version `version` of what `kind` sets."""

    async def fetch(last: HistoryRow | None) -> list[HistoryRow]:
        return await history.page(db, namespace, last.position if last else None, limit=1000)

    def wanted(row: HistoryRow) -> bool:
        return row.type == kind.__name__ and row.data.get("version") == version

    rows = await filled(fetch, wanted, 1000)
    if not rows:
        await governed(db, namespace)
        what = kind.__name__.removesuffix("Set")
        raise Problem(404, "unknown_version", f"{namespace} has no {what} of version {version}")
    return rows[0]


def _said(row: HistoryRow) -> dict[str, Any]:
    return {
        "namespace": row.model,
        "version": row.data["version"],
        "position": row.position,
        "set_at": row.time,
        "set_by": row.actor,
    }
