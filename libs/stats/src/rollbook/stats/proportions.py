"""Rates, by the likelihood of their counts against the normal mixture.

The likelihood keeps its shape where counts are few: no error among 100 rows still allows for some.
Where the rows of a unit are alike they say less: the design effect divides them, as for surveys
(Rao, Scott 1992; Korn, Graubard 1998).
"""

from collections.abc import Sequence
from math import inf, log, sqrt
from operator import mul
from typing import Final, NamedTuple

from rollbook.stats.boundary import boundary, crossing, harmonic
from rollbook.stats.pooling import Pooled, clustering
from rollbook.stats.samples import MICRO, Stratum

_FEW: Final = 4.0
"""Pairs of hits that are taken for granted."""


class Share(NamedTuple):
    """A part of so many rows."""

    rows: float
    hits: float

    @property
    def misses(self) -> float:
        """The other rows."""
        return self.rows - self.hits


def interval(
    candidate: Pooled, baseline: Pooled | None, times: float, alpha: float
) -> tuple[float, float]:
    """Of the candidate's rate less so many times the baseline's."""
    arms = [candidate] if baseline is None else [candidate, baseline]
    return within(arms, times, alpha, _effects(arms))


def within(
    arms: Sequence[Pooled], times: float, alpha: float, effects: Sequence[float]
) -> tuple[float, float]:
    """With design effects that are known."""
    shares = [_effective(arm, effect) for arm, effect in zip(arms, effects, strict=True)]
    size = shares[0].rows if len(shares) == 1 else harmonic(shares[0].rows, shares[1].rows)
    level = boundary(size, alpha, min(arm.units for arm in arms) - 1)
    pulls = [1.0, -times][: len(arms)]
    return _end(shares, pulls, level), _end(shares, [-pull for pull in pulls], level)


def _effects(arms: Sequence[Pooled]) -> list[float]:
    """The design effect of each arm: its own, or what both tell about how alike a unit's rows are.

    That is the share of pairs of a unit's rows that are hits together; where hardly any pair was
    seen yet, all are taken to be.
    """
    seen = [max(clustering(arm, spread), 1.0) for arm in arms]
    others = [max(arm.apiece - 1, 0.0) for arm in arms]
    hits = [arm.rows * max(arm.mean * (1 - arm.mean), 0.0) for arm in arms]
    pairs = sum(map(mul, hits, others)) + _FEW
    alike = sum(hit * (effect - 1) for hit, effect in zip(hits, seen, strict=True)) + _FEW
    share = min(alike / pairs, 1.0)
    return [max(effect, 1 + share * more) for effect, more in zip(seen, others, strict=True)]


def spread(stratum: Stratum) -> float:
    """The variance of its rows."""
    rate = sum(stratum.sums) / (stratum.rows * MICRO)
    return rate * (1 - rate)


def _effective(arm: Pooled, effect: float) -> Share:
    rows = arm.size / effect
    return Share(rows, rows * min(max(arm.mean, 0.0), 1.0))


def _end(shares: Sequence[Share], pulls: Sequence[float], level: float) -> float:
    """Where the likelihood has fallen by `level`, going the way of the pulls.

    The likeliest rates with a given difference are those that one Lagrange multiplier pulls apart,
    so there is one number to search for.
    """

    def fallen(multiplier: float) -> float:
        return sum(
            _deviance(share, multiplier * pull) for share, pull in zip(shares, pulls, strict=True)
        )

    variance = sum(
        pull * pull * share.hits * share.misses / share.rows**3
        for share, pull in zip(shares, pulls, strict=True)
    )
    near = sqrt(2 * level / variance) if variance > 0 else shares[0].rows
    multiplier = crossing(fallen, level, near)
    sign = pulls[0]
    return sum(
        sign * pull * pulled(share, multiplier * pull)
        for share, pull in zip(shares, pulls, strict=True)
    )


def _deviance(share: Share, pull: float) -> float:
    """By how much the logarithm of the likelihood falls."""
    other = Share(share.rows, share.misses)
    return _part(share, pulled(share, pull)) + _part(other, pulled(other, -pull))


def _part(share: Share, rate: float) -> float:
    if share.hits <= 0:
        return 0.0
    return share.hits * (log(share.hits / share.rows) - log(rate)) if rate > 0 else inf


def pulled(share: Share, pull: float) -> float:
    """The rate at which the likelihood rises by `pull` per rate: hits / rows where it is 0."""
    both = share.rows + pull
    if pull > 0:
        root = sqrt((share.rows - pull) ** 2 + 4 * pull * share.misses)
    else:
        root = sqrt(both * both - 4 * pull * share.hits)
    return 2 * share.hits / (both + root) if both > 0 else (both - root) / (2 * pull)
