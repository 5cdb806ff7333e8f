"""Moments of the whole log: how far each partition was then, and which rows were there."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from rollbook.readmodel.database import Db
from rollbook.readmodel.offsets import PROJECTION
from rollbook.readmodel.past import Moment, placed, time_of


@dataclass(frozen=True, slots=True)
class Then:
    """A moment of the log."""

    offsets: tuple[int, ...]
    """Of the last record of each partition that counts; -1: none does."""
    time: datetime


When: TypeAlias = Then | None
"""A moment; None: now."""


async def then(db: Db, at: Moment) -> Then:
    """How far each partition was: of records of the same time, the last one still counts.

    A record says exactly how far its own partition was; of the others its time does.
    `UnknownEventError` when there is no record of that id.
    """
    if isinstance(at, UUID):
        at = await placed(db, at)
    if isinstance(at, datetime):
        return Then(await _offsets(db, at), at)
    time = await time_of(db, at)
    offsets = list(await _offsets(db, time))
    if at.partition < len(offsets):
        offsets[at.partition] = at.offset
    return Then(tuple(offsets), time)


async def _offsets(db: Db, time: datetime) -> tuple[int, ...]:
    """The last record of each partition up to a time, by bisection: time never goes back there."""
    rows = await db.fetch(
        "WITH RECURSIVE step (partition, low, high) AS ("
        " SELECT partition, -1::bigint, off - 1 FROM projection_offset WHERE projection = $1"
        " UNION ALL"
        " SELECT s.partition, CASE WHEN r.off IS NULL OR r.time <= $2 THEN m.middle ELSE s.low END,"
        "  CASE WHEN r.off IS NULL OR r.time <= $2 THEN s.high ELSE least(r.off, m.middle) - 1 END"
        " FROM step s CROSS JOIN LATERAL (SELECT (s.low + s.high + 1) / 2 AS middle) m"
        " LEFT JOIN LATERAL (SELECT h.off, h.time FROM history h WHERE h.partition = s.partition"
        "  AND h.off <= m.middle ORDER BY h.off DESC LIMIT 1) r ON true"
        " WHERE s.low < s.high)"
        " SELECT partition, max(low) AS off FROM step WHERE low >= high GROUP BY partition"
        " ORDER BY partition",
        PROJECTION,
        time,
    )
    return tuple(row["off"] for row in rows)


def came(row: str, parameter: int) -> str:
    """The condition that a row's event was there; the parameter holds `Then.offsets`, or null."""
    return f"({_offsets_of(parameter)} IS NULL OR {row}.off <= {_place(row, parameter)})"


def stood(row: str, parameter: int) -> str:
    """The condition that a row with a span held."""
    place = _place(row, parameter)
    return (
        f"CASE WHEN {_offsets_of(parameter)} IS NULL THEN {row}.until_off IS NULL ELSE"
        f" {row}.off <= {place} AND ({row}.until_off IS NULL OR {row}.until_off > {place}) END"
    )


def _offsets_of(parameter: int) -> str:
    return f"${parameter}::bigint[]"


def _place(row: str, parameter: int) -> str:
    return f"coalesce(({_offsets_of(parameter)})[{row}.partition + 1], -1)"
