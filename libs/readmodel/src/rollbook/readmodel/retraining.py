"""The views of retraining: when each model is trained anew, and what came of it each time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, TypeAlias

from rollbook.domain.retraining import (
    RetrainingEnded,
    RetrainingRequested,
    RetrainingSet,
    RetrainingStarted,
)
from rollbook.eventlog.envelope import EventEnvelope
from rollbook.readmodel.database import Db, storable
from rollbook.readmodel.place import At
from rollbook.readmodel.table import PLACE, Table
from rollbook.readmodel.view import Kept, plain

RetrainingKey: TypeAlias = tuple[str, int]
"""Model and number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrainingPolicyRow:
    """When a model is trained anew."""

    model: str
    version: int
    digest: str
    document: dict[str, Any] | None
    """A `RetrainingPolicy`, as JSON has it; None: never."""
    position: At
    set_at: datetime
    set_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrainingRow:
    """A retraining, and what came of it."""

    model: str
    retraining: int
    """Counts the model's from 1."""
    id: str
    """Of the event that asked for it: under this name the pipeline is called."""
    alarm: int | None
    version: int | None
    """Whose alarm it is."""
    environment: str | None
    reason: str
    pipeline: str
    parameters: dict[str, str]
    deadline: datetime
    after: int
    """How many versions there were: a candidate is a later one."""
    policy: int
    """The version of the policy that it was decided by."""
    position: At
    requested_at: datetime
    requested_by: str
    state: str = "requested"
    """`requested`, `running`, `candidate`, `empty`, `failed`, `lost` or `cancelled`."""
    run: str | None = None
    """As the pipeline calls it."""
    url: str | None = None
    candidate: int | None = None
    """The version that it has registered."""
    note: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None


def project_policy(_: RetrainingPolicyRow | None, event: EventEnvelope) -> RetrainingPolicyRow:
    """The row after `event`."""
    fact: Any = event.message
    return RetrainingPolicyRow(
        model=event.model or "",
        version=fact.version,
        digest=fact.digest,
        document=fact.document,
        position=event.position,
        set_at=event.time,
        set_by=event.actor,
    )


def _key(event: EventEnvelope) -> RetrainingKey:
    fact: Any = event.message
    return event.model or "", fact.retraining


def project(row: RetrainingRow | None, event: EventEnvelope) -> RetrainingRow:
    """The row after `event`; LookupError when it cannot follow."""
    match event.message:
        case RetrainingRequested() as fact if row is None:
            return _first(event, fact)
        case RetrainingStarted(run=run, url=url) if row is not None:
            return replace(row, state="running", run=run, url=url, started_at=event.time)
        case RetrainingEnded() as end if row is not None and row.ended_at is None:
            return replace(
                row,
                state=end.outcome,
                candidate=end.version,
                note=storable(end.note),
                ended_at=end.ended_at,
            )
        case _:
            raise LookupError("the retraining does not run")


def _first(event: EventEnvelope, fact: RetrainingRequested) -> RetrainingRow:
    return RetrainingRow(
        model=event.model or "",
        retraining=fact.retraining,
        id=event.id,
        alarm=fact.alarm,
        version=fact.version,
        environment=fact.environment,
        reason=storable(fact.reason),
        pipeline=fact.pipeline,
        parameters=fact.parameters,
        deadline=fact.deadline,
        after=fact.after,
        policy=fact.policy,
        position=event.position,
        requested_at=fact.requested_at,
        requested_by=fact.requested_by,
    )


POLICIES: Final[Kept[str, RetrainingPolicyRow]] = Kept(
    table=Table(
        "retraining",
        key={"model": "text"},
        fixed={},
        changing={
            "version": "int",
            "digest": "text",
            "document": "jsonb",
            **PLACE,
            "set_at": "timestamptz",
            "set_by": "text",
        },
    ),
    events=frozenset((RetrainingSet,)),
    begins=None,
    key=lambda event: event.model or "",
    project=project_policy,
    row=lambda found: RetrainingPolicyRow(**plain(found)),
    key_of=lambda row: row.model,
)


def _row(found: Any) -> RetrainingRow:
    values = plain(found)
    return RetrainingRow(**{**values, "id": str(values["id"])})


VIEW: Final[Kept[RetrainingKey, RetrainingRow]] = Kept(
    table=Table(
        "retrainings",
        key={"model": "text", "retraining": "int"},
        fixed={
            "id": "uuid",
            "alarm": "int",
            "version": "int",
            "environment": "text",
            "reason": "text",
            "pipeline": "text",
            "parameters": "jsonb",
            "deadline": "timestamptz",
            "after": "int",
            "policy": "int",
            **PLACE,
            "requested_at": "timestamptz",
            "requested_by": "text",
        },
        changing={
            "state": "text",
            "run": "text",
            "url": "text",
            "candidate": "int",
            "note": "text",
            "started_at": "timestamptz",
            "ended_at": "timestamptz",
        },
    ),
    events=frozenset((RetrainingRequested, RetrainingStarted, RetrainingEnded)),
    begins=RetrainingRequested,
    key=_key,
    project=project,
    row=_row,
    key_of=lambda row: (row.model, row.retraining),
)

# Queries

_SELECT = f"SELECT {VIEW.table.columns} FROM retrainings"  # noqa: S608  # our names
_POLICY = f"SELECT {POLICIES.table.columns} FROM retraining"  # noqa: S608  # our names


async def policy(db: Db, key: str) -> RetrainingPolicyRow | None:
    """When the model is trained anew, or None where nobody has ever said so."""
    found = await db.fetchrow(f"{_POLICY} WHERE model = $1", key)
    return POLICIES.row(found) if found else None


async def get(db: Db, key: str, number: int) -> RetrainingRow | None:
    """The model's retraining `number`, or None when there is none."""
    found = await db.fetchrow(f"{_SELECT} WHERE model = $1 AND retraining = $2", key, number)
    return _row(found) if found else None


async def newest(
    db: Db, key: str, before: int | None = None, limit: int = 100
) -> list[RetrainingRow]:
    """The model's retrainings, newest first, those before number `before`."""
    rows = await db.fetch(
        f"{_SELECT} WHERE model = $1 AND ($2::int IS NULL OR retraining < $2)"
        " ORDER BY retraining DESC LIMIT $3",
        key,
        before,
        limit,
    )
    return [_row(row) for row in rows]


async def unended(db: Db, limit: int = 1000) -> list[RetrainingRow]:
    """The retrainings of all models that have not ended, oldest first."""
    rows = await db.fetch(
        f"{_SELECT} WHERE ended_at IS NULL ORDER BY requested_at, model LIMIT $1", limit
    )
    return [_row(row) for row in rows]


async def candidate(db: Db, key: str, after: int, runs: Sequence[str]) -> int | None:
    """The first version later than `after` whose lineage names one of `runs`."""
    found: int | None = await db.fetchval(
        "SELECT min(version) FROM versions WHERE model = $1 AND version > $2"
        " AND facts #>> '{lineage,run_id}' = ANY($3)",
        key,
        after,
        [*runs],
    )
    return found


async def versions_since(db: Db, key: str, after: int) -> int:
    """How many versions were registered later than version `after`."""
    count: int = await db.fetchval(
        "SELECT count(*) FROM versions WHERE model = $1 AND version > $2", key, after
    )
    return count
