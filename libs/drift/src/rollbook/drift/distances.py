"""How far two histograms are from each other, and how likely so much is by chance.

PSI: sum of (p - q) ln(p / q). JS: the Jensen-Shannon distance, base 2. KS: the greatest distance
between the two cumulated shares, at the edges. All of counts, by the same bins.
"""

from collections.abc import Sequence
from itertools import accumulate
from math import erfc, log, log2, sqrt
from typing import TypeAlias

Counts: TypeAlias = Sequence[int]

FEWEST = 5
"""What a bin should hold of each side for the chi-squared test; scarcer ones are joined."""


def psi(reference: Counts, window: Counts) -> float:
    """The population stability index."""
    bins = len(reference)
    # Half a value in each bin: an empty one would make it infinite.
    whole = [sum(side) + bins / 2 for side in (reference, window)]
    shares = (
        ((r + 0.5) / whole[0], (w + 0.5) / whole[1]) for r, w in zip(reference, window, strict=True)
    )
    return sum((w - r) * log(w / r) for r, w in shares)


def psi_by_chance(reference: Counts, window: Counts) -> float:
    """What the PSI is on average where nothing has changed: more in small windows."""
    filled = sum(1 for r, w in zip(reference, window, strict=True) if r + w)
    n, m = sum(reference), sum(window)
    return max(filled - 1, 0) * (1 / n + 1 / m) if n and m else 0.0


def js(reference: Counts, window: Counts) -> float:
    """The Jensen-Shannon distance: 0 for alike, 1 for nothing in common."""
    n, m = sum(reference), sum(window)
    if not n or not m:
        return 0.0
    total = 0.0
    for r, w in zip(reference, window, strict=True):
        p, q = r / n, w / m
        middle = (p + q) / 2
        total += (p * log2(p / middle) if p else 0) + (q * log2(q / middle) if q else 0)
    return sqrt(max(total / 2, 0))


def ks(reference: Counts, window: Counts) -> float:
    """The greatest distance between the shares below an edge; for numbers only."""
    n, m = sum(reference), sum(window)
    if not n or not m:
        return 0.0
    below = zip(accumulate(reference), accumulate(window), strict=True)
    return max(abs(r / n - w / m) for r, w in below)


def chi_squared(reference: Counts, window: Counts) -> tuple[float, int]:
    """The two-sample statistic and its degrees of freedom; scarce bins count together."""
    pairs = _joined(reference, window)
    n, m = sum(r for r, _ in pairs), sum(w for _, w in pairs)
    if len(pairs) < 2 or not n or not m:
        return 0.0, 0
    statistic = 0.0
    for r, w in pairs:
        expected = (r + w) * m / (n + m)
        statistic += (w - expected) ** 2 / expected * ((n + m) / n)
    return statistic, len(pairs) - 1


def p_value(statistic: float, freedom: int) -> float:
    """How likely a chi-squared as large is by chance, after Wilson and Hilferty (1931)."""
    if freedom == 0 or statistic <= 0:
        return 1.0
    spread = 2 / (9 * freedom)
    z = ((statistic / freedom) ** (1 / 3) - (1 - spread)) / sqrt(spread)
    return 0.5 * erfc(z / sqrt(2))


def corrected(values: Sequence[float]) -> list[float]:
    """P-values after Benjamini and Hochberg (1995): below q, at most a share q is by chance."""
    order = sorted(range(len(values)), key=lambda place: values[place], reverse=True)
    found = [1.0] * len(values)
    least = 1.0
    for rank, place in zip(range(len(values), 0, -1), order, strict=True):
        least = min(least, values[place] * len(values) / rank)
        found[place] = least
    return found


def _joined(reference: Counts, window: Counts) -> list[tuple[int, int]]:
    pairs: list[tuple[int, int]] = []
    n, m = sum(reference), sum(window)
    share = m / (n + m) if n + m else 0.0
    r_sum = w_sum = 0
    for r, w in zip(reference, window, strict=True):
        r_sum, w_sum = r_sum + r, w_sum + w
        if (r_sum + w_sum) * min(share, 1 - share) >= FEWEST:
            pairs.append((r_sum, w_sum))
            r_sum = w_sum = 0
    if r_sum + w_sum:
        if pairs:
            last = pairs.pop()
            r_sum, w_sum = r_sum + last[0], w_sum + last[1]
        pairs.append((r_sum, w_sum))
    return pairs
