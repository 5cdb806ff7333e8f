"""What the tallies of a rollout say about its plan's metrics: the same tallies, the same. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final, Literal

from rollbook.domain.findings import ArmCount, MetricFinding, Result, RolloutFinding, conclude
from rollbook.domain.plans import Metric, RolloutPlan
from rollbook.readmodel.rollouts import RolloutRow
from rollbook.readmodel.tallies import TallyRow
from rollbook.stats.answers import Answer, Outcome, Sample
from rollbook.stats.asking import Absolute, Bar, Better, Limit, Quantile, Question, Relative
from rollbook.stats.imbalance import imbalance
from rollbook.stats.judging import judge
from rollbook.stats.samples import Arm, Stratum
from rollbook.telemetry import edges

FEWEST: Final = 100
"""Requests of a version without which nothing is said of it."""

LOPSIDED: Final = 0.001
"""How often even traffic may be taken for uneven, over all looks together."""

TRAFFIC: Final = "traffic"
"""What is told of when the versions did not get the shares that the plan gives them."""


def look(row: RolloutRow, tallies: Sequence[TallyRow], now: datetime) -> RolloutFinding:
    """What each metric of the plan shows of each new version, and what that comes to."""
    plan = row.parsed
    watching = row.state == "watching"
    arms = (row.promoted,) if watching and row.promoted is not None else row.arms
    # After the promotion only what the last step has seen is looked at: what was good before
    # would hide for long what is bad since.
    seen = [t for t in tallies if t.step == row.step] if watching else tallies
    counts = _Counts(plan, seen)
    stage = plan.stages[row.step]
    questions = list(_questions(plan, len(arms), min(stage.samples or FEWEST, FEWEST)))
    found = [
        _found(metric, question, arm, counts, row.baseline)
        for arm in arms
        for metric, question in questions
    ]
    if now >= row.due:
        strict = {metric.metric for metric in plan.metrics if metric.missing == "fail"}
        found = [_missed(f) if f.outcome == "no_data" and f.metric in strict else f for f in found]
    if not watching and (uneven := _uneven(row, plan, counts)) is not None:
        found.append(uneven)
    samples = min(counts.rows(row.step, arm) for arm in arms)
    return conclude(tuple(found), samples, stage.samples if stage.analysis else 0, row.digest)


class _Counts:
    """The tallies, by what they count."""

    def __init__(self, plan: RolloutPlan, tallies: Sequence[TallyRow]) -> None:
        self._tallies = tallies
        self._stages = plan.stages

    def arm(self, version: int, metric: str, role: Literal["new", "old"]) -> Arm:
        """What was counted of a version in all steps."""
        return Arm(
            tuple(
                Stratum(tally.step, tally.n, tally.x, tally.bins)
                for tally in self._tallies
                if (tally.version, tally.metric) == (version, metric)
                and 0 <= tally.step < len(self._stages)
                and tally.shadow == (role == "new" and self._mirrors(tally.step))
            )
        )

    def _mirrors(self, step: int) -> bool:
        """Whether the new versions get copies only."""
        return not self._stages[step].weight

    def rows(self, step: int, version: int) -> int:
        """The requests that a new version had in a step: each has an `errors`."""
        return sum(
            tally.rows
            for tally in self._tallies
            if (tally.step, tally.version, tally.metric) == (step, version, "errors")
            and tally.shadow == self._mirrors(step)
        )


def _questions(plan: RolloutPlan, arms: int, fewest: int) -> Iterator[tuple[Metric, Question]]:
    """What is asked of each new version; together they are wrong as seldom as the plan wants."""
    bars = {metric.metric: list(_bars(metric)) for metric in plan.metrics}
    share = plan.alpha / (sum(map(len, bars.values())) * arms)
    for metric in plan.metrics:
        asked = bars[metric.metric]
        alpha = metric.alpha / (len(asked) * arms) if metric.alpha is not None else share
        for bar in asked:
            better = Better.LOWER if metric.better == "down" else Better.HIGHER
            yield metric, Question(_statistic(metric), better, bar, alpha, fewest)


def _bars(metric: Metric) -> Iterator[Bar]:
    if metric.threshold is not None:
        yield Limit(metric.threshold)
    sign = 1 if metric.role == "guardrail" else -1
    match metric.margin:
        case str() as part:
            yield Relative(sign * float(part.rstrip("%")) / 100)
        case None if metric.role == "guardrail" or metric.threshold is not None:
            return
        case None:
            yield Absolute(0.0)
        case margin:
            yield Absolute(sign * margin)


def _statistic(metric: Metric) -> Literal["rate", "mean"] | Quantile:
    match metric.of_what:
        case "rate":
            return "rate"
        case "mean":
            return "mean"
        case quantile:
            return Quantile(int(quantile[1:]) / 100, edges.bounds)


def _found(
    metric: Metric, question: Question, version: int, counts: _Counts, baseline: int
) -> MetricFinding:
    against = None
    if not isinstance(question.bar, Limit):
        against = counts.arm(baseline, metric.of, "old")
    answer = judge(question, counts.arm(version, metric.of, "new"), against)
    return MetricFinding(
        metric=metric.metric,
        role=metric.role,
        outcome=_outcome(metric, answer),
        candidate=_measured(version, answer.candidate),
        baseline=_measured(baseline, answer.baseline) if answer.baseline else None,
        difference=answer.difference,
        low=answer.low,
        high=answer.high,
        alpha=answer.alpha,
        why=answer.why[:1000],
    )


def _outcome(metric: Metric, answer: Answer) -> Result:
    match answer.outcome:
        case Outcome.BREACHED:
            return "breached" if metric.role == "guardrail" else "failed"
        case Outcome.PASSED:
            return "passed"
        case Outcome.INCONCLUSIVE:
            return "inconclusive"
        case Outcome.NO_DATA:
            return "no_data"
        case Outcome.ERROR:
            return "error"


def _measured(version: int, sample: Sample) -> ArmCount:
    return ArmCount(version=version, n=sample.n, value=sample.value)


def _missed(found: MetricFinding) -> MetricFinding:
    why = f"{found.why}; the plan takes that for an error"
    return found.model_copy(update={"outcome": "error", "why": why[:1000]})


def _uneven(row: RolloutRow, plan: RolloutPlan, counts: _Counts) -> MetricFinding | None:
    """An error where the versions did not get their shares: then they had different requests."""
    shares = {
        number: {row.baseline: 100 - step.weight} | _each(row.arms, step.weight)
        for number, step in enumerate(plan.stages)
        if 0 < step.weight < 100
    }
    versions = (row.baseline, *row.arms)
    found = imbalance(
        shares, {version: counts.arm(version, "errors", "old") for version in versions}, LOPSIDED
    )
    if not found.found:
        return None
    return MetricFinding(
        metric=TRAFFIC,
        role="guardrail",
        outcome="error",
        candidate=ArmCount(version=row.version, n=counts.rows(row.step, row.version)),
        alpha=LOPSIDED,
        why=found.why[:1000],
    )


def _each(arms: Iterable[int], weight: float) -> dict[int, float]:
    versions = tuple(arms)
    return {version: weight / len(versions) for version in versions}
