"""Made-up traffic of two arms, as it stands at each look."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rollbook.stats.asking import Quantile
from rollbook.stats.samples import MICRO, Arm, Stratum
from rollbook.telemetry.edges import BUCKETS, EDGES, bounds

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]

P50, P95 = Quantile(0.5, bounds), Quantile(0.95, bounds)
_EDGES: Final = np.array(EDGES)


class Rows(NamedTuple):
    """One request each."""

    candidate: Booleans
    bucket: Ints
    value: Floats

    def until(self, cut: int) -> "Rows":
        """The first ones."""
        return Rows(self.candidate[:cut], self.bucket[:cut], self.value[:cut])


class Look(NamedTuple):
    """All until one moment."""

    candidate: Arm
    baseline: Arm


def requests(rng: np.random.Generator, number: int, share: float, was: float, now: float) -> Rows:
    """Of units that come once, with the error rates of the baseline and of the candidate."""
    candidate = rng.random(number) < share
    value = rng.random(number) < np.where(candidate, now, was)
    return Rows(candidate, rng.integers(BUCKETS, size=number), value.astype(np.float64))


def latencies(
    rng: np.random.Generator, number: int, share: float, *, spread: float, times: float = 1.0
) -> Rows:
    """Log-normal, about 20 ms, and so many times that for the candidate."""
    candidate = rng.random(number) < share
    value = 20 * np.exp(spread * rng.normal(size=number)) * np.where(candidate, times, 1.0)
    return Rows(candidate, rng.integers(BUCKETS, size=number), value)


def returning(rng: np.random.Generator, number: int, share: float, units: int) -> Rows:
    """Of units that come again and again: one in twenty fails half of the time, the others never.

    Whichever version serves them: the arms are equal.
    """
    unit = rng.integers(units, size=number)
    fails = np.where(rng.random(units) < 0.05, 0.5, 0.0)
    value = rng.random(number) < fails[unit]
    bucket, candidate = rng.integers(BUCKETS, size=units), rng.random(units) < share
    return Rows(candidate[unit], bucket[unit], value.astype(np.float64))


def looks(rows: Rows, every: int) -> Iterator[Look]:
    """One after so many requests each."""
    arms = [tallies(rows, arm, every) for arm in (rows.candidate, ~rows.candidate)]
    for number in range(len(rows.value) // every):
        yield Look(*(_arm(n[number], x[number]) for n, x in arms))


def _arm(counts: Ints, sums: Ints) -> Arm:
    return Arm((Stratum(0, tuple(counts.tolist()), tuple(sums.tolist())),))


def tallies(rows: Rows, arm: Booleans, every: int) -> tuple[Ints, Ints]:
    """Rows and sums by look and bucket."""
    place = (np.arange(len(rows.value)) // every * BUCKETS + rows.bucket)[arm]
    return _counted(place, rows, every, None), _counted(place, rows, every, rows.value[arm])


def _counted(place: Ints, rows: Rows, every: int, values: Floats | None) -> Ints:
    number = len(rows.value) // every
    micro = None if values is None else np.rint(values * MICRO)
    found = np.bincount(place, micro, minlength=number * BUCKETS)
    return np.rint(found).astype(np.int64).reshape(number, BUCKETS).cumsum(axis=0)


def whole(rows: Rows, step: int = 0) -> Look:
    """All of it, with histograms."""
    return Look(*(Arm((stratum(rows, arm, step),)) for arm in (rows.candidate, ~rows.candidate)))


def stratum(rows: Rows, arm: Booleans, step: int = 0) -> Stratum:
    counts, sums = tallies(rows, arm, len(rows.value))
    numbers = np.searchsorted(_EDGES, rows.value[arm], side="right")
    found, times = np.unique(numbers, return_counts=True)
    bins = dict(zip(found.tolist(), times.tolist(), strict=True))
    return Stratum(step, tuple(counts[0].tolist()), tuple(sums[0].tolist()), bins)


def naive(rows: Rows, every: int) -> Booleans:
    """At each look, whether a z-test at 5 % on two sides calls the candidate worse."""
    last = len(rows.value) // every * every
    (n, x), (m, y) = (
        tuple(
            column[:last].reshape(-1, every).sum(axis=1).cumsum()
            for column in (arm, rows.value * arm)
        )
        for arm in (rows.candidate, ~rows.candidate)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = (x + y) / (n + m)
        error = np.sqrt(rate * (1 - rate) * (1 / n + 1 / m))
        return np.asarray(x / n - y / m > 1.96 * error)
