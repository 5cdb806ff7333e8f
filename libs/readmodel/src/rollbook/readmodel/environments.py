"""The view of environments: which version stood where, from which moment until which."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias

from rollbook.domain.environments import (
    EnvironmentCleared,
    GlassBroken,
    VersionPromoted,
    VersionRolledBack,
)
from rollbook.eventlog.envelope import EventEnvelope
from rollbook.eventlog.position import Position
from rollbook.readmodel.database import Connection, Db, storable
from rollbook.readmodel.place import At
from rollbook.readmodel.table import PLACE, Table

Spot: TypeAlias = tuple[str, str]
"""Model and environment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentRow:
    """A version that stood in an environment for a while, or stands there now."""

    model: str
    environment: str
    version: int
    action: str
    """The type of the event that put it there: `VersionPromoted`, `VersionRolledBack` or
    `GlassBroken`."""
    replaced: int | None
    """The version that stood there before."""
    reason: str | None = None
    """Why it was rolled back to, or let in past the rules."""
    request: int | None = None
    """The request that was granted."""
    approved_by: tuple[str, ...] = ()
    evidence: str | None = None
    """Digest of the facts that its promotion was decided on."""
    rules: int | None = None
    """The version of the namespace's rules that it was decided by; 0: none were set; None: a
    roll-back, which asks for none."""
    actor: str
    position: At
    """Of the event that put it there."""
    since: datetime
    until_position: At | None = None
    """Of the event that took it away; None while it stands there."""
    until: datetime | None = None


EVENTS: frozenset[type] = frozenset(
    (VersionPromoted, VersionRolledBack, EnvironmentCleared, GlassBroken)
)


def spot(event: EventEnvelope) -> Spot:
    """The environment that one of `EVENTS` changes."""
    return event.model or "", event.message.environment  # type: ignore[union-attr,return-value]  # all events here have one


def project(standing: EnvironmentRow | None, event: EventEnvelope) -> Sequence[EnvironmentRow]:
    """The rows that `event` changes: what stood there until now, and what stands there from now.

    LookupError when it cannot follow: a version is taken out that does not stand there.
    """
    model, environment = spot(event)
    left = standing.version if standing else None
    ended = [replace(standing, until_position=event.position, until=event.time)] if standing else []
    opened = EnvironmentRow(
        model=model,
        environment=environment,
        version=0,
        action=type(event.message).__name__,
        replaced=left,
        actor=event.actor,
        position=event.position,
        since=event.time,
    )
    match event.message:
        case VersionPromoted() as fact:
            opened = replace(
                opened,
                version=fact.version,
                request=fact.request,
                approved_by=fact.approved_by,
                evidence=fact.evidence,
                rules=fact.rules,
            )
        case GlassBroken(version=number, reason=reason, rules=rules):
            opened = replace(opened, version=number, reason=storable(reason), rules=rules)
        case VersionRolledBack(version=taken, restored=number, reason=reason):
            _check_stands(taken, left, environment)
            opened = replace(opened, version=number, reason=storable(reason))
        case EnvironmentCleared(version=taken):
            _check_stands(taken, left, environment)
            return ended
        case _:
            return ()
    return (*ended, opened)


def _check_stands(taken: int, stands: int | None, environment: str) -> None:
    if taken != stands:
        raise LookupError(f"version {taken} does not stand in {environment}")


TABLE: Table[EnvironmentRow] = Table(
    "environments",
    key={"model": "text", "environment": "text", "off": PLACE["off"]},
    fixed={
        "version": "int",
        "action": "text",
        "replaced": "int",
        "reason": "text",
        "request": "int",
        "approved_by": "jsonb",
        "evidence": "text",
        "rules": "int",
        "actor": "text",
        "partition": PLACE["partition"],
        "since": "timestamptz",
    },
    changing={"until_off": "bigint", "until": "timestamptz"},
    values={"until_off": lambda row: row.until_position and row.until_position.offset},
)


# Queries


def _row(found: Any) -> EnvironmentRow:
    values = dict(found)
    partition, until = values.pop("partition"), values.pop("until_off")
    return EnvironmentRow(
        position=Position(partition, values.pop("off")),
        until_position=Position(partition, until) if until is not None else None,
        approved_by=tuple(values.pop("approved_by")),
        **values,
    )


async def now(db: Db, key: str) -> list[EnvironmentRow]:
    """What stands in each environment of the model now, in alphabetical order."""
    rows = await db.fetch(
        "SELECT * FROM environments WHERE model = $1 AND until_off IS NULL ORDER BY environment",
        key,
    )
    return [_row(row) for row in rows]


async def as_of(db: Db, key: str, offset: int) -> list[EnvironmentRow]:
    """What stood in each environment of the model after the record at an offset of its partition.

    See `past.until` for other ways to name a moment. The rows also tell until when it stood.
    """
    rows = await db.fetch(
        "SELECT * FROM environments WHERE model = $1 AND off <= $2"
        " AND (until_off IS NULL OR until_off > $2) ORDER BY environment",
        key,
        offset,
    )
    return [_row(row) for row in rows]


async def stays(
    db: Db, key: str, environment: str | None = None, limit: int = 100
) -> list[EnvironmentRow]:
    """Every stay in the model's environments, or in one of them, newest first."""
    rows = await db.fetch(
        "SELECT * FROM environments WHERE model = $1 AND ($2::text IS NULL OR environment = $2)"
        " ORDER BY off DESC LIMIT $3",
        key,
        environment,
        limit,
    )
    return [_row(row) for row in rows]


# What the projector reads and writes


async def load(db: Connection, spots: Collection[Spot]) -> dict[Spot, EnvironmentRow]:
    """What stands in those of `spots` that are taken."""
    rows = await db.fetch(
        "SELECT e.* FROM environments e JOIN unnest($1::text[], $2::text[]) s (model, environment)"
        " USING (model, environment) WHERE e.until_off IS NULL",
        *map(list, zip(*spots, strict=True)),
    )
    return {(row["model"], row["environment"]): _row(row) for row in rows}


async def save(
    db: Connection, ended: Sequence[EnvironmentRow], begun: Sequence[EnvironmentRow]
) -> None:
    """Write the ends of stays that the tables hold, and then new stays, ended or not."""
    if ended:
        await TABLE.update(db, ended)
    if begun:
        await TABLE.insert(db, begun)
