"""Tallies as the monitor would write them, of requests that are made up."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from random import Random

from rollbook.readmodel.tallies import TallyRow
from rollbook.telemetry import edges

MODEL = "payments/fraud"
AT = datetime(2026, 3, 2, 12, tzinfo=UTC)


def tally(
    version: int,
    metric: str,
    values: Iterable[float],
    *,
    step: int = 0,
    rollout: int = 1,
    shadow: bool = False,
    model: str = MODEL,
) -> TallyRow:
    """One metric of one version in a step; each value of another unit."""
    n, x = [0] * edges.BUCKETS, [0] * edges.BUCKETS
    bins: Counter[int] = Counter()
    for unit, value in enumerate(values):
        n[unit % edges.BUCKETS] += 1
        x[unit % edges.BUCKETS] += round(value * edges.MICRO)
        bins[edges.bin_of(value)] += 1
    return TallyRow(
        model=model,
        rollout=rollout,
        step=step,
        version=version,
        shadow=shadow,
        metric=metric,
        n=tuple(n),
        x=tuple(x),
        bins={} if metric == "errors" else bins,
        first=AT,
        last=AT,
    )


def errors(
    version: int,
    rows: int,
    rate: float,
    *,
    step: int = 0,
    rollout: int = 1,
    model: str = MODEL,
    shadow: bool = False,
) -> TallyRow:
    """So many requests, of which that share failed."""
    bad = round(rows * rate)
    values = [1.0] * bad + [0.0] * (rows - bad)
    Random(version).shuffle(values)
    return tally(version, "errors", values, step=step, rollout=rollout, model=model, shadow=shadow)


def latency(version: int, rows: int, middle: float, *, step: int = 0) -> TallyRow:
    """So many requests, each of about that many milliseconds."""
    random = Random(version)
    return tally(
        version, "latency", (random.lognormvariate(0, 0.3) * middle for _ in range(rows)), step=step
    )
