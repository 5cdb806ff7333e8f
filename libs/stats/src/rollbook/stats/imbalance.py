"""Whether traffic was shared out as it should have been (sample-ratio mismatch).

Where it was not, the arms differ in whom they serve, and no comparison of them means anything.
The share of each arm is a rate over all rows, so it may be looked at any time, and units that come
again and again are taken for one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import fsum

from rollbook.stats import proportions
from rollbook.stats.judging import FEWEST_UNITS, split
from rollbook.stats.pooling import clustering, pooled
from rollbook.stats.samples import MICRO, Arm, Stratum, by_step


@dataclass(frozen=True, slots=True)
class Portion:
    """What one arm got of all rows."""

    wanted: float
    got: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Imbalance:
    """What was found about all arms."""

    found: bool
    why: str
    portions: Mapping[int, Portion]
    """By version; empty where too little is known."""


def imbalance(
    weights: Mapping[int, Mapping[int, float]], arms: Mapping[int, Arm], alpha: float = 0.001
) -> Imbalance:
    """`weights` by step and version, as the plan has them; `arms` by version.

    Steps count in which two arms at least should get traffic. Each row must be counted once, so
    this is for a metric that all rows have.
    """
    steps = {version: by_step(arm) for version, arm in arms.items()}
    wanted: dict[int, dict[int, float]] = {}
    for step in sorted(weights):
        shared = {v: w for v, w in sorted(weights[step].items()) if w > 0 and v in arms}
        if len(shared) > 1 and any(step in steps[version] for version in shared):
            wanted[step] = {v: w / fsum(shared.values()) for v, w in shared.items()}
    versions = sorted({version for shared in wanted.values() for version in shared})
    # Of two arms, one says it all.
    each = split(alpha, guardrails=max(len(versions) - 1, 1))
    portions = {
        version: portion
        for version in versions
        if (portion := _portion(version, wanted, steps, each)) is not None
    }
    off = [
        v for v, portion in portions.items() if not portion.low <= portion.wanted <= portion.high
    ]
    return Imbalance(bool(off), "; ".join(_told(v, portions[v]) for v in off), portions)


def _portion(
    version: int,
    wanted: Mapping[int, Mapping[int, float]],
    steps: Mapping[int, Mapping[int, Stratum]],
    alpha: float,
) -> Portion | None:
    strata, shares = {}, {}
    for step, shared in wanted.items():
        if version in shared:
            strata[step] = _among(
                [steps[v][step] for v in shared if step in steps[v]], steps[version].get(step)
            )
            shares[step] = shared[version]
    rows = {step: float(stratum.rows) for step, stratum in strata.items()}
    arm = pooled(strata, rows)
    if arm.units < FEWEST_UNITS:
        return None
    # All rows of a unit go to the same arm, so they count as one.
    effect = max(1.0, arm.apiece, clustering(arm, proportions.spread))
    low, high = proportions.within([arm], 1.0, alpha / 2, [effect])
    return Portion(
        wanted=fsum(shares[step] * part for step, part in arm.weights.items()),
        got=arm.mean,
        low=low,
        high=high,
    )


def _among(all_: list[Stratum], own: Stratum | None) -> Stratum:
    """All rows of a step, each worth 1 if it is the arm's own."""
    counts = tuple(map(sum, zip(*(stratum.counts for stratum in all_), strict=True)))
    hits = own.counts if own else (0,) * len(counts)
    return Stratum(all_[0].step, counts, tuple(hit * MICRO for hit in hits))


def _told(version: int, portion: Portion) -> str:
    return (
        f"version {version} got {portion.got:.2%} of the rows, and should have got "
        f"{portion.wanted:.2%}: chance would leave it between {portion.low:.2%} and "
        f"{portion.high:.2%}"
    )
