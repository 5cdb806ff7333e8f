"""Policies over HTTP: what is in force in a namespace, was, and said before."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from rollbook.domain.names import NO_NUL
from rollbook.query.answers import answer, page
from rollbook.query.handlers import namespace_key
from rollbook.query.openapi import API, problems
from rollbook.query.problems import Problem
from rollbook.query.reading import NAMESPACE, AsOf, Limit, MinPosition, Namespace, Page, Reading
from rollbook.readmodel import policies
from rollbook.readmodel.policies import PastPolicy, PolicyRow

POLICY = NAMESPACE + "/policies/{policy}"
PolicyName = Annotated[str, Path(examples=["release"])]
Past = Annotated[int, Path(ge=1, le=2**31 - 1, examples=[1])]


def router(reading: Reading) -> APIRouter:
    """The routes."""
    made = APIRouter(prefix=API, tags=["policies"], responses=problems(404, 422, 503))

    @made.get(
        NAMESPACE + "/policies",
        response_model=Page[PolicyRow],
        summary="The policies that are in force in a namespace, in alphabetical order",
    )
    async def list_policies(
        namespace: Namespace,
        after: Annotated[str, Query(pattern=NO_NUL, max_length=63)] = "",
        limit: Limit = 100,
        as_of: AsOf = None,
        min_position: MinPosition = [],  # noqa: B006  # FastAPI copies it
    ) -> Response:
        """Those of the namespace `rollbook` hold in all others, and are listed there."""
        space = namespace_key(namespace)
        async with reading.shown(as_of, min_position, space) as db:
            rows = await policies.page(db, space, after, limit)
        return page(PolicyRow, rows, rows[-1].policy if len(rows) == limit else None)

    @made.get(POLICY, response_model=PolicyRow, summary="A policy that is in force")
    async def get_policy(
        namespace: Namespace,
        policy: PolicyName,
        as_of: AsOf = None,
        min_position: MinPosition = [],  # noqa: B006
    ) -> Response:
        space = namespace_key(namespace)
        async with reading.shown(as_of, min_position, space) as db:
            row = await policies.get(db, space, policy) if policy.isprintable() else None
        if row is None:
            raise _unknown(space, policy)
        return answer(PolicyRow, row)

    @made.get(
        POLICY + "/versions/{version}",
        response_model=PastPolicy,
        summary="A policy as one of its versions said, in force or not",
    )
    async def get_past_policy(
        namespace: Namespace,
        policy: PolicyName,
        version: Past,
        min_position: MinPosition = [],  # noqa: B006
    ) -> Response:
        space = namespace_key(namespace)
        async with reading.at_least(min_position) as db:
            known = policy.isprintable()
            row = await policies.past(db, space, policy, version) if known else None
        if row is None:
            raise _unknown(space, policy, f" of version {version}")
        return answer(PastPolicy, row)

    return made


def _unknown(namespace: str, policy: str, of: str = "") -> Problem:
    return Problem(404, "unknown_policy", f"{namespace} has no policy {policy!r}{of}")
