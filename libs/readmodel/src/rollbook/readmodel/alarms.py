"""The view of alarms: what was found wrong with live data, who has seen it, and when it cleared."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias

from pydantic import TypeAdapter

from rollbook.domain.alarms import (
    DriftAcknowledged,
    DriftCleared,
    DriftDetected,
    DriftFinding,
    Picture,
)
from rollbook.domain.state import AlarmKind
from rollbook.eventlog.envelope import EventEnvelope
from rollbook.readmodel.database import Db, storable
from rollbook.readmodel.place import At
from rollbook.readmodel.scope import Scope, filled, holds, likes, not_parked
from rollbook.readmodel.table import PLACE, Table
from rollbook.readmodel.view import Kept, plain

AlarmKey: TypeAlias = tuple[str, int]
"""Model and number."""
AlarmState: TypeAlias = Literal["open", "cleared"]

_FINDINGS: Final = TypeAdapter(tuple[DriftFinding, ...])
_PICTURES: Final = TypeAdapter(tuple[Picture, ...])


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRow:
    """An alarm; it is quiet until it clears."""

    model: str
    alarm: int
    version: int
    environment: str
    kind: AlarmKind
    findings: tuple[DriftFinding, ...]
    pictures: tuple[Picture, ...]
    begin_: datetime
    """Of the time that was looked at."""
    end_: datetime
    rows: int
    windows: int
    profile: str | None
    raised_at: datetime
    raised_by: str
    state: AlarmState = "open"
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    note: str | None = None
    cleared_at: datetime | None = None
    cleared_by: str | None = None
    reason: str | None = None
    position: At
    """Of the newest event about it."""


def _key(event: EventEnvelope) -> AlarmKey:
    fact: Any = event.message
    return event.model or "", fact.alarm


def project(row: AlarmRow | None, event: EventEnvelope) -> AlarmRow:
    """The row after `event`."""
    fact = event.message
    if isinstance(fact, DriftDetected):
        return _raised(fact, event)
    if row is None:
        raise LookupError(f"the event at {event.position} is about an alarm that was never raised")
    moved = replace(row, position=event.position)
    match fact:
        case DriftAcknowledged(note=note):
            return replace(
                moved,
                acknowledged_at=event.time,
                acknowledged_by=event.actor,
                note=storable(note),
            )
        case DriftCleared(reason=reason):
            return replace(
                moved,
                state="cleared",
                cleared_at=event.time,
                cleared_by=event.actor,
                reason=storable(reason),
            )
        case _:
            return moved


def _raised(fact: DriftDetected, event: EventEnvelope) -> AlarmRow:
    return AlarmRow(
        model=event.model or "",
        alarm=fact.alarm,
        version=fact.version,
        environment=fact.environment,
        kind=fact.kind,
        findings=fact.findings,
        pictures=fact.pictures,
        begin_=fact.window.begin,
        end_=fact.window.end,
        rows=fact.window.rows,
        windows=fact.window.windows,
        profile=fact.profile,
        raised_at=event.time,
        raised_by=event.actor,
        position=event.position,
    )


def _row(found: Any) -> AlarmRow:
    values = plain(found)
    return AlarmRow(
        findings=_FINDINGS.validate_python(values.pop("findings")),
        pictures=_PICTURES.validate_python(values.pop("pictures")),
        **values,
    )


VIEW: Final[Kept[AlarmKey, AlarmRow]] = Kept(
    table=Table(
        "alarms",
        key={"model": "text", "alarm": "int"},
        fixed={
            "version": "int",
            "environment": "text",
            "kind": "text",
            "findings": "jsonb",
            "pictures": "jsonb",
            "begin_": "timestamptz",
            "end_": "timestamptz",
            "rows": "bigint",
            "windows": "bigint",
            "profile": "text",
            "raised_at": "timestamptz",
            "raised_by": "text",
        },
        changing={
            "state": "text",
            "acknowledged_at": "timestamptz",
            "acknowledged_by": "text",
            "note": "text",
            "cleared_at": "timestamptz",
            "cleared_by": "text",
            "reason": "text",
            **PLACE,
        },
        values={
            "findings": lambda row: _FINDINGS.dump_python(row.findings, mode="json"),
            "pictures": lambda row: _PICTURES.dump_python(row.pictures, mode="json"),
        },
    ),
    events=frozenset((DriftDetected, DriftCleared, DriftAcknowledged)),
    begins=DriftDetected,
    key=_key,
    project=project,
    row=_row,
    key_of=lambda row: (row.model, row.alarm),
)

# Queries


async def get(db: Db, model: str, alarm: int) -> AlarmRow | None:
    """One alarm."""
    found = await db.fetchrow(
        f"SELECT {VIEW.table.columns} FROM alarms WHERE model = $1 AND alarm = $2",  # noqa: S608
        model,
        alarm,
    )
    return _row(found) if found is not None else None


async def of(
    db: Db, model: str, *, state: AlarmState | None = None, before: int | None = None, limit: int
) -> list[AlarmRow]:
    """A model's alarms, newest first."""
    rows = await db.fetch(
        f"SELECT {VIEW.table.columns} FROM alarms WHERE model = $1"  # noqa: S608  # our names
        " AND ($2::text IS NULL OR state = $2) AND ($3::int IS NULL OR alarm < $3)"
        " ORDER BY alarm DESC LIMIT $4",
        model,
        state,
        before,
        limit,
    )
    return [_row(row) for row in rows]


async def open_ones(
    db: Db, scope: Scope | None = None, *, after: AlarmKey = ("", 0), limit: int
) -> list[AlarmRow]:
    """The open alarms of all models that may be seen, by model and number."""

    async def fetch(last: AlarmRow | None) -> list[AlarmRow]:
        rows = await db.fetch(
            f"SELECT {VIEW.table.columns} FROM alarms WHERE state = 'open'"  # noqa: S608  # ours
            " AND (model, alarm) > ($1, $2) AND ($3::text[] IS NULL OR model LIKE ANY($3))"
            f" AND {not_parked('alarms.model')} ORDER BY model, alarm LIMIT $4",
            *(after if last is None else (last.model, last.alarm)),
            likes(scope),
            limit,
        )
        return [_row(row) for row in rows]

    return await filled(fetch, lambda row: holds(scope, row.model), limit)
