"""What is answered to a question, case by case."""

from dataclasses import replace

import pytest

from rollbook.stats.answers import Outcome, Sample
from rollbook.stats.asking import Absolute, Bar, Better, Limit, Question, Relative
from rollbook.stats.judging import judge, split
from rollbook.stats.samples import MICRO, Arm, Stratum
from tests.unit.stats.traffic import P95

ERRORS = Question("rate", Better.LOWER, Absolute(0.005))


def arm(rows: int, hits: int, *, step: int = 0, buckets: int = 256) -> Arm:
    """Rows and hits spread over the buckets as evenly as whole numbers are."""
    return Arm(
        (
            Stratum(
                step,
                tuple((rows + place) // buckets for place in range(buckets)),
                tuple((hits + place) // buckets * MICRO for place in range(buckets)),
            ),
        )
    )


NOTHING = Arm(())


@pytest.mark.parametrize(
    ("bar", "better", "candidate", "baseline", "outcome"),
    [
        (Absolute(0.0), Better.LOWER, 400, 200, Outcome.BREACHED),
        (Absolute(0.0), Better.LOWER, 200, 400, Outcome.PASSED),
        (Absolute(0.0), Better.LOWER, 200, 200, Outcome.INCONCLUSIVE),
        (Absolute(0.05), Better.LOWER, 400, 200, Outcome.PASSED),
        (Absolute(-0.05), Better.LOWER, 200, 400, Outcome.BREACHED),
        (Absolute(0.0), Better.HIGHER, 400, 200, Outcome.PASSED),
        (Absolute(0.0), Better.HIGHER, 200, 400, Outcome.BREACHED),
        (Absolute(0.05), Better.HIGHER, 200, 400, Outcome.PASSED),
        (Relative(0.1), Better.LOWER, 400, 200, Outcome.BREACHED),
        (Relative(2.0), Better.LOWER, 400, 200, Outcome.PASSED),
        (Relative(0.1), Better.HIGHER, 200, 400, Outcome.BREACHED),
        (Relative(0.9), Better.HIGHER, 200, 400, Outcome.PASSED),
        (Limit(0.10), Better.LOWER, 400, 0, Outcome.PASSED),
        (Limit(0.02), Better.LOWER, 400, 0, Outcome.BREACHED),
        (Limit(0.04), Better.LOWER, 400, 0, Outcome.INCONCLUSIVE),
        (Limit(0.02), Better.HIGHER, 400, 0, Outcome.PASSED),
    ],
)
@pytest.mark.parametrize("statistic", ["rate", "mean"])
def test_the_outcome_follows_from_where_the_interval_lies(
    statistic: str, bar: Bar, better: Better, candidate: int, baseline: int, outcome: Outcome
) -> None:
    question = Question("rate" if statistic == "rate" else "mean", better, bar)
    answer = judge(question, arm(10_000, candidate), arm(10_000, baseline))
    assert answer.outcome is outcome, answer


def test_an_answer_tells_the_numbers_that_it_stands_on() -> None:
    answer = judge(replace(ERRORS, alpha=0.01), arm(5_000, 100), arm(20_000, 200))
    assert answer.candidate == Sample(5_000, 0.02)
    assert answer.baseline == Sample(20_000, 0.01)
    assert answer.difference == pytest.approx(0.01)
    assert answer.low is not None
    assert answer.high is not None
    assert answer.low < 0.01 < answer.high
    assert (answer.bar, answer.alpha) == (0.005, 0.01)
    assert answer.why == (
        "0.02 against 0.01: a difference between "
        f"{answer.low:+.4g} and {answer.high:+.4g}, and at most +0.005 is asked for"
    )


def test_a_relative_bar_is_told_in_the_unit_of_the_metric() -> None:
    answer = judge(replace(ERRORS, bar=Relative(0.5)), arm(5_000, 100), arm(20_000, 200))
    assert answer.bar == pytest.approx(0.005)


def test_against_a_limit_the_interval_is_the_candidates_own() -> None:
    answer = judge(replace(ERRORS, bar=Limit(0.1)), arm(5_000, 100))
    assert (answer.baseline, answer.difference, answer.bar) == (None, None, 0.1)
    assert answer.low is not None
    assert answer.high is not None
    assert 0.01 < answer.low < 0.02 < answer.high < 0.03


@pytest.mark.parametrize(
    ("candidate", "baseline"),
    [
        (NOTHING, NOTHING),
        (arm(5_000, 50), NOTHING),
        (NOTHING, arm(5_000, 50)),
        (arm(99, 1), arm(5_000, 50)),
        (arm(5_000, 50), arm(99, 1)),
        (arm(5_000, 50, step=1), arm(5_000, 50, step=2)),
        (arm(5_000, 50, buckets=3), arm(5_000, 50, buckets=3)),
    ],
)
def test_too_little_of_either_arm_is_no_data(candidate: Arm, baseline: Arm) -> None:
    answer = judge(ERRORS, candidate, baseline)
    assert answer.outcome is Outcome.NO_DATA
    assert answer.why
    assert (answer.low, answer.high, answer.bar) == (None, None, None)


def test_no_error_among_few_requests_is_not_yet_a_pass() -> None:
    assert judge(ERRORS, arm(200, 0), arm(30_000, 300)).outcome is Outcome.INCONCLUSIVE
    assert judge(ERRORS, arm(3_000, 0), arm(30_000, 300)).outcome is Outcome.PASSED


def test_a_few_errors_among_few_requests_are_not_yet_a_breach() -> None:
    assert judge(ERRORS, arm(100, 4), arm(1_900, 19)).outcome is Outcome.INCONCLUSIVE
    assert judge(ERRORS, arm(100, 12), arm(1_900, 19)).outcome is Outcome.BREACHED


def test_errors_of_one_unit_are_not_those_of_many() -> None:
    """Twelve errors as above, but all in one bucket."""
    one = Arm((replace(arm(100, 0).strata[0], sums=(0,) * 160 + (12 * MICRO,) + (0,) * 95),))
    counts = tuple(100 if place == 160 else 10 for place in range(256))
    one = Arm((replace(one.strata[0], counts=counts),))
    assert judge(ERRORS, one, arm(1_900, 19)).outcome is Outcome.INCONCLUSIVE


def test_no_error_in_many_requests_of_a_few_users_is_not_yet_a_pass() -> None:
    ten = Arm((Stratum(0, (300,) * 10 + (0,) * 246, (0,) * 256),))
    assert judge(ERRORS, ten, arm(30_000, 300)).outcome is Outcome.INCONCLUSIVE
    assert judge(ERRORS, arm(3_000, 0), arm(30_000, 300)).outcome is Outcome.PASSED


def test_the_first_rows_of_all_leave_everything_open() -> None:
    for fewest in (0, 1):
        question = replace(ERRORS, fewest=fewest, alpha=1e-9)
        assert judge(question, arm(6, 6), arm(6, 0)).outcome is Outcome.INCONCLUSIVE


def test_values_that_never_vary_tell_nothing_about_a_mean() -> None:
    answer = judge(Question("mean", Better.LOWER, Absolute(1.0)), arm(500, 0), arm(500, 0))
    assert answer.outcome is Outcome.INCONCLUSIVE
    assert (answer.low, answer.high) == (None, None)
    assert "too little" in answer.why


@pytest.mark.parametrize(
    ("question", "candidate", "baseline"),
    [
        (ERRORS, arm(1_000, 5_000), arm(1_000, 10)),
        (ERRORS, arm(1_000, 10), arm(1_000, -10)),
        (Question("mean", Better.LOWER, Relative(0.1)), arm(1_000, 10), arm(1_000, -100)),
        (Question("mean", Better.HIGHER, Relative(1.0)), arm(1_000, 10), arm(1_000, 100)),
        (Question(P95, Better.LOWER, Relative(0.1)), arm(1_000, 10), arm(1_000, 10)),
    ],
)
def test_what_cannot_be_what_was_asked_for_is_an_error(
    question: Question, candidate: Arm, baseline: Arm
) -> None:
    answer = judge(question, candidate, baseline)
    assert answer.outcome is Outcome.ERROR
    assert answer.why


def test_steps_that_only_one_arm_has_are_left_out() -> None:
    both = Arm((*arm(5_000, 50).strata, *arm(9_000, 9_000, step=1).strata))
    assert judge(ERRORS, both, arm(5_000, 50)) == judge(ERRORS, arm(5_000, 50), arm(5_000, 50))


def test_what_may_be_erred_is_shared_out_over_guardrails_and_challengers() -> None:
    assert split(0.05, guardrails=5, challengers=2) == pytest.approx(0.005)
    assert split(0.05, guardrails=0) == 0.05
    strict = judge(replace(ERRORS, alpha=0.005), arm(5_000, 80), arm(5_000, 50))
    loose = judge(ERRORS, arm(5_000, 80), arm(5_000, 50))
    assert strict.low is not None
    assert loose.low is not None
    assert strict.low < loose.low
