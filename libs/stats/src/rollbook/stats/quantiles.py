"""Quantiles, by how many rows lie below them: heavy tails do not matter.

A value is the quantile if the right share of rows lies below it, and that share is judged as a
rate is; no value needs to be picked beforehand (Howard, Ramdas 2022). Within a bin of
the histogram, values are taken to be spread evenly.
"""

from bisect import bisect_left
from collections.abc import Callable
from itertools import accumulate
from math import cos, exp, fsum, inf, isfinite, log, pi, sin
from typing import Final, NamedTuple

from rollbook.stats.asking import Quantile
from rollbook.stats.boundary import boundary, crossing, harmonic
from rollbook.stats.pooling import Pooled, clustering
from rollbook.stats.samples import Stratum

_ANGLES: Final = 32


class Curve(NamedTuple):
    """Which share of an arm's rows lies below which value."""

    bins: tuple[tuple[float, float], ...]
    """Those that hold rows, upwards."""
    filled: tuple[float, ...]
    """The share of rows up to the upper end of each."""

    def at(self, share: float) -> float:
        """The value below which a share of rows lies; infinite where none or all do."""
        if not 0 < share < 1:
            return inf if share > 0 else -inf
        place = min(bisect_left(self.filled, share), len(self.bins) - 1)
        before = self.filled[place - 1] if place else 0.0
        low, high = self.bins[place]
        return low + (high - low) * (share - before) / (self.filled[place] - before)


def curve(arm: Pooled, quantile: Quantile) -> Curve:
    """Steps weigh as much as those of the arm do."""
    weights: dict[int, list[float]] = {}
    for step, weight in arm.weights.items():
        bins = arm.strata[step].bins
        rows = sum(bins.values())
        for number, count in bins.items():
            if count:
                weights.setdefault(number, []).append(weight * count / rows)
    numbers = sorted(weights)
    return Curve(
        tuple(_closed(quantile.bounds(number)) for number in numbers),
        tuple(accumulate(fsum(weights[number]) for number in numbers)),
    )


def _closed(bounds: tuple[float, float]) -> tuple[float, float]:
    """An outermost bin has no end: all that is known is where it begins."""
    low, high = bounds
    return (low if isfinite(low) else high, high if isfinite(high) else low)


def interval(
    candidate: Pooled, baseline: Pooled | None, times: float, alpha: float, quantile: Quantile
) -> tuple[float, float]:
    """Of the candidate's quantile less so many times the baseline's.

    What both arms may stray together is shared out between them in every way, and the widest one
    counts: so both are bounded by one likelihood, not each by its own.
    """
    arms = [candidate] if baseline is None else [candidate, baseline]
    spread = _spread(quantile.bounds)
    effect = max(1.0, *(clustering(arm, spread) for arm in arms))
    rows = [arm.size / effect for arm in arms]
    size = rows[0] if baseline is None else harmonic(rows[0], rows[1])
    level = boundary(size, alpha, min(arm.units for arm in arms) - 1)
    own, share = curve(candidate, quantile), quantile.share

    def least(part: float) -> float:
        return own.at(strayed(share, -level * part / rows[0]))

    def most(part: float) -> float:
        return own.at(strayed(share, level * part / rows[0]))

    if baseline is None:
        return least(1.0), most(1.0)
    other = curve(baseline, quantile)
    low, high = inf, -inf
    for turn in range(_ANGLES + 1):
        angle = pi / 2 * turn / _ANGLES
        part, rest = cos(angle) ** 2, level * sin(angle) ** 2 / rows[1]
        low = min(low, least(part) - times * other.at(strayed(share, rest)))
        high = max(high, most(part) - times * other.at(strayed(share, -rest)))
    return low, high


def strayed(share: float, distance: float) -> float:
    """The share of rows, above or below, whose divergence from the true one is the distance."""
    sign = 1.0 if distance > 0 else -1.0
    most = -log(share if distance > 0 else 1 - share)
    if distance == 0:
        return share
    if abs(distance) >= most * (1 - 1e-9):
        return 1.0 if distance > 0 else 0.0

    def tilted(tilt: float) -> float:
        return share * exp(sign * tilt) / (1 - share + share * exp(sign * tilt))

    def diverged(tilt: float) -> float:
        return sign * tilt * tilted(tilt) - log(1 - share + share * exp(sign * tilt))

    near = (2 * abs(distance) / (share * (1 - share))) ** 0.5
    return tilted(crossing(diverged, abs(distance), near))


def _spread(bounds: Callable[[int], tuple[float, float]]) -> Callable[[Stratum], float]:
    def variance(stratum: Stratum) -> float:
        rows = sum(stratum.bins.values())
        middles = {number: sum(_closed(bounds(number))) / 2 for number in stratum.bins}
        mean = fsum(middles[n] * count for n, count in stratum.bins.items()) / rows
        return fsum((middles[n] - mean) ** 2 * count for n, count in stratum.bins.items()) / rows

    return variance
