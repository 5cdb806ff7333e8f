"""What was measured: whole numbers that add up, in whatever order and parts they come."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Final

MICRO: Final = 1_000_000
"""Sums are whole numbers of millionths."""


@dataclass(frozen=True, slots=True)
class Stratum:
    """One metric of one version in one step of a rollout, during which shares of traffic stood."""

    step: int
    counts: tuple[int, ...]
    """Rows, by bucket of units: all rows of a unit are in one bucket."""
    sums: tuple[int, ...]
    """Of their values in millionths, by bucket."""
    bins: Mapping[int, int] = field(default_factory=dict)
    """Rows by bin of their values, for quantiles."""

    @property
    def rows(self) -> int:
        """All of it."""
        return sum(self.counts)


@dataclass(frozen=True, slots=True)
class Arm:
    """One metric of one version; strata of the same step add up."""

    strata: tuple[Stratum, ...]


def by_step(arm: Arm) -> dict[int, Stratum]:
    """One stratum for each step that has rows, in the order of steps."""
    parts: dict[int, list[Stratum]] = {}
    for stratum in arm.strata:
        parts.setdefault(stratum.step, []).append(stratum)
    whole = ((step, reduce(_added, parts[step])) for step in sorted(parts))
    return {step: stratum for step, stratum in whole if stratum.rows}


def _added(one: Stratum, other: Stratum) -> Stratum:
    bins = Counter(one.bins)
    bins.update(other.bins)
    return Stratum(one.step, _sum(one.counts, other.counts), _sum(one.sums, other.sums), bins)


def _sum(one: Iterable[int], other: Iterable[int]) -> tuple[int, ...]:
    return tuple(a + b for a, b in zip(one, other, strict=True))
