"""Laws: for all tallies, and for all ways in which they may come and be cut."""

import random
from dataclasses import replace
from math import isfinite

from hypothesis import given, settings
from hypothesis import strategies as st

from rollbook.stats.answers import Answer, Outcome
from rollbook.stats.asking import Absolute, Bar, Better, Limit, Question, Relative, Statistic
from rollbook.stats.imbalance import imbalance
from rollbook.stats.judging import judge
from rollbook.stats.samples import MICRO, Arm, Stratum
from tests.unit.stats.traffic import P50, P95

SIZES = st.one_of(st.integers(0, 3), st.integers(0, 5_000))
BUCKETS = 16


@st.composite
def strata(draw: st.DrawFn) -> Stratum:
    counts = draw(st.lists(SIZES, min_size=BUCKETS, max_size=BUCKETS))
    sums = [draw(st.integers(0, count)) * MICRO for count in counts]
    cut = draw(st.integers(0, sum(counts)))
    bins = {200: cut, 230: sum(counts) - cut} if sum(counts) else {}
    return Stratum(draw(st.integers(0, 2)), tuple(counts), tuple(sums), bins)


ARMS = st.lists(strata(), max_size=3).map(lambda parts: Arm(tuple(parts)))
STATISTICS: st.SearchStrategy[Statistic] = st.sampled_from(["rate", "mean", P50, P95])
MARGINS = st.floats(-2, 2)
BARS: st.SearchStrategy[Bar] = st.one_of(
    MARGINS.map(Absolute), MARGINS.map(Relative), MARGINS.map(Limit)
)
QUESTIONS = st.builds(
    Question, STATISTICS, st.sampled_from(Better), BARS, st.floats(1e-6, 0.5), st.integers(0, 200)
)


@settings(deadline=None, max_examples=60)
@given(QUESTIONS, ARMS, ARMS)
def test_whatever_was_measured_gets_an_answer_of_finite_numbers(
    question: Question, candidate: Arm, baseline: Arm
) -> None:
    answer = judge(question, candidate, baseline)
    numbers = [answer.low, answer.high, answer.difference, answer.bar, answer.candidate.value]
    assert all(number is None or isfinite(number) for number in numbers)
    assert answer.why
    if answer.low is not None and answer.high is not None:
        assert answer.low <= answer.high
        middle = answer.candidate.value if answer.difference is None else answer.difference
        assert middle is not None
        slack = 1e-9 * (1 + abs(middle))
        assert answer.low - slack <= middle <= answer.high + slack
        assert_outcome_follows(question, answer)


def assert_outcome_follows(question: Question, answer: Answer) -> None:
    assert answer.low is not None
    assert answer.high is not None
    assert answer.bar is not None
    if answer.outcome is Outcome.INCONCLUSIVE:
        assert answer.low - 1e-9 <= answer.bar <= answer.high + 1e-9
    else:
        above = answer.low > answer.bar - 1e-9
        worse = above if question.better is Better.LOWER else not above
        assert worse is (answer.outcome is Outcome.BREACHED)


@settings(deadline=None, max_examples=40)
@given(QUESTIONS, ARMS, ARMS, st.randoms(use_true_random=False))
def test_order_and_partition_of_what_was_measured_change_nothing(
    question: Question, candidate: Arm, baseline: Arm, chance: random.Random
) -> None:
    whole = judge(question, candidate, baseline)
    assert judge(question, cut(candidate, chance), cut(baseline, chance)) == whole
    weights = {step: {1: 0.5, 2: 0.5} for step in range(3)}
    assert imbalance(weights, {1: candidate, 2: baseline}) == imbalance(
        weights, {2: cut(baseline, chance), 1: cut(candidate, chance)}
    )


def cut(arm: Arm, chance: random.Random) -> Arm:
    """The same rows, as several monitors may have counted them."""
    parts: list[Stratum] = []
    for stratum in arm.strata:
        counts = [chance.randint(0, n) for n in stratum.counts]
        sums = [chance.randint(0, x) for x in stratum.sums]
        items = list(stratum.bins.items())
        chance.shuffle(items)
        bins = {number: chance.randint(0, count) for number, count in items}
        parts += [
            replace(stratum, counts=tuple(counts), sums=tuple(sums), bins=bins),
            replace(
                stratum,
                counts=tuple(map(int.__sub__, stratum.counts, counts)),
                sums=tuple(map(int.__sub__, stratum.sums, sums)),
                bins={number: count - bins[number] for number, count in items},
            ),
        ]
    chance.shuffle(parts)
    return Arm(tuple(parts))


@settings(deadline=None, max_examples=40)
@given(st.sampled_from([0.001, 0.01, 0.05]), ARMS, ARMS, STATISTICS)
def test_who_may_err_less_gets_a_wider_interval(
    alpha: float, candidate: Arm, baseline: Arm, statistic: Statistic
) -> None:
    question = Question(statistic, Better.LOWER, Absolute(0.0), alpha, fewest=1)
    wide, narrow = (
        judge(replace(question, alpha=a), candidate, baseline) for a in (alpha / 10, alpha)
    )
    if wide.low is not None and narrow.low is not None:
        assert wide.low <= narrow.low + 1e-9
    if wide.high is not None and narrow.high is not None:
        assert wide.high >= narrow.high - 1e-9
