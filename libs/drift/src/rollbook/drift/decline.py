"""How fast a version gets worse by the labels that came: a line through its windows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt
from typing import Final

from rollbook.telemetry.edges import MICRO
from rollbook.telemetry.reference import Task
from rollbook.telemetry.sums import Measure

LOSS: Final = 0.05
"""How much worse is asked for: a twentieth."""
FEWEST: Final = 3
"""Windows with labels."""
DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decline:
    """How a version fares: of classes the share of right answers, of numbers the mean error."""

    measure: str
    """`accuracy` or `error`."""
    windows: int
    """With labels."""
    rows: int
    """Labels."""
    since: datetime
    until: datetime
    first: float
    """Where the line begins."""
    newest: float
    """Where it ends."""
    daily: float
    """Change a day."""
    uncertainty: float
    """Standard error of that."""
    days: float | None
    """From the beginning until it is a twentieth worse; None where it does not get worse."""


def decline(series: Sequence[tuple[datetime, Measure]], task: Task) -> Decline | None:
    """The line through windows, each as heavy as its labels; None where they are too few."""
    seen = [(at, loss) for at, loss in series if loss.n]
    if len(seen) < FEWEST:
        return None
    begin, end = min(at for at, _ in seen), max(at for at, _ in seen)
    right = task != "number"
    points = [((at - begin) / DAY, _mean(loss, right=right), loss.n) for at, loss in seen]
    rows = sum(n for _, _, n in points)
    middle = sum(x * n for x, _, n in points) / rows
    level = sum(y * n for _, y, n in points) / rows
    width = sum(n * (x - middle) ** 2 for x, _, n in points)
    if not width:
        return None
    slope = sum(n * (x - middle) * (y - level) for x, y, n in points) / width
    left = sum(n * (y - level - slope * (x - middle)) ** 2 for x, y, n in points)
    error = sqrt(left / (len(points) - 2) / width)
    first = level - slope * middle
    worse = -slope if right else slope
    return Decline(
        measure="accuracy" if right else "error",
        windows=len(points),
        rows=rows,
        since=begin,
        until=end,
        first=first,
        newest=first + slope * ((end - begin) / DAY),
        daily=slope,
        uncertainty=error,
        days=LOSS * abs(first) / worse if worse > 0 else None,
    )


def _mean(loss: Measure, *, right: bool) -> float:
    mean = loss.x / MICRO / loss.n
    return 1 - mean if right else mean
