"""The view of scores: the metrics that versions were registered with, in order of their values."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Final

from rollbook.eventlog.position import Position
from rollbook.readmodel.database import storable
from rollbook.readmodel.table import PLACE, Table
from rollbook.readmodel.versions import VersionRow


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """One metric of one version."""

    metric: str
    value: float
    model: str
    version: int
    position: Position


def project(row: VersionRow) -> Sequence[ScoreRow]:
    """The rows of a version that was registered."""
    found = {storable(name): value for name, value in row.metrics.items() if isfinite(value)}
    return [
        ScoreRow(name, value, row.model, row.version, row.position) for name, value in found.items()
    ]


TABLE: Final[Table[ScoreRow]] = Table(
    "scores",
    key={"metric": "text", "model": "text", "version": "int"},
    fixed={"value": "float8", **PLACE},
)
