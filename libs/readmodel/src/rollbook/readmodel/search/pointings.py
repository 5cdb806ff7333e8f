"""The view of pointings: which version an alias meant, from which position until which."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from rollbook.eventlog.position import Position
from rollbook.readmodel.search.spans import UNTIL
from rollbook.readmodel.table import PLACE, Table


@dataclass(slots=True)
class PointingRow:
    """A version that an alias pointed at for a while, or points at now."""

    model: str
    alias: str
    version: int
    position: Position
    set_at: datetime
    set_by: str
    until_off: int | None = None


TABLE: Final[Table[PointingRow]] = Table(
    "pointings",
    key={"model": "text", "alias": "text", "off": PLACE["off"]},
    fixed={
        "version": "int",
        "partition": PLACE["partition"],
        "set_at": "timestamptz",
        "set_by": "text",
    },
    changing=UNTIL,
)
