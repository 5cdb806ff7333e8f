"""What happened to one version, each event as a sentence; read from the history."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

from pydantic import JsonValue

from rollbook.eventlog.position import Position
from rollbook.eventlog.sentences import sentence
from rollbook.readmodel.database import Db
from rollbook.readmodel.history import LAST, HistoryRow, row_of
from rollbook.readmodel.place import At


@dataclass(frozen=True, slots=True)
class Told:
    """A record with the digest by which the stream's next event names it."""

    row: HistoryRow
    digest: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """An event in a sentence, with all that finds it in the log and proves it."""

    sentence: str
    reason: str | None
    """Why, in the words of who did it: a reason, a comment or a note."""
    type: str
    time: datetime
    actor: str
    stream: str | None
    """The model, or the namespace, that it happened to."""
    position: At
    id: str
    seq: int
    prev: str | None
    """SHA-256 (hexadecimal) of the stream's event before it."""
    digest: str | None
    """Its own SHA-256: what the next event's `prev` says."""
    command_id: str | None
    correlation_id: str | None
    causation_id: str | None
    """Id of the command or the event that it was done because of."""
    origin: str | None
    """Where it was imported from."""
    origin_time: datetime | None


Shape = TypeVar("Shape", bound=Happening)


def happening(told: Told) -> Happening:
    """The event in words."""
    return shaped(Happening, told)


def shaped(shape: type[Shape], told: Told, **more: Any) -> Shape:
    """The event in words, and `more` that is said of it."""
    row = told.row
    same: Any = {name: getattr(row, name) for name in _SAME}
    said: Any = {
        "sentence": sentence(row.type, row.data),
        "reason": _reason(row.data),
        "stream": row.model,
        "digest": told.digest,
    }
    return shape(**same, **said, **more)


_SAME: Final = (
    "type",
    "time",
    "actor",
    "position",
    "id",
    "seq",
    "prev",
    "command_id",
    "correlation_id",
    "causation_id",
    "origin",
    "origin_time",
)


def _reason(data: dict[str, JsonValue]) -> str | None:
    said = (data.get(name) for name in ("reason", "comment", "note"))
    return next((text for text in said if text and isinstance(text, str)), None)


# Queries

_DIGEST: Final = (
    "coalesce((SELECT n.prev FROM history n WHERE n.model = h.model AND n.off > h.off"
    " AND n.prev IS NOT NULL ORDER BY n.off LIMIT 1),"
    " (SELECT head FROM models m WHERE m.key = h.model),"
    " (SELECT head FROM namespaces s WHERE s.namespace = h.model)) AS digest"
)
_SELECT: Final = f"SELECT h.*, {_DIGEST} FROM history h"  # noqa: S608  # our names
_REGISTERED: Final = "(SELECT off FROM versions v WHERE v.model = $1 AND v.version = $2)"
_OF_VERSION: Final = f"""
    h.model = $1 AND h.off <= $3 AND h.off >= {_REGISTERED} AND (h.off = {_REGISTERED}
        OR h.type NOT IN ('VersionRegistered', 'CommandConfirmed') AND (
            h.data->>'version' = $2::int::text
            OR h.type IN ('VersionRolledBack', 'RollbackRehearsed')
                AND h.data->>'restored' = $2::int::text
            OR h.type IN ('VersionPromoted', 'GlassBroken', 'AliasSet')
                AND h.data->>'replaced' = $2::int::text
            OR h.type = 'PromotionCommented' AND (h.data->>'request')::int IN
                (SELECT request FROM requests r WHERE r.model = $1 AND r.version = $2)
            OR h.type = 'BreakGlassReviewed' AND (h.data->>'number')::int IN
                (SELECT number FROM breaks b WHERE b.model = $1 AND b.version = $2)))
"""  # noqa: S608  # most of a long history are other versions' registrations, which need not be looked into


def _told(found: Any) -> Told:
    return Told(row_of(found), found["digest"])


async def of_version(
    db: Db,
    key: str,
    version: int,
    after: Position | None = None,
    limit: int | None = None,
    *,
    until: int = LAST,
) -> list[Told]:
    """The events about a version in order, those after `after`, up to the offset `until`."""
    rows = await db.fetch(
        f"{_SELECT} WHERE {_OF_VERSION} AND h.off > $4 ORDER BY h.off LIMIT $5",
        key,
        version,
        until,
        after.offset if after else -1,
        limit,
    )
    return [_told(row) for row in rows]


async def standing(db: Db, places: Sequence[Position]) -> list[Told]:
    """The records at some places, in the order of the log."""
    rows = await db.fetch(
        f"{_SELECT} JOIN unnest($1::int[], $2::bigint[]) p (partition, off)"
        " USING (partition, off) ORDER BY h.off",
        [place.partition for place in places],
        [place.offset for place in places],
    )
    return [_told(row) for row in rows]


async def classified(db: Db, key: str, until: int = LAST) -> list[Told]:
    """The event that last said, up to an offset, what the risk of the model is."""
    if await db.fetchval("SELECT risk FROM models WHERE key = $1", key) is None:
        return []  # there is none to look for
    rows = await db.fetch(
        f"{_SELECT} WHERE h.model = $1 AND h.type = 'ModelClassified' AND h.off <= $2"
        " ORDER BY h.off DESC LIMIT 1",
        key,
        until,
    )
    return [_told(row) for row in rows]


async def rules_set(db: Db, namespace: str, version: object) -> list[Told]:
    """The event that set a version of a namespace's rules."""
    rows = await db.fetch(
        f"{_SELECT} WHERE h.model = $1 AND h.type = 'RulesSet' AND h.data->>'version' = $2",
        namespace,
        str(version),
    )
    return [_told(row) for row in rows]


async def retrained(db: Db, key: str, ended: Sequence[Told], until: int = LAST) -> list[Told]:
    """Who asked for the retrainings that ended, and the alarms that they are because of."""
    rows = await db.fetch(
        f"{_SELECT} WHERE h.model = $1 AND h.off <= $3"  # noqa: S608  # our names
        " AND (h.type = 'RetrainingRequested' AND (h.data->>'retraining')::int = ANY($2)"
        " OR h.type = 'DriftDetected' AND (h.data->>'alarm')::int IN"
        " (SELECT alarm FROM retrainings r WHERE r.model = $1 AND r.retraining = ANY($2)))"
        " ORDER BY h.off",
        key,
        [told.row.data["retraining"] for told in ended],
        until,
    )
    return [_told(row) for row in rows]


async def causing(db: Db, ids: Sequence[str]) -> list[Told]:
    """The events, of any stream, whose own id or whose command's id is one of `ids`."""
    rows = await db.fetch(
        f"{_SELECT} WHERE (h.id = ANY($1::uuid[]) OR h.command_id = ANY($1::uuid[]))"
        " AND h.type NOT LIKE 'Command%' ORDER BY h.\"time\", h.partition, h.off",
        ids,
    )
    return [_told(row) for row in rows]
