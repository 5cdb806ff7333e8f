"""Confidence intervals of metrics: those that were recorded, and Wilson's for proportions."""

from collections.abc import Iterable
from math import sqrt
from statistics import NormalDist
from typing import Final, NamedTuple

from rollbook.domain.evaluations import Evaluation, Measure
from rollbook.gates.facts import Facts

_PROPORTIONS: Final = (
    "accuracy",
    "acc",
    "error_rate",
    "misclassification_rate",
    "hit_rate",
    "positive_rate",
    "exact_match",
)
"""Shares of all samples. Precision and recall are shares of some: their samples are not known."""


class Interval(NamedTuple):
    """Where the true value lies with the confidence that was asked for."""

    low: float
    high: float


def interval(facts: Facts, metric: str, confidence: float) -> Interval | None:
    """Of a metric on all of the data; None where neither bounds nor samples are recorded."""
    value = facts.metrics.get(metric)
    if value is None:
        return None
    for evaluation in _latest_first(facts.evaluations):
        measure = evaluation.metrics.get(metric)
        if measure is None or evaluation.slice or measure.value != value:
            continue
        if measure.low is not None and measure.high is not None:
            return _widened(measure, measure.low, measure.high, confidence)
        if evaluation.samples and _proportion(metric) and 0 <= value <= 1:
            return wilson(value, evaluation.samples, confidence)
    return None


def _latest_first(evaluations: Iterable[Evaluation]) -> list[Evaluation]:
    return [e for e in reversed(tuple(evaluations)) if e.kind == "offline"]


def _proportion(metric: str) -> bool:
    return metric.lower().replace("-", "_").endswith(_PROPORTIONS)


def _widened(measure: Measure, low: float, high: float, confidence: float) -> Interval:
    """The interval at another confidence than it was recorded at, as a normal one would be."""
    if measure.confidence is None or measure.confidence == confidence:
        return Interval(low, high)
    factor = deviate(confidence) / deviate(measure.confidence)
    return Interval(
        measure.value - (measure.value - low) * factor,
        measure.value + (high - measure.value) * factor,
    )


def wilson(share: float, samples: int, confidence: float) -> Interval:
    """Wilson's score interval: it holds its promise near 0 and 1, and for few samples."""
    z = deviate(confidence)
    z2 = z * z / samples
    middle = (share + z2 / 2) / (1 + z2)
    half = z / (1 + z2) * sqrt(share * (1 - share) / samples + z2 / (4 * samples))
    return Interval(max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half)))


def shortfall(value: float, own: Interval, other: float, its: Interval | None) -> float:
    """How much smaller than `other` the value may be at worst, by both intervals.

    Newcombe's bound of a difference; without an interval of its own, `other` is taken as known.
    """
    beyond = its.high - other if its else 0.0
    return other - value + sqrt((value - own.low) ** 2 + beyond**2)


def excess(value: float, own: Interval, other: float, its: Interval | None) -> float:
    """How much larger than `other` the value may be at worst, by both intervals."""
    beyond = other - its.low if its else 0.0
    return value - other + sqrt((own.high - value) ** 2 + beyond**2)


def deviate(confidence: float) -> float:
    """Standard deviations of a normal on either side that hold this share of it."""
    return NormalDist().inv_cdf((1 + confidence) / 2) if confidence < 1 - 1e-15 else 8.3
