"""The views of rollouts: where each stands, and every step that it took with what was found."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, TypeAlias

from rollbook.domain import plans
from rollbook.domain.environments import (
    EnvironmentCleared,
    GlassBroken,
    VersionPromoted,
    VersionRolledBack,
)
from rollbook.domain.findings import RolloutFinding
from rollbook.domain.messages import Message
from rollbook.domain.plans import RolloutPlan, Stage
from rollbook.domain.rollouts import (
    RolloutAborted,
    RolloutAdvanced,
    RolloutEvent,
    RolloutFinished,
    RolloutPaused,
    RolloutResumed,
    RolloutStarted,
    RolloutStepApproved,
    RolloutStepSkipped,
)
from rollbook.eventlog.envelope import EventEnvelope
from rollbook.readmodel.database import Db, storable
from rollbook.readmodel.place import At
from rollbook.readmodel.scope import Scope, filled, holds, likes, not_parked
from rollbook.readmodel.table import PLACE, Table
from rollbook.readmodel.view import Appended, Kept, of, plain

RolloutKey: TypeAlias = tuple[str, int]
"""Model and number."""

LIVE: Final = ("stepping", "paused", "watching")


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutRow:
    """A rollout, as far as it has come."""

    model: str
    rollout: int
    """Counts the model's from 1."""
    version: int
    environment: str
    baseline: int
    """What served there when it began."""
    challengers: tuple[int, ...]
    plan: dict[str, Any]
    """A `RolloutPlan`, as JSON has it."""
    digest: str
    """Of the plan."""
    reason: str
    requests: tuple[int, ...]
    """The requests that were granted."""
    approved_by: tuple[str, ...]
    evidence: str | None
    rules: int
    position: At
    """Of the event that started it."""
    started_at: datetime
    started_by: str
    state: str = "stepping"
    """`stepping`, `paused` or `watching`; in the end `promoted`, `finished` (a shadow), `aborted`,
    `rolled_back`, `cleared` or `replaced` (by a broken glass)."""
    step: int = 0
    """ArmCount from 0."""
    due: datetime
    """When its step has baked, or the watch is over."""
    deadline: datetime
    paused_at: datetime | None = None
    missing: dict[str, int]
    """Title -> people who must still agree that it goes beyond its step."""
    promoted: int | None = None
    """The version that it has promoted."""
    promoted_at: datetime | None = None
    finding: dict[str, Any] | None = None
    """A `RolloutFinding`: what was found at its last move."""
    cause: str | None = None
    """Why it was paused or taken back: `asked`, or what was found."""
    ended_at: datetime | None = None
    ended_by: str | None = None
    ended_reason: str | None = None
    moved_off: int
    """The offset of its last event: what is decided next follows from that one."""
    moved_at: datetime

    @property
    def arms(self) -> tuple[int, ...]:
        """The new versions."""
        return (self.version, *self.challengers)

    @property
    def parsed(self) -> RolloutPlan:
        """The plan."""
        return plans.parse(self.plan)

    @property
    def live(self) -> bool:
        """Whether it still moves."""
        return self.state in LIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutStepRow:
    """Something that happened to a rollout."""

    model: str
    rollout: int
    type: str
    """Of the event."""
    step: int | None
    """At which it is afterwards, counted from 0; None at its end."""
    version: int
    cause: str | None
    reason: str
    finding: dict[str, Any] | None
    position: At
    at: datetime
    by: str


_ENDS: Final[frozenset[type[Message]]] = frozenset(
    (VersionPromoted, VersionRolledBack, EnvironmentCleared, GlassBroken)
)
EVENTS: Final = of(RolloutEvent) | _ENDS


def key(event: EventEnvelope) -> RolloutKey | None:
    """The rollout that `event` is about; None where there is none."""
    number: int | None = getattr(event.message, "rollout", None)
    return None if number is None else (event.model or "", number)


def project(row: RolloutRow | None, event: EventEnvelope) -> RolloutRow:
    """The row after `event`; LookupError when it cannot follow."""
    if isinstance(event.message, RolloutStarted):
        if row is not None:
            raise LookupError(f"rollout {row.rollout} was started already")
        return _first(event, event.message)
    if row is None or not row.live:
        raise LookupError("the rollout is not live")
    found = _document(getattr(event.message, "finding", None))
    row = replace(
        row,
        moved_off=event.position.offset,
        moved_at=event.time,
        finding=row.finding if found is None else found,
    )
    match event.message:
        case RolloutAdvanced(step=step, due=due):
            return replace(row, step=step, due=due, missing=_stage(row, step).approval)
        case RolloutPaused(at=at, cause=cause):
            return replace(row, state="paused", paused_at=at, cause=cause)
        case RolloutResumed(deadline=deadline):
            return replace(row, state="stepping", paused_at=None, cause=None, deadline=deadline)
        case RolloutStepApproved(missing=missing):
            return replace(row, missing=missing)
        case RolloutStepSkipped(step=step, due=due, deadline=deadline):
            return replace(
                row,
                state="stepping",
                step=step,
                due=due,
                deadline=deadline,
                paused_at=None,
                cause=None,
                missing=_stage(row, step).approval,
            )
        case RolloutAborted(cause=cause, reason=reason):
            return _ended(row, event, "aborted", reason, cause)
        case RolloutFinished():
            return _ended(row, event, "promoted" if row.promoted else "finished")
        case VersionPromoted(version=version, watched_until=None):
            promoted = replace(row, promoted=version, promoted_at=event.time, missing={})
            return _ended(promoted, event, "promoted")
        case VersionPromoted(version=version, watched_until=until):
            return replace(
                row,
                state="watching",
                promoted=version,
                promoted_at=event.time,
                due=until or row.due,
                paused_at=None,
                cause=None,
                missing={},
            )
        case VersionRolledBack(reason=reason, cause=cause):
            return _ended(row, event, "rolled_back", reason, cause)
        case EnvironmentCleared(reason=reason):
            return _ended(row, event, "cleared", reason)
        case GlassBroken(reason=reason):
            return _ended(row, event, "replaced", reason)
        case _:
            return row


def _first(event: EventEnvelope, fact: RolloutStarted) -> RolloutRow:
    return RolloutRow(
        model=event.model or "",
        rollout=fact.rollout,
        version=fact.version,
        environment=fact.environment,
        baseline=fact.baseline,
        challengers=fact.challengers,
        plan=fact.plan,
        digest=fact.digest,
        reason=storable(fact.reason),
        requests=fact.requests,
        approved_by=fact.approved_by,
        evidence=fact.evidence,
        rules=fact.rules,
        position=event.position,
        started_at=event.time,
        started_by=fact.started_by,
        due=fact.due,
        deadline=fact.deadline,
        missing=plans.parse(fact.plan).stages[0].approval,
        moved_off=event.position.offset,
        moved_at=event.time,
    )


def _stage(row: RolloutRow, step: int) -> Stage:
    return row.parsed.stages[step]


def _document(finding: RolloutFinding | None) -> dict[str, Any] | None:
    return None if finding is None else finding.model_dump(mode="json", exclude_defaults=True)


def _ended(
    row: RolloutRow, event: EventEnvelope, state: str, reason: str = "", cause: str | None = None
) -> RolloutRow:
    return replace(
        row,
        state=state,
        cause=cause,
        ended_at=event.time,
        ended_by=event.actor,
        ended_reason=storable(reason) or None,
    )


def _row(found: Any) -> RolloutRow:
    values = plain(found)
    for name in ("challengers", "requests", "approved_by"):
        values[name] = tuple(values[name])
    return RolloutRow(**values)


VIEW: Final[Kept[RolloutKey, RolloutRow]] = Kept(
    table=Table(
        "rollouts",
        key={"model": "text", "rollout": "int"},
        fixed={
            "version": "int",
            "environment": "text",
            "baseline": "int",
            "challengers": "jsonb",
            "plan": "jsonb",
            "digest": "text",
            "reason": "text",
            "requests": "jsonb",
            "approved_by": "jsonb",
            "evidence": "text",
            "rules": "int",
            **PLACE,
            "started_at": "timestamptz",
            "started_by": "text",
        },
        changing={
            "state": "text",
            "step": "int",
            "due": "timestamptz",
            "deadline": "timestamptz",
            "paused_at": "timestamptz",
            "missing": "jsonb",
            "promoted": "int",
            "promoted_at": "timestamptz",
            "finding": "jsonb",
            "cause": "text",
            "ended_at": "timestamptz",
            "ended_by": "text",
            "ended_reason": "text",
            "moved_off": "bigint",
            "moved_at": "timestamptz",
        },
    ),
    events=EVENTS,
    begins=RolloutStarted,
    key=key,
    project=project,
    row=_row,
    key_of=lambda row: (row.model, row.rollout),
)


def step_of(event: EventEnvelope) -> Sequence[RolloutStepRow]:
    """The row that `event` adds to the steps of its rollout, if it has one."""
    if (place := key(event)) is None:
        return ()
    fact: Any = event.message
    said = getattr(fact, "reason", None) or getattr(fact, "comment", None)
    started = isinstance(fact, RolloutStarted)
    return (
        RolloutStepRow(
            model=place[0],
            rollout=place[1],
            type=type(fact).__name__,
            step=0 if started else getattr(fact, "step", None),
            version=fact.version,
            cause=getattr(fact, "cause", None),
            reason=storable(said or getattr(fact, "override", None) or ""),
            finding=_document(getattr(fact, "finding", None)),
            position=event.position,
            at=event.time,
            by=event.actor,
        ),
    )


STEPS: Final[Appended[RolloutStepRow]] = Appended(
    table=Table(
        "rollout_steps",
        key={"model": "text", "rollout": "int"},
        fixed={
            "type": "text",
            "step": "int",
            "version": "int",
            "cause": "text",
            "reason": "text",
            "finding": "jsonb",
            **PLACE,
            "at": "timestamptz",
            "by": "text",
        },
    ),
    events=EVENTS,
    project=step_of,
)

# Queries

_SELECT = f"SELECT {VIEW.table.columns} FROM rollouts"  # noqa: S608  # our names


async def get(db: Db, key: str, number: int) -> RolloutRow | None:
    """The model's rollout `number`, or None when there is none."""
    found = await db.fetchrow(f"{_SELECT} WHERE model = $1 AND rollout = $2", key, number)
    return _row(found) if found else None


async def newest(db: Db, key: str, before: int | None = None, limit: int = 100) -> list[RolloutRow]:
    """The model's rollouts, newest first, those before number `before`."""
    rows = await db.fetch(
        f"{_SELECT} WHERE model = $1 AND ($2::int IS NULL OR rollout < $2)"
        " ORDER BY rollout DESC LIMIT $3",
        key,
        before,
        limit,
    )
    return [_row(row) for row in rows]


async def live_of(db: Db, key: str) -> list[RolloutRow]:
    """The model's live rollouts, by environment."""
    rows = await db.fetch(
        f"{_SELECT} WHERE model = $1 AND ended_at IS NULL ORDER BY environment", key
    )
    return [_row(row) for row in rows]


async def live(
    db: Db, *, scope: Scope | None = None, after: RolloutKey = ("", 0), limit: int = 100
) -> list[RolloutRow]:
    """The live rollouts of all models, in order of model and number, those after `after`."""

    async def fetch(start: RolloutRow | None) -> list[RolloutRow]:
        rows = await db.fetch(
            f"{_SELECT} WHERE ended_at IS NULL AND (model, rollout) > ($1, $2)"
            " AND ($3::text[] IS NULL OR model LIKE ANY($3)) ORDER BY model, rollout LIMIT $4",
            *((start.model, start.rollout) if start else after),
            likes(scope),
            limit,
        )
        return [_row(row) for row in rows]

    return await filled(fetch, lambda row: holds(scope, row.model), limit)


async def to_move(db: Db) -> list[RolloutRow]:
    """The live rollouts of models that are not parked."""
    rows = await db.fetch(
        f"{_SELECT} WHERE ended_at IS NULL AND {not_parked('rollouts.model')}"
        " ORDER BY model, rollout"
    )
    return [_row(row) for row in rows]


async def steps(db: Db, key: str, number: int, limit: int = 1000) -> list[RolloutStepRow]:
    """What happened to the model's rollout `number`, oldest first."""
    rows = await db.fetch(
        f"SELECT {STEPS.table.columns} FROM rollout_steps"  # noqa: S608  # our names
        " WHERE model = $1 AND rollout = $2 ORDER BY off LIMIT $3",
        key,
        number,
        limit,
    )
    return [RolloutStepRow(**plain(row)) for row in rows]
