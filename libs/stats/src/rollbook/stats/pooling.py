"""One arm over its steps: its mean, and how sure that is when the rows of a unit are alike.

Steps are weighed by their rows alone, so a metric that changes while shares of traffic do is not
taken for a difference. The variance is between buckets of units (cluster-robust, CR2).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import add

from rollbook.stats.samples import MICRO, Stratum


@dataclass(frozen=True, slots=True)
class Pooled:
    """An arm, its steps weighed."""

    strata: Mapping[int, Stratum]
    weights: Mapping[int, float]
    """Of steps; they add up to 1."""
    rows: int
    size: float
    """Rows that would say as much, were all steps alike."""
    mean: float
    variance: float
    """Of the mean."""
    units: float
    """Buckets that would say as much, were all equally full."""
    freedom: float
    """What the variance rests on: fewer than the units where few of them make it."""
    apiece: float
    """Rows of one unit: were there one each, the buckets would be filled about evenly."""


def pooled(strata: Mapping[int, Stratum], weights: Mapping[int, float]) -> Pooled:
    """`weights` of the steps, any positive numbers."""
    whole = sum(weights.values())
    shares = {step: weight / whole for step, weight in weights.items()}
    parts = [_bucketed(strata[step], share) for step, share in shares.items()]
    filled, strayed = reduce(_added, parts)
    units = 1 / sum(share * share for share in filled)
    variances = [e * e / (1 - a) for a, e in zip(filled, strayed, strict=True) if a < 1]
    variance = sum(variances)
    size = 1 / sum(share * share / strata[step].rows for step, share in shares.items())
    return Pooled(
        strata=strata,
        weights=shares,
        rows=sum(strata[step].rows for step in shares),
        size=size,
        mean=sum(
            share * sum(strata[step].sums) / (strata[step].rows * MICRO)
            for step, share in shares.items()
        ),
        variance=variance,
        units=units,
        freedom=_freedom(units, variance, sum(v * v for v in variances)),
        apiece=_apiece(size, units, len(filled)),
    )


def _bucketed(stratum: Stratum, share: float) -> tuple[list[float], list[float]]:
    """By bucket: what part of the weight it carries, and how far it pulls the mean."""
    rows = stratum.rows
    mean, carried, pull = sum(stratum.sums) / rows, share / rows, share / (rows * MICRO)
    return (
        [carried * n for n in stratum.counts],
        [(x - mean * n) * pull for n, x in zip(stratum.counts, stratum.sums, strict=True)],
    )


def _added(
    one: tuple[list[float], list[float]], other: tuple[list[float], list[float]]
) -> tuple[list[float], list[float]]:
    return list(map(add, one[0], other[0])), list(map(add, one[1], other[1]))


def _freedom(units: float, variance: float, squares: float) -> float:
    """Degrees of freedom of a variance whose parts have this kurtosis (Satterthwaite)."""
    if variance <= 0 or units <= 1:
        return units - 1
    excess = units * squares / (variance * variance) - 1
    return min(units - 1, 2 * units / excess) if excess > 0 else units - 1


def _apiece(size: float, units: float, buckets: int) -> float:
    """The index of dispersion of what the buckets hold, since units fall into them by chance."""
    return size * (1 / units - 1 / buckets) * buckets / (buckets - 1) if buckets > 1 else size


def clustering(arm: Pooled, spread: Callable[[Stratum], float]) -> float:
    """How many times larger the variance is than if each row were a unit of its own.

    `spread` is the variance of the rows of a stratum.
    """
    alone = sum(
        share * share * spread(arm.strata[step]) / arm.strata[step].rows
        for step, share in arm.weights.items()
    )
    return arm.variance / alone if alone > 0 else 1.0
