"""A moment as every partition of the log knows it, for rows that tell when they came and went."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from rollbook.eventlog.position import Position
from rollbook.readmodel.database import Db
from rollbook.readmodel.past import BEGINNING, Moment, UnknownEventError


@dataclass(frozen=True, slots=True)
class Then:
    """A moment; in the partition of the record that it names, the record's place decides."""

    partition: int | None = None
    """-1: it names no record; None: it is now, and whatever was, counts."""
    offset: int | None = None
    time: datetime | None = None


NOW: Final = Then()


async def then(db: Db, at: Moment) -> Then:
    """The moment; `UnknownEventError` when there is no record of that id."""
    if isinstance(at, datetime):
        return Then(-1, -1, at)
    if isinstance(at, UUID):
        found = await db.fetchrow("SELECT partition, off FROM history WHERE id = $1", at)
        if found is None:
            raise UnknownEventError(f"the log has no record {at}, or not yet")
        at = Position(found["partition"], found["off"])
    time = await db.fetchval(
        'SELECT "time" FROM history WHERE partition = $1 AND off <= $2 ORDER BY off DESC LIMIT 1',
        *at,
    )
    return Then(at.partition, at.offset, time or BEGINNING)


def came(row: str, time: str, first: int) -> str:
    """The condition that a row's event was there; the moment is parameters $first to $first+2."""
    p, o, t = _parameters(first)
    return (
        f"({p} IS NULL OR CASE WHEN {row}.partition = {p} THEN {row}.off <= {o}"
        f" ELSE {row}.{time} <= {t} END)"
    )


def stood(row: str, first: int) -> str:
    """The condition that a stay in an environment had begun and not ended."""
    p, o, t = _parameters(first)
    return (
        f"CASE WHEN {p} IS NULL THEN {row}.until_off IS NULL"
        f" WHEN {row}.partition = {p} THEN"
        f" {row}.off <= {o} AND ({row}.until_off IS NULL OR {row}.until_off > {o})"
        f" ELSE {row}.since <= {t} AND ({row}.until IS NULL OR {row}.until > {t}) END"
    )


def _parameters(first: int) -> tuple[str, str, str]:
    return f"${first}::int", f"${first + 1}::bigint", f"${first + 2}::timestamptz"
