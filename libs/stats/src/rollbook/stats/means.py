"""Means, by the normal mixture with the variance between buckets."""

from math import inf, sqrt

from rollbook.stats.boundary import boundary, harmonic
from rollbook.stats.pooling import Pooled


def interval(
    candidate: Pooled, baseline: Pooled | None, times: float, alpha: float
) -> tuple[float, float]:
    """Of the candidate's mean less so many times the baseline's; unbounded where none varies."""
    if baseline is None:
        size, middle, parts = candidate.size, candidate.mean, [(candidate.variance, candidate)]
    else:
        size = harmonic(candidate.size, baseline.size)
        middle = candidate.mean - times * baseline.mean
        # A value that is rare may be missing from one arm by chance: neither varies less by row
        # than the other.
        row = max(candidate.variance * candidate.size, baseline.variance * baseline.size)
        parts = [
            (row / candidate.size, candidate),
            (times * times * row / baseline.size, baseline),
        ]
    variance = sum(part for part, _ in parts)
    if variance <= 0:
        return -inf, inf
    freedom = variance**2 / sum(part**2 / arm.freedom for part, arm in parts)
    half = sqrt(2 * boundary(size, alpha, freedom) * variance)
    return middle - half, middle + half
