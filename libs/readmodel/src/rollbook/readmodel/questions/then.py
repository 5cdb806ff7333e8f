"""A moment of the whole log: which record of each partition is the last one that counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from rollbook.readmodel.database import Db
from rollbook.readmodel.history import LAST
from rollbook.readmodel.offsets import PROJECTION
from rollbook.readmodel.past import Moment
from rollbook.readmodel.then import then

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
    """All records up to a moment; `UnknownEventError` when there is no record of that id."""
    found = await then(db, moment)
    return Then(found.time, dict(enumerate(found.offsets)), moment)
