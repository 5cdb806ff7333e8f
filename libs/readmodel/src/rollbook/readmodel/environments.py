"""The view of environments: which version stood where, from which moment until which."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias

from rollbook.domain.environments import VersionPromoted, VersionRolledBack
from rollbook.eventlog.envelope import EventEnvelope
from rollbook.eventlog.position import Position
from rollbook.readmodel.database import Connection, Db, storable
from rollbook.readmodel.place import At

Spot: TypeAlias = tuple[str, str]
"""Model and environment."""


class OtherPartitionError(ValueError):
    """A model's history can only be asked by positions of the partition that it lives in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentRow:
    """A version that stood in an environment for a while, or stands there now."""

    model: str
    environment: str
    version: int
    action: str
    """The type of the event that put it there: `VersionPromoted` or `VersionRolledBack`."""
    replaced: int | None
    """The version that stood there before."""
    reason: str | None
    """Why it was rolled back to."""
    actor: str
    position: At
    """Of the event that put it there."""
    since: datetime
    until_position: At | None = None
    """Of the event that took it away; None while it stands there."""
    until: datetime | None = None


def spot(event: EventEnvelope) -> Spot | None:
    """The environment that `event` changes."""
    match event.message:
        case VersionPromoted(environment=environment) | VersionRolledBack(environment=environment):
            return event.model or "", environment
        case _:
            return None


def project(standing: EnvironmentRow | None, event: EventEnvelope) -> Sequence[EnvironmentRow]:
    """The rows that `event` changes: what stood there until now, and what stands there from now.

    LookupError when it cannot follow: a version is rolled back that does not stand there.
    """
    match event.message:
        case VersionPromoted(version=number, environment=environment):
            replaced, reason = standing.version if standing else None, None
        case VersionRolledBack(restored=number, environment=environment, reason=reason):
            replaced = event.message.version
            if standing is None or standing.version != replaced:
                raise LookupError(f"version {replaced} does not stand in {environment}")
            reason = storable(reason)
        case _:
            return ()
    opened = EnvironmentRow(
        model=event.model or "",
        environment=environment,
        version=number,
        action=type(event.message).__name__,
        replaced=replaced,
        reason=reason,
        actor=event.actor,
        position=event.position,
        since=event.time,
    )
    if standing is None:
        return (opened,)
    return replace(standing, until_position=event.position, until=event.time), opened


# Queries


def _row(found: Any) -> EnvironmentRow:
    values = dict(found)
    partition, until = values.pop("partition"), values.pop("until_off")
    return EnvironmentRow(
        position=Position(partition, values.pop("off")),
        until_position=Position(partition, until) if until is not None else None,
        **values,
    )


async def now(db: Db, key: str) -> list[EnvironmentRow]:
    """What stands in each environment of the model now, in alphabetical order."""
    rows = await db.fetch(
        "SELECT * FROM environments WHERE model = $1 AND until_off IS NULL ORDER BY environment",
        key,
    )
    return [_row(row) for row in rows]


async def as_of(db: Db, key: str, at: datetime | Position) -> list[EnvironmentRow]:
    """What stood in each environment of the model at a moment, or after the record at a position.

    Of events of the same time the last one holds. `OtherPartitionError` when the position is of
    a partition in which the model does not live.
    """
    if isinstance(at, Position):
        lives = await db.fetchval("SELECT partition FROM models WHERE key = $1", key)
        if lives is not None and lives != at.partition:
            raise OtherPartitionError(
                f"{key} lives in partition {lives}, and {at} is a position of another one"
            )
        rows = await db.fetch(
            "SELECT * FROM environments WHERE model = $1 AND off <= $2"
            " AND (until_off IS NULL OR until_off > $2) ORDER BY environment",
            key,
            at.offset,
        )
    else:
        # Who came and went in the same instant has an empty interval, which holds no moment.
        rows = await db.fetch(
            "SELECT * FROM environments WHERE model = $1 AND since <= $2"
            " AND (until IS NULL OR until > $2) ORDER BY environment",
            key,
            at,
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
        await db.execute(
            "UPDATE environments e SET until_off = n.until_off, until = n.until"
            " FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::timestamptz[])"
            " AS n (model, environment, off, until_off, until)"
            " WHERE (e.model, e.environment, e.off) = (n.model, n.environment, n.off)",
            [row.model for row in ended],
            [row.environment for row in ended],
            [row.position.offset for row in ended],
            [row.until_position and row.until_position.offset for row in ended],
            [row.until for row in ended],
        )
    if begun:
        await db.copy_records_to_table(
            "environments",
            columns=_COLUMNS,
            records=[
                (
                    row.model,
                    row.environment,
                    row.version,
                    row.action,
                    row.replaced,
                    row.reason,
                    row.actor,
                    *row.position,
                    row.since,
                    row.until_position and row.until_position.offset,
                    row.until,
                )
                for row in begun
            ],
        )


_COLUMNS = (
    "model",
    "environment",
    "version",
    "action",
    "replaced",
    "reason",
    "actor",
    "partition",
    "off",
    "since",
    "until_off",
    "until",
)
