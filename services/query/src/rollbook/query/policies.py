"""Policies over HTTP: what is in force in a namespace, was, and said before."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from rollbook.domain.names import NO_NUL
from rollbook.eventlog.position import Position
from rollbook.query.answers import answer, page
from rollbook.query.handlers import namespace_key
from rollbook.query.openapi import API, problems
from rollbook.query.problems import Problem
from rollbook.query.reading import NAMESPACE, AsOf, Limit, MinPosition, Namespace, Page, Reading
from rollbook.readmodel import history, policies
from rollbook.readmodel.database import Db
from rollbook.readmodel.history import HistoryRow
from rollbook.readmodel.place import At
from rollbook.readmodel.policies import PolicyRow
from rollbook.readmodel.scope import filled

POLICY = NAMESPACE + "/policies/{policy}"
PolicyName = Annotated[str, Path(examples=["release"])]
Past = Annotated[int, Path(ge=1, le=2**31 - 1, examples=[1])]


@dataclass(frozen=True, slots=True, kw_only=True)
class PastPolicy:
    """A policy as one of its versions said."""

    namespace: str
    policy: str
    version: int
    digest: str
    document: dict[str, Any]
    position: At
    time: datetime
    actor: str


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
            row = await _saved(db, space, policy, version)
        if row is None:
            raise _unknown(space, policy, f" of version {version}")
        return answer(PastPolicy, row)

    return made


def _unknown(namespace: str, policy: str, of: str = "") -> Problem:
    return Problem(404, "unknown_policy", f"{namespace} has no policy {policy!r}{of}")


async def _saved(db: Db, namespace: str, policy: str, version: int) -> PastPolicy | None:
    async def fetch(last: HistoryRow | None) -> list[HistoryRow]:
        after: Position | None = last.position if last else None
        return await history.page(db, namespace, after, limit=1000)

    def wanted(row: HistoryRow) -> bool:
        said = row.data
        return row.type == "PolicySaved" and (said["policy"], said["version"]) == (policy, version)

    rows = await filled(fetch, wanted, 1000)
    if not rows:
        return None
    found: Any = rows[0].data
    return PastPolicy(
        namespace=namespace,
        policy=policy,
        version=version,
        digest=found["digest"],
        document=found["document"],
        position=rows[0].position,
        time=rows[0].time,
        actor=rows[0].actor,
    )
