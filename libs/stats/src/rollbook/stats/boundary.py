"""How far an estimate may stray from the truth over all looks: the normal mixture of Robbins.

Sources: Robbins 1970; Howard, Ramdas, McAuliffe, Sekhon 2021, one-sided normal mixture;
Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas 2021, where the variance is estimated.
"""

from collections.abc import Callable
from math import expm1, inf, log, sqrt
from typing import Final

SCALE: Final = 100.0
"""Rows that weigh as much as the mixture: it is tightest at about eight times as many."""
_STEPS: Final = 200
_NEAR: Final = 1e-10
_WIDEST: Final = 50.0


def boundary(rows: float, alpha: float, freedom: float) -> float:
    """Half the squared distance, in standard errors, that is crossed with a chance of alpha.

    On one side, and over all numbers of rows. `freedom` is what the standard error rests on: few
    buckets make it wider, as Student's t does.
    """
    time = rows / SCALE
    known = (1 + 1 / time) * log(1 + sqrt(1 + time) / (2 * alpha))
    return freedom / 2 * expm1(min(2 * known / (freedom + 1), _WIDEST))


def harmonic(one: float, other: float) -> float:
    """Rows that tell as much about a difference as both arms do."""
    return one * other / (one + other)


def crossing(rising: Callable[[float], float], level: float, near: float) -> float:
    """Where a function of positive numbers that starts below a level reaches it.

    Found by regula falsi (Illinois); the largest number tried where it never does.
    """
    low, below = 0.0, rising(0.0) - level
    high, above = near, rising(near) - level
    while above < 0 and high < near * 2.0**_STEPS:
        low, below, high = high, above, high * 2
        above = rising(high) - level
    if above <= 0:
        return high
    moved = 0
    for _ in range(_STEPS):
        middle = high - above * (high - low) / (above - below) if above < inf else inf
        if not low < middle < high:
            middle = (low + high) / 2
        found = rising(middle) - level
        if abs(found) <= _NEAR * level or not low < middle < high:
            return middle
        # An end that stays twice is given half its weight, or it would stay for ever.
        if found > 0:
            high, above = middle, found
            below, moved = (below / 2 if moved > 0 else below), 1
        else:
            low, below = middle, found
            above, moved = (above / 2 if moved < 0 else above), -1
    return high
