"""Means and quantiles of values with heavy tails, by simulation, and in small cases."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from rollbook.stats.answers import Answer, Outcome
from rollbook.stats.asking import Absolute, Better, Limit, Question, Relative, Statistic
from rollbook.stats.judging import judge
from rollbook.stats.samples import Arm
from rollbook.telemetry.edges import BUCKETS
from tests.unit.stats.traffic import P50, P95, Rows, latencies, looks, stratum, whole

EQUAL = Question("mean", Better.LOWER, Absolute(0.0))


def answers(rows: Rows, question: Question, *cuts: int) -> list[Answer]:
    """With histograms, at a look after so many requests each."""
    found = []
    for cut in cuts:
        seen = whole(rows.until(cut))
        found.append(judge(question, seen.candidate, seen.baseline))
    return found


def strays(runs: int, missed: Callable[[int], bool]) -> float:
    return sum(missed(run) for run in range(runs)) / runs


@pytest.mark.parametrize("share", [0.5, 0.05])
def test_intervals_of_heavy_tailed_means_hold_the_truth_at_all_looks(share: float) -> None:
    def missed(number: int) -> bool:
        rows = latencies(np.random.default_rng([11, number]), 10_000, share, spread=1.5)
        return any(
            judge(EQUAL, look.candidate, look.baseline).outcome
            in {Outcome.BREACHED, Outcome.PASSED}
            for look in looks(rows, 500)
        )

    assert strays(40, missed) <= 0.1, "5 % on either side"


@pytest.mark.parametrize("statistic", [P50, P95])
def test_so_do_those_of_quantiles(statistic: Statistic) -> None:
    question = replace(EQUAL, statistic=statistic)

    def missed(number: int) -> bool:
        rows = latencies(np.random.default_rng([12, number]), 10_000, 0.2, spread=1.5)
        return any(
            answer.outcome in {Outcome.BREACHED, Outcome.PASSED}
            for answer in answers(rows, question, 500, 1_000, 2_000, 5_000, 10_000)
        )

    assert strays(40, missed) <= 0.1


def test_a_slower_tail_breaches_its_margin_and_an_equal_one_keeps_it() -> None:
    question = Question(P95, Better.LOWER, Relative(0.1))
    rng = np.random.default_rng(13)
    for times, outcome in ((1.5, Outcome.BREACHED), (1.0, Outcome.PASSED)):
        rows = latencies(rng, 40_000, 0.5, spread=0.5, times=times)
        [answer] = answers(rows, question, 40_000)
        assert answer.outcome is outcome, answer
        assert answer.bar == pytest.approx(0.1 * 20 * np.exp(0.5 * 1.645), rel=0.05)


def test_the_value_and_interval_of_a_quantile_are_those_of_the_rows() -> None:
    rows = latencies(np.random.default_rng(14), 20_000, 0.5, spread=1.0)
    [answer] = answers(rows, Question(P95, Better.LOWER, Limit(150.0)), 20_000)
    exact = np.quantile(rows.value[rows.candidate], 0.95)
    assert answer.candidate.value == pytest.approx(exact, rel=0.02)
    assert answer.low is not None
    assert answer.high is not None
    # About 2.9 standard errors of the share of rows below.
    low, high = np.quantile(rows.value[rows.candidate], [0.9434, 0.9561])
    assert answer.low == pytest.approx(low, rel=0.03)
    assert answer.high == pytest.approx(high, rel=0.03)
    assert answer.outcome is Outcome.PASSED


def test_nothing_bounds_a_high_quantile_of_few_rows_from_above() -> None:
    rows = latencies(np.random.default_rng(15), 250, 0.5, spread=1.0)
    [answer] = answers(rows, Question(P95, Better.LOWER, Limit(1e6)), 250)
    assert answer.high is None
    assert answer.low is not None
    assert answer.outcome is Outcome.INCONCLUSIVE
    [slow] = answers(rows, Question(P95, Better.LOWER, Limit(1.0)), 250)
    assert slow.outcome is Outcome.BREACHED


def test_users_with_slow_lines_do_not_make_a_version_slow() -> None:
    question = replace(EQUAL, statistic=P95)

    def missed(number: int) -> bool:
        rng = np.random.default_rng([16, number])
        unit = rng.integers(400, size=8_000)
        slow = np.exp(rng.normal(size=400))
        value = 20 * slow[unit] * np.exp(0.3 * rng.normal(size=8_000))
        bucket, candidate = rng.integers(BUCKETS, size=400), rng.random(400) < 0.5
        rows = Rows(candidate[unit], bucket[unit], value)
        return any(
            answer.outcome in {Outcome.BREACHED, Outcome.PASSED}
            for answer in answers(rows, question, 1_000, 2_000, 4_000, 8_000)
        )

    assert strays(40, missed) <= 0.1


def test_steps_with_another_level_are_compared_step_by_step() -> None:
    rng = np.random.default_rng(17)
    parts = [latencies(rng, 20_000, weight, spread=0.5) for weight in (0.05, 0.5)]
    parts[1] = parts[1]._replace(value=parts[1].value * 3)
    candidate, baseline = (
        Arm(tuple(stratum(part, arm, step) for step, (part, arm) in enumerate(arms)))
        for arms in (
            [(part, part.candidate) for part in parts],
            [(part, ~part.candidate) for part in parts],
        )
    )
    statistics: list[Statistic] = ["mean", P50, P95]
    for statistic in statistics:
        question = Question(statistic, Better.LOWER, Relative(0.1))
        assert judge(question, candidate, baseline).outcome is Outcome.PASSED
