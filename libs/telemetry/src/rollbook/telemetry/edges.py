"""Fixed places for numbers and units: whoever counts, and in whatever order, counts alike."""

from bisect import bisect_right
from collections.abc import Mapping
from typing import Final
from zlib import crc32

MICRO: Final = 1_000_000
"""Sums are whole numbers of millionths."""
MOST: Final = 100_000_000
"""A larger number, of either sign, is counted as missing."""

BUCKETS: Final = 256
"""Of units: what one unit does falls into the same bucket always."""

PER_DOUBLING: Final = 16
FIRST: Final = -10
LAST: Final = 30
EDGES: Final = tuple(2.0 ** (k / PER_DOUBLING) for k in range(FIRST * 16, LAST * 16 + 1))
"""Edges of the bins of latencies and values: 4.4 % apart, from 0.001 to 1e9."""


def bin_of(value: float) -> int:
    """The bin of a number: 0 about zero, negative for negative numbers.

    Bin b > 0 holds `EDGES[b - 1] <= value < EDGES[b]`; the last one all that is larger.
    """
    place = bisect_right(EDGES, abs(value))
    return place if value >= 0 else -place


def bounds(number: int) -> tuple[float, float]:
    """Between which numbers a bin lies; infinity for the outermost."""
    place = abs(number)
    low = EDGES[place - 1] if place else -EDGES[0]
    high = EDGES[place] if place < len(EDGES) else float("inf")
    return (low, high) if number >= 0 else (-high, -low)


def quantile(bins: Mapping[int, int], share: float) -> float | None:
    """The upper end of the bin in which a quantile lies; None where nothing was counted."""
    total = sum(bins.values())
    wanted, seen = share * total, 0
    for number in sorted(bins):
        seen += bins[number]
        if seen >= wanted and seen:
            low, high = bounds(number)
            return low if high == float("inf") else high
    return None


def bucket_of(unit: str) -> int:
    """The bucket of a unit."""
    return crc32(unit.encode(errors="surrogatepass")) % BUCKETS
