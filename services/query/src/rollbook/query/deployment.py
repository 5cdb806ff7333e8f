"""What should serve, beside what servers say they serve."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from fastapi import APIRouter, Response

from rollbook.query.answers import answer
from rollbook.query.handlers import model_key
from rollbook.query.openapi import API, problems
from rollbook.query.reading import MODEL, MinPosition, Name, Namespace, Reading, known
from rollbook.readmodel import environments, presence, rollouts
from rollbook.readmodel.presence import PresenceRow
from rollbook.readmodel.rollouts import RolloutRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A version that should get a part of the traffic."""

    version: int
    weight: float
    """Percent of the requests."""
    mirror: float = 0
    """Percent of the requests that it gets copies of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """A version that a server says it serves."""

    source: str
    target: str
    version: int
    """0 where the server does not know it."""
    digest: str
    seen: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """An environment: wanted and observed."""

    environment: str
    version: int | None
    """What should serve; None: nothing."""
    rollout: int | None
    """The live one."""
    wanted: tuple[Share, ...]
    observed: tuple[Observed, ...]
    """What was seen within the last minute."""
    standing: Literal["as_wanted", "differs", "unobserved"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployments:
    """All environments of a model in which something serves, or should."""

    model: str
    environments: tuple[Deployment, ...]


def router(reading: Reading) -> APIRouter:
    """The route."""
    made = APIRouter(prefix=API, tags=["environments"], responses=problems(404, 422, 503))

    @made.get(
        MODEL + "/deployment",
        response_model=Deployments,
        summary="What should serve in each environment, and what servers say they serve",
    )
    async def get_deployment(
        namespace: Namespace,
        name: Name,
        min_position: MinPosition = [],  # noqa: B006  # FastAPI copies it
    ) -> Response:
        key = model_key(namespace, name)
        async with reading.at_one_moment(min_position) as db:
            await known(db, key)
            standing = {row.environment: row.version for row in await environments.now(db, key)}
            live = {row.environment: row for row in await rollouts.live_of(db, key)}
            seen = await presence.of(db, key, datetime.now(UTC))
        return answer(Deployments, Deployments(model=key, environments=_all(standing, live, seen)))

    return made


def _all(
    standing: dict[str, int], live: dict[str, RolloutRow], seen: Sequence[PresenceRow]
) -> tuple[Deployment, ...]:
    names = sorted({*standing, *(row.environment for row in seen)})
    return tuple(
        _one(name, standing.get(name), live.get(name), [r for r in seen if r.environment == name])
        for name in names
    )


def _one(
    name: str, version: int | None, rollout: RolloutRow | None, seen: Sequence[PresenceRow]
) -> Deployment:
    wanted = tuple(shares(version, rollout))
    served = {row.source: {r.version for r in seen if r.source == row.source} for row in seen}
    should = {share.version for share in wanted}
    right = all(versions == should for versions in served.values())
    return Deployment(
        environment=name,
        version=version,
        rollout=rollout.rollout if rollout else None,
        wanted=wanted,
        observed=tuple(
            Observed(
                source=row.source,
                target=row.target,
                version=row.version,
                digest=row.digest,
                seen=row.seen,
            )
            for row in seen
        ),
        standing=("as_wanted" if right else "differs") if served else "unobserved",
    )


def shares(version: int | None, rollout: RolloutRow | None) -> Iterable[Share]:
    """Which version should get which part of the traffic."""
    if version is None:
        return
    if rollout is None or rollout.state == "watching":
        yield Share(version=version, weight=100)
        return
    stage, count = rollout.parsed.stages[rollout.step], len(rollout.arms)
    yield Share(version=version, weight=100 - stage.weight)
    for arm in rollout.arms:
        yield Share(version=arm, weight=stage.weight / count, mirror=stage.mirror / count)
