"""Who may do what in a namespace, which machines' keys there are, and its collections."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from rollbook.domain.names import NO_NUL
from rollbook.query.answers import answer, page
from rollbook.query.handlers import namespace_key
from rollbook.query.openapi import API, problems
from rollbook.query.problems import Problem
from rollbook.query.reading import NAMESPACE, AsOf, Limit, MinPosition, Namespace, Page, Reading
from rollbook.readmodel import collection, grants, keys
from rollbook.readmodel.collection import CollectionRow
from rollbook.readmodel.grants import GrantRow
from rollbook.readmodel.keys import KeyRow


def router(reading: Reading) -> APIRouter:
    """The routes."""
    made = APIRouter(prefix=API, tags=["namespaces"], responses=problems(404, 422, 503))
    _access(made, reading)
    _collections(made, reading)
    return made


def _access(made: APIRouter, reading: Reading) -> None:
    @made.get(
        NAMESPACE + "/grants",
        response_model=Page[GrantRow],
        summary="The roles that were ever granted in a namespace, in order of number",
    )
    async def list_grants(
        namespace: Namespace,
        after: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
        limit: Limit = 100,
        as_of: AsOf = None,
        min_position: MinPosition = [],  # noqa: B006  # FastAPI copies it
    ) -> Response:
        """Of those that hold, `revoked_at` is null and `until` is null or still to come."""
        space = namespace_key(namespace)
        async with reading.shown(as_of, min_position, space) as db:
            rows = await grants.page(db, space, after, limit)
        return page(GrantRow, rows, rows[-1].number if len(rows) == limit else None)

    @made.get(
        NAMESPACE + "/keys",
        response_model=Page[KeyRow],
        summary="The public halves of the machines' keys that were ever issued in a namespace",
    )
    async def list_keys(
        namespace: Namespace,
        after: Annotated[str, Query(pattern="^[0-9a-f]{0,16}$")] = "",
        limit: Limit = 100,
        as_of: AsOf = None,
        min_position: MinPosition = [],  # noqa: B006
    ) -> Response:
        space = namespace_key(namespace)
        async with reading.shown(as_of, min_position, space) as db:
            rows = await keys.page(db, space, after, limit)
        return page(KeyRow, rows, rows[-1].key if len(rows) == limit else None)


def _collections(made: APIRouter, reading: Reading) -> None:
    @made.get(
        NAMESPACE + "/collections",
        response_model=Page[CollectionRow],
        summary="The collections of a namespace, in alphabetical order",
    )
    async def list_collections(
        namespace: Namespace,
        after: Annotated[str, Query(pattern=NO_NUL, max_length=63)] = "",
        limit: Limit = 100,
        as_of: AsOf = None,
        min_position: MinPosition = [],  # noqa: B006
    ) -> Response:
        space = namespace_key(namespace)
        async with reading.shown(as_of, min_position, space) as db:
            rows = await collection.page(db, space, after, limit)
        return page(CollectionRow, rows, rows[-1].collection if len(rows) == limit else None)

    @made.get(
        NAMESPACE + "/collections/{collection}",
        response_model=CollectionRow,
        summary="A collection: some of a namespace's models under one name",
    )
    async def get_collection(
        namespace: Namespace,
        name: Annotated[str, Path(alias="collection", examples=["checkout"])],
        as_of: AsOf = None,
        min_position: MinPosition = [],  # noqa: B006
    ) -> Response:
        space = namespace_key(namespace)
        async with reading.shown(as_of, min_position, space) as db:
            row = await collection.get(db, space, name) if name.isprintable() else None
        if row is None:
            raise Problem(404, "unknown_collection", f"{space} has no collection {name!r}")
        return answer(CollectionRow, row)
