"""The answer to a question, from all that was measured until now."""

from collections.abc import Mapping, Sequence
from math import isfinite
from operator import le
from typing import Final

from rollbook.stats import means, proportions, quantiles
from rollbook.stats.answers import Answer, Outcome, Sample
from rollbook.stats.asking import Absolute, Better, Limit, Quantile, Question, Relative
from rollbook.stats.boundary import harmonic
from rollbook.stats.pooling import Pooled, pooled
from rollbook.stats.samples import MICRO, Arm, Stratum, by_step

FEWEST_UNITS: Final = 5
"""Buckets of units without which nothing is known of how units differ."""


def split(alpha: float, *, guardrails: int, challengers: int = 1) -> float:
    """What each question may err, so that all together err no more than alpha (Bonferroni)."""
    return alpha / max(guardrails * challengers, 1)


def judge(question: Question, candidate: Arm, baseline: Arm | None = None) -> Answer:
    """The same for the same counts, however they came and were cut; it never raises for any.

    Steps that one of both arms has no rows in are left out. A limit needs no baseline.
    """
    own = by_step(candidate)
    if isinstance(question.bar, Limit):
        return _judged(question, own, {step: float(own[step].rows) for step in own}, None)
    other = by_step(baseline or Arm(()))
    shared = {step: harmonic(own[step].rows, other[step].rows) for step in own if step in other}
    return _judged(question, own, shared, other)


def _judged(
    question: Question,
    own: Mapping[int, Stratum],
    weights: Mapping[int, float],
    other: Mapping[int, Stratum] | None,
) -> Answer:
    sides = [own] if other is None else [own, other]
    counted = [sum(side[step].rows for step in weights) for side in sides]
    if min(counted) < max(question.fewest, 1):
        return _silent(
            question,
            Outcome.NO_DATA,
            f"{' and '.join(map(str, counted))} rows, {question.fewest} are needed",
            [Sample(count, None) for count in counted],
        )
    arms = [pooled(side, weights) for side in sides]
    samples = [Sample(arm.rows, _value(question, arm)) for arm in arms]
    if wrong := _wrong(question, arms):
        return _silent(question, Outcome.ERROR, wrong, samples)
    if min(arm.units for arm in arms) < FEWEST_UNITS:
        why = "nearly all rows are of a few units: how units differ cannot be seen"
        return _silent(question, Outcome.NO_DATA, why, samples)
    return _compared(question, arms, samples)


def _value(question: Question, arm: Pooled) -> float | None:
    if not isinstance(question.statistic, Quantile):
        return arm.mean
    found = quantiles.curve(arm, question.statistic)
    return found.at(question.statistic.share) if found.bins else None


def _wrong(question: Question, arms: Sequence[Pooled]) -> str | None:
    """What keeps the question from having an answer."""
    strata = [arm.strata[step] for arm in arms for step in arm.weights]
    if question.statistic == "rate" and not all(map(_within, strata)):
        return "some of its values are not between 0 and 1: it is no rate"
    if isinstance(question.statistic, Quantile) and not all(any(s.bins.values()) for s in strata):
        return "there is no histogram of its values"
    if isinstance(question.bar, Relative):
        if _times(question, question.bar) <= 0:
            return "a margin of all there is leaves nothing to hold the candidate against"
        if (_value(question, arms[1]) or 0.0) < 0:
            return "the baseline is below zero: no margin can be a share of it"
    return None


def _within(stratum: Stratum) -> bool:
    return min(stratum.sums) >= 0 and all(
        map(le, stratum.sums, [n * MICRO for n in stratum.counts])
    )


def _times(question: Question, bar: Relative) -> float:
    return 1 + bar.margin if question.better is Better.LOWER else 1 - bar.margin


def _compared(question: Question, arms: Sequence[Pooled], samples: Sequence[Sample]) -> Answer:
    """`edge` is what the interval is held against, `shift` makes it one of the difference."""
    times, shift = 1.0, 0.0
    match question.bar:
        case Absolute(margin):
            edge = margin if question.better is Better.LOWER else -margin
        case Relative() as bar:
            times, edge = _times(question, bar), 0.0
            shift = (times - 1) * (samples[1].value or 0.0)
        case Limit(value):
            edge = value
    low, high = _interval(question, arms, times)
    outcome = _outcome(question.better, low, high, edge)
    low, high, edge = low + shift, high + shift, edge + shift
    return Answer(
        outcome=outcome,
        why=_told(question.better, samples, low, high, edge),
        candidate=samples[0],
        baseline=samples[1] if len(samples) > 1 else None,
        difference=_difference(samples),
        low=low if isfinite(low) else None,
        high=high if isfinite(high) else None,
        bar=edge,
        alpha=question.alpha,
    )


def _interval(question: Question, arms: Sequence[Pooled], times: float) -> tuple[float, float]:
    candidate, baseline = arms[0], arms[1] if len(arms) > 1 else None
    match question.statistic:
        case "rate":
            return proportions.interval(candidate, baseline, times, question.alpha)
        case "mean":
            return means.interval(candidate, baseline, times, question.alpha)
        case quantile:
            return quantiles.interval(candidate, baseline, times, question.alpha, quantile)


def _outcome(better: Better, low: float, high: float, edge: float) -> Outcome:
    above, below = low > edge, high < edge
    if better is Better.HIGHER:
        above, below = below, above
    if above:
        return Outcome.BREACHED
    return Outcome.PASSED if below else Outcome.INCONCLUSIVE


def _told(better: Better, samples: Sequence[Sample], low: float, high: float, edge: float) -> str:
    values = " against ".join(f"{sample.value:.4g}" for sample in samples)
    asked = "at most" if better is Better.LOWER else "at least"
    if not (isfinite(low) or isfinite(high)):
        return f"{values}: too little for an interval, and {asked} {edge:.4g} is asked for"
    what, sign = ("", "") if len(samples) == 1 else ("a difference ", "+")
    return (
        f"{values}: {what}between {low:{sign}.4g} and {high:{sign}.4g}, "
        f"and {asked} {edge:{sign}.4g} is asked for"
    )


def _difference(samples: Sequence[Sample]) -> float | None:
    values = [sample.value for sample in samples if sample.value is not None]
    return values[0] - values[1] if len(values) == 2 else None


def _silent(question: Question, outcome: Outcome, why: str, samples: Sequence[Sample]) -> Answer:
    return Answer(
        outcome=outcome,
        why=why,
        candidate=samples[0],
        baseline=samples[1] if len(samples) > 1 else None,
        difference=_difference(samples),
        low=None,
        high=None,
        bar=None,
        alpha=question.alpha,
    )
