"""The view of history: every record of the log, except the writers' claims."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pydantic import JsonValue

from rollbook.eventlog.envelope import EventEnvelope
from rollbook.eventlog.partition import UNKNOWN_ACTOR
from rollbook.eventlog.position import Position
from rollbook.readmodel.database import Connection, Db, is_storable
from rollbook.readmodel.place import At


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    """A record of the log, in the shape of `records.as_json`."""

    position: At
    id: str
    type: str
    model: str | None
    """The stream's key: `namespace/name`, or a namespace."""
    seq: int
    time: datetime
    actor: str
    command_id: str | None
    correlation_id: str | None
    causation_id: str | None
    claim: int
    prev: str | None
    origin: str | None
    """Where it was imported from."""
    origin_time: datetime | None
    """When it happened there."""
    data: dict[str, JsonValue]


LAST: Final = 2**63 - 1
"""An offset that no record has."""

COLUMNS = (
    "partition",
    "off",
    "model",
    "seq",
    "type",
    "time",
    "actor",
    "id",
    "command_id",
    "correlation_id",
    "causation_id",
    "claim",
    "prev",
    "origin",
    "origin_time",
    "schema",
    "data",
    "raw",
)


def project(event: EventEnvelope, value: bytes) -> tuple[object, ...]:
    """The row of a record, in the order of `COLUMNS`; `value` is its value as it stands there."""
    own = event.command_id
    return (
        *event.position,
        event.model,
        event.seq,
        type(event.message).__name__,
        event.time,
        event.actor,
        event.id,
        own,
        event.correlation_id if event.correlation_id != own else None,
        event.causation_id if event.causation_id != own else None,
        event.claim,
        event.prev or None,
        event.origin,
        event.origin_time,
        event.schema,
        value,
        None if is_storable(value) else value,
    )


# Queries

_SELECT = (
    'SELECT partition, off, model, seq, type, "time", actor, id, command_id, correlation_id,'
    " causation_id, claim, prev, origin, origin_time, data FROM history"
)


def row_of(found: Any) -> HistoryRow:
    """The row that a record of `history` holds."""
    command_id: UUID | None = found["command_id"]
    own = str(command_id) if command_id else None
    return HistoryRow(
        position=Position(found["partition"], found["off"]),
        id=str(found["id"]),
        type=found["type"],
        model=found["model"],
        seq=found["seq"],
        time=found["time"],
        actor=found["actor"],
        command_id=own,
        correlation_id=found["correlation_id"] or own,
        causation_id=found["causation_id"] or own,
        claim=found["claim"],
        prev=found["prev"],
        origin=found["origin"],
        origin_time=found["origin_time"],
        data=found["data"],
    )


async def at(db: Db, position: Position) -> HistoryRow | None:
    """The record at a position, or None when none is there or it is a claim."""
    found = await db.fetchrow(f"{_SELECT} WHERE partition = $1 AND off = $2", *position)
    return row_of(found) if found else None


async def page(
    db: Db,
    key: str,
    after: Position | None = None,
    limit: int = 100,
    *,
    until: int = LAST,
) -> list[HistoryRow]:
    """The stream's records in order, those after the position `after`, up to the offset `until`."""
    rows = await db.fetch(
        f"{_SELECT} WHERE model = $1 AND off > $2 AND off <= $4 ORDER BY off LIMIT $3",
        key,
        after.offset if after else -1,
        limit,
        until,
    )
    return [row_of(row) for row in rows]


async def newest(
    db: Db,
    key: str,
    before: Position | None = None,
    limit: int = 100,
    *,
    until: int = LAST,
) -> list[HistoryRow]:
    """The stream's records, newest first, before the position `before`, from offset `until` on."""
    rows = await db.fetch(
        f"{_SELECT} WHERE model = $1 AND off <= $2 ORDER BY off DESC LIMIT $3",
        key,
        min(until, before.offset - 1) if before else until,
        limit,
    )
    return [row_of(row) for row in rows]


async def outcome_of(db: Db, command_id: str | UUID) -> HistoryRow | None:
    """The outcome of a command, or None when there is none (yet).

    A repeat was answered by its first outcome; a refusal of a sender that nobody knew counts only
    where nothing else does.
    """
    found = await db.fetchrow(
        f"{_SELECT} WHERE command_id = $1 AND type <> 'CommandRepeated'"
        ' ORDER BY actor = $2, "time", partition, off LIMIT 1',
        UUID(str(command_id)),
        UNKNOWN_ACTOR,
    )
    return row_of(found) if found else None


# What the projector writes


async def save(db: Connection, rows: Sequence[tuple[object, ...]]) -> None:
    """Append rows as `project` makes them."""
    await db.copy_records_to_table("history", columns=COLUMNS, records=rows)
