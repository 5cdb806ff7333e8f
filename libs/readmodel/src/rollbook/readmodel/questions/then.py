"""A moment of the whole log: which record of each partition is the last one that counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from rollbook.eventlog.position import Position
from rollbook.readmodel.database import Db
from rollbook.readmodel.history import LAST
from rollbook.readmodel.offsets import PROJECTION
from rollbook.readmodel.past import BEGINNING, Moment, UnknownEventError

ENDS = (
    '(SELECT u.*, $3::timestamptz AS "time"'
    " FROM unnest($1::int[], $2::bigint[]) AS u (partition, last)) o"
)
"""A moment as the queries of questions join it: the end of each partition, and its time."""


@dataclass(frozen=True, slots=True)
class Then:
    """A moment, and where it ends each partition."""

    time: datetime
    ends: Mapping[int, int]
    """Partition -> offset of the last record that counts; -1: none does."""
    moment: Moment | None = None
    """What it was asked for as; None: now."""

    @property
    def is_now(self) -> bool:
        """Whether every record counts."""
        return self.moment is None

    @property
    def arguments(self) -> tuple[list[int], list[int], datetime]:
        """The first three parameters of a question's query."""
        return list(self.ends), list(self.ends.values()), self.time

    def stands(self, stay: str) -> str:
        """The condition that a row of `environments` stands, of those that had begun by then."""
        over = f"{stay}.until_off"
        return f"{over} IS NULL" if self.is_now else f"({over} IS NULL OR {over} > o.last)"

    def serves_in(self, version: str) -> str:
        """The environments in which a row with model and version served."""
        return (
            "ARRAY(SELECT s.environment FROM environments s WHERE (s.model, s.version) ="  # noqa: S608  # our names
            f" ({version}.model, {version}.version) AND s.off <= o.last AND {self.stands('s')}"
            " ORDER BY 1)"
        )


async def now(db: Db, time: datetime) -> Then:
    """Everything that the tables hold; `time` is what the clock says."""
    rows = await db.fetch(
        "SELECT partition FROM projection_offset WHERE projection = $1 ORDER BY 1", PROJECTION
    )
    return Then(time, {row["partition"]: LAST for row in rows})


async def at(db: Db, moment: Moment) -> Then:
    """All records up to a moment; of records of the same time all count.

    As a record left it, by its place or its id: its own partition ends with it, and for the others
    its time counts, as partitions have no order but that one. `UnknownEventError` when there is no
    record of that id.
    """
    place = await _placed(db, moment) if isinstance(moment, UUID) else moment
    if isinstance(place, datetime):
        return Then(place, await _ends(db, place), moment)
    time = await db.fetchval(
        'SELECT "time" FROM history WHERE partition = $1 AND off <= $2 ORDER BY off DESC LIMIT 1',
        *place,
    )
    found: datetime = time or BEGINNING
    return Then(found, {**await _ends(db, found), place.partition: place.offset}, moment)


async def _placed(db: Db, event: UUID) -> Position:
    found = await db.fetchrow("SELECT partition, off FROM history WHERE id = $1", event)
    if found is None:
        raise UnknownEventError(f"the log has no record {event}, or not yet")
    return Position(found["partition"], found["off"])


async def _ends(db: Db, time: datetime) -> dict[int, int]:
    """The last record of each partition with a time up to `time`, by bisection.

    A partition's times never go back, so no index on them is needed.
    """
    rows = await db.fetch(
        "WITH RECURSIVE search (partition, low, high) AS ("
        " SELECT partition, 0::bigint, off FROM projection_offset WHERE projection = $2"
        " UNION ALL SELECT s.partition,"
        "   CASE WHEN l.later THEN s.low ELSE (s.low + s.high) / 2 + 1 END,"
        "   CASE WHEN l.later THEN (s.low + s.high) / 2 ELSE s.high END"
        ' FROM search s, LATERAL (SELECT coalesce((SELECT h."time" > $1 FROM history h'
        "   WHERE h.partition = s.partition AND h.off >= (s.low + s.high) / 2"
        "   ORDER BY h.off LIMIT 1), true) AS later) l"
        " WHERE s.low < s.high) SELECT partition, low FROM search WHERE low = high",
        time,
        PROJECTION,
    )
    return {row["partition"]: row["low"] - 1 for row in rows}
