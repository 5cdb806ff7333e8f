"""Where a mean has changed: ADWIN (Bifet and Gavaldà 2007) over windows instead of single values.

Windows that are summed up in whole numbers take the place of its buckets, so that the answer does
not depend on the order in which values came.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log, sqrt
from typing import Final

from rollbook.telemetry.edges import MICRO
from rollbook.telemetry.sums import Measure

DELTA: Final = 0.001
"""How likely a cut is where nothing has changed."""
FEWEST: Final = 30
"""Values on each side."""


@dataclass(frozen=True, slots=True)
class Cut:
    """The newest values differ from the older ones."""

    windows: int
    """How many are newer than the cut."""
    before: float
    after: float
    """Means."""


def cut(newest_first: Sequence[Measure], span: float = 1.0) -> Cut | None:
    """The clearest change; None where there is none. Values lie within a range of `span`."""
    whole = Measure()
    for measure in newest_first:
        whole.add(measure)
    if whole.n < 2 * FEWEST:
        return None
    mean = whole.x / MICRO / whole.n
    variance = max(whole.xx / MICRO / whole.n - mean * mean, 0)
    doubt = log(2 * log(whole.n) / DELTA)
    found: tuple[float, Cut] | None = None
    new = Measure()
    for count, measure in enumerate(newest_first, start=1):
        new.add(measure)
        n, old = new.n, whole.n - new.n
        if n < FEWEST or old < FEWEST:
            continue
        after, before = new.x / MICRO / n, (whole.x - new.x) / MICRO / old
        scarce = 1 / (1 / n + 1 / old)
        bound = sqrt(2 / scarce * variance * doubt) + 2 * span / (3 * scarce) * doubt
        beyond = abs(after - before) - bound
        if beyond > 0 and (found is None or beyond > found[0]):
            found = beyond, Cut(count, before, after)
    return found[1] if found is not None else None
