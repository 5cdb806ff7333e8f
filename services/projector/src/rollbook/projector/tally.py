"""What became of every record of the log, so that rows can be counted against it."""

from dataclasses import dataclass
from typing import Self

from rollbook.projector.handlers import Taken
from rollbook.readmodel.database import Db


@dataclass(frozen=True, slots=True)
class Tally:
    """The records of one partition by what became of them."""

    records: int = 0
    """That the log holds."""
    claims: int = 0
    """Of writers that took over."""
    ignored: int = 0
    """That no writer with a valid claim can have written."""
    parked: int = 0
    """Of streams that stand still, from where they do, and answers that cannot be stored."""

    @property
    def rows(self) -> int:
        """All others: so many rows must stand in the history."""
        return self.records - self.claims - self.ignored - self.parked

    def plus(self, taken: Taken, records: int, shown: int) -> "Tally":
        """With a batch that went on by `records`, of which `shown` came into the history."""
        entries = len(taken.entries) + taken.passed
        return Tally(
            self.records + records,
            self.claims + records - entries - taken.ignored,
            self.ignored + taken.ignored,
            self.parked + entries - shown,
        )

    def __add__(self, other: Self) -> "Tally":
        return Tally(
            self.records + other.records,
            self.claims + other.claims,
            self.ignored + other.ignored,
            self.parked + other.parked,
        )


async def rows(db: Db) -> dict[int, int]:
    """How many rows the history holds, by partition."""
    found = await db.fetch("SELECT partition, count(*) AS rows FROM history GROUP BY partition")
    return {row["partition"]: row["rows"] for row in found}
