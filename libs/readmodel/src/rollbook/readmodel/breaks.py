"""The view of broken glasses: who let what past which rules, and what was said of it afterwards."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias

from rollbook.domain.environments import BreakGlassReviewed, GlassBroken
from rollbook.eventlog.envelope import EventEnvelope
from rollbook.readmodel.database import Db, storable
from rollbook.readmodel.place import At
from rollbook.readmodel.scope import Scope, filled, holds, likes
from rollbook.readmodel.table import PLACE, Table
from rollbook.readmodel.view import Kept, plain

BreakKey: TypeAlias = tuple[str, int]
"""Model and number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakRow:
    """A broken glass."""

    model: str
    number: int
    """Counts the model's from 1."""
    version: int
    environment: str
    replaced: int | None
    reason: str
    bypassed: tuple[str, ...]
    """Codes of the rules that it was let past."""
    rules: int
    """The version of the namespace's rules at that moment."""
    position: At
    broken_at: datetime
    broken_by: str
    verdict: str | None = None
    """`justified` or `unjustified`; None until somebody else has reviewed it."""
    note: str | None = None
    reviewed_at: datetime | None = None
    reviewed_by: str | None = None


def key(event: EventEnvelope) -> BreakKey:
    """The broken glass that `event` is about."""
    return event.model or "", event.message.number  # type: ignore[union-attr]  # all events here have one


def project(row: BreakRow | None, event: EventEnvelope) -> BreakRow:
    """The row after `event`; LookupError when it cannot follow."""
    match event.message:
        case GlassBroken() as fact if row is None:
            return BreakRow(
                model=event.model or "",
                number=fact.number,
                version=fact.version,
                environment=fact.environment,
                replaced=fact.replaced,
                reason=storable(fact.reason),
                bypassed=fact.bypassed,
                rules=fact.rules,
                position=event.position,
                broken_at=event.time,
                broken_by=fact.broken_by,
            )
        case BreakGlassReviewed(verdict=verdict, note=note) if row is not None:
            return replace(
                row,
                verdict=verdict,
                note=storable(note),
                reviewed_at=event.time,
                reviewed_by=event.actor,
            )
        case _:
            raise LookupError("the glass was broken already, or never")


def _row(found: Any) -> BreakRow:
    values = plain(found)
    return BreakRow(bypassed=tuple(values.pop("bypassed")), **values)


VIEW: Kept[BreakKey, BreakRow] = Kept(
    table=Table(
        "breaks",
        key={"model": "text", "number": "int"},
        fixed={
            "version": "int",
            "environment": "text",
            "replaced": "int",
            "reason": "text",
            "bypassed": "jsonb",
            "rules": "int",
            **PLACE,
            "broken_at": "timestamptz",
            "broken_by": "text",
        },
        changing={
            "verdict": "text",
            "note": "text",
            "reviewed_at": "timestamptz",
            "reviewed_by": "text",
        },
    ),
    events=frozenset((GlassBroken, BreakGlassReviewed)),
    begins=GlassBroken,
    key=key,
    project=project,
    row=_row,
    key_of=lambda row: (row.model, row.number),
)

# Queries

_SELECT = f"SELECT {VIEW.table.columns} FROM breaks"  # noqa: S608  # our names


async def get(db: Db, key: str, number: int) -> BreakRow | None:
    """The model's broken glass `number`, or None when there is none."""
    found = await db.fetchrow(f"{_SELECT} WHERE model = $1 AND number = $2", key, number)
    return _row(found) if found else None


async def newest(db: Db, key: str, before: int | None = None, limit: int = 100) -> list[BreakRow]:
    """The model's broken glasses, newest first, those before number `before`."""
    rows = await db.fetch(
        f"{_SELECT} WHERE model = $1 AND ($2::int IS NULL OR number < $2)"
        " ORDER BY number DESC LIMIT $3",
        key,
        before,
        limit,
    )
    return [_row(row) for row in rows]


async def unreviewed(
    db: Db, *, scope: Scope | None = None, after: BreakRow | None = None, limit: int = 100
) -> list[BreakRow]:
    """Broken glasses that nobody has reviewed yet, oldest first, those after `after`."""

    async def fetch(start: BreakRow | None) -> list[BreakRow]:
        last = start or after
        rows = await db.fetch(
            f"{_SELECT} WHERE verdict IS NULL AND ($1::text[] IS NULL OR model LIKE ANY($1))"
            " AND ($2::timestamptz IS NULL OR (broken_at, model, number) > ($2, $3, $4))"
            " ORDER BY broken_at, model, number LIMIT $5",
            likes(scope),
            last and last.broken_at,
            last and last.model,
            last and last.number,
            limit,
        )
        return [_row(row) for row in rows]

    return await filled(fetch, lambda row: holds(scope, row.model), limit)
