"""How far a table is from another, feature by feature: missing values, and the PSI.

The population stability index is the sum over bins of (p - q) ln(p / q). Bins of numbers are the
tenths of the reference; of words, the words themselves, and what the reference does not know.
"""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from math import isfinite, log
from typing import Final

from rollbook.probes.bounds import fits
from rollbook.probes.formats import Unreadable
from rollbook.probes.jobs import DataJob
from rollbook.probes.stage import Stage
from rollbook.probes.tables import Value, columns

BINS: Final = 10
FEWEST: Final = 30
"""Values that a feature must have on both sides for its PSI to mean something."""
MOST_WORDS: Final = 50
_NAME: Final = re.compile(r"[A-Za-z0-9_.:/ \-]{1,100}")


def compared(job: DataJob, stage: Stage) -> None:
    """`data.psi.<feature>` and `data.nulls.<feature>`."""
    stage.close()
    stage.failing = "its data cannot be read"
    for path in (job.path, job.reference):
        fits(path, job.memory // 20)  # values take far more room than their text
    reference, current = columns(job.reference), columns(job.path)
    left = [name for name in sorted(current) if _NAME.fullmatch(name) is None]
    for name in sorted(current.keys() - set(left)):
        values = current[name]
        stage.numbers[f"data.nulls.{name}"] = values.count(None) / len(values)
        found = psi(reference.get(name, []), values)
        if found is not None:
            stage.numbers[f"data.psi.{name}"] = found
    gone = sorted(reference.keys() - current.keys())
    if not stage.numbers:
        raise Unreadable("none of its columns has a name that a verdict can hold")
    parts = [
        *([f"{len(left)} columns have names that a verdict cannot hold"] if left else ()),
        *([f"{len(gone)} columns of the reference are not there"] if gone else ()),
    ]
    stage.said = "; ".join(parts)


def psi(reference: Sequence[Value], current: Sequence[Value]) -> float | None:
    """None where there are too few values to say."""
    before = [value for value in reference if value is not None]
    after = [value for value in current if value is not None]
    if min(len(before), len(after)) < FEWEST:
        return None
    place = _bins(before)
    return _index(Counter(map(place, before)), Counter(map(place, after)))


def _bins(reference: Sequence[float | str]) -> Callable[[float | str], object]:
    """Which bin a value falls into."""
    numbers = sorted(value for value in reference if isinstance(value, float) and isfinite(value))
    if len(numbers) == len(reference) and len(set(numbers)) > BINS:
        edges = sorted({numbers[len(numbers) * part // BINS] for part in range(1, BINS)})
        return lambda value: bisect_right(edges, value) if isinstance(value, float) else "other"
    known = {value for value, _ in Counter(reference).most_common(MOST_WORDS)}
    return lambda value: value if value in known else "other"


def _index(before: Counter[object], after: Counter[object]) -> float:
    bins = before.keys() | after.keys()
    # Half a value in each bin: an empty one would make it infinite.
    whole = [side.total() + len(bins) / 2 for side in (before, after)]
    shares = [
        [(side[bin_] + 0.5) / sum_ for side, sum_ in zip((before, after), whole, strict=True)]
        for bin_ in bins
    ]
    return sum((p - q) * log(p / q) for p, q in shares)
