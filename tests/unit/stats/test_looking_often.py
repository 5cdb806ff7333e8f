"""What comes of looking at two versions all the time, by simulation."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from rollbook.stats.answers import Outcome
from rollbook.stats.asking import Absolute, Better, Question, Relative
from rollbook.stats.judging import judge
from rollbook.stats.samples import Arm
from tests.unit.stats.traffic import Rows, looks, naive, requests, returning, whole

NO_WORSE = Question("rate", Better.LOWER, Absolute(0.0), fewest=1)
WITHIN = Question("rate", Better.LOWER, Absolute(0.005))


def rolled_back(question: Question, seen: Rows, every: int) -> int | None:
    """The requests after which the candidate was found to be worse.

    Where a z-test does not object no interval does that is wider: those looks are left out.
    """
    objections = naive(seen, every)
    if not objections.any():
        return None
    for number, look in enumerate(looks(seen, every)):
        if (
            objections[number]
            and judge(question, look.candidate, look.baseline).outcome is Outcome.BREACHED
        ):
            return (number + 1) * every
    return None


def compared(runs: int, run: Callable[[int], Rows], every: int) -> tuple[float, float]:
    """How often equal versions are told apart: here, and by a repeated z-test."""
    ours = theirs = 0
    for number in range(runs):
        seen = run(number)
        ours += rolled_back(NO_WORSE, seen, every) is not None
        theirs += bool(naive(seen, every).any())
    return ours / runs, theirs / runs


def share(runs: int, happens: Callable[[int], bool]) -> float:
    return sum(happens(run) for run in range(runs)) / runs


def test_equal_versions_are_rarely_rolled_back_however_often_one_looks() -> None:
    def run(number: int) -> Rows:
        return requests(np.random.default_rng([1, number]), 50_000, 0.5, 0.01, 0.01)

    breached, by_naive = compared(300, run, 500)
    print(f"A/A, 100 looks: {breached:.1%} rolled back; by a repeated z-test {by_naive:.1%}")
    assert breached <= 0.05
    assert 0.17 <= by_naive <= 0.25


def test_nor_with_little_traffic_and_a_look_every_few_requests() -> None:
    def run(number: int) -> Rows:
        return requests(np.random.default_rng([2, number]), 5_000, 0.1, 0.005, 0.005)

    assert share(100, lambda n: rolled_back(NO_WORSE, run(n), 20) is not None) <= 0.05


def test_a_doubled_error_rate_is_found() -> None:
    def run(number: int) -> Rows:
        return requests(np.random.default_rng([3, number]), 30_000, 0.5, 0.01, 0.02)

    at = sorted(rolled_back(NO_WORSE, run(n), 500) or 10**9 for n in range(100))
    print(f"1 % to 2 %: half of the runs before {at[50]} requests, 95 % before {at[94]}")
    assert at[94] <= 15_000


def test_ten_times_the_errors_are_found_among_the_first_requests_of_a_small_canary() -> None:
    def run(number: int) -> Rows:
        return requests(np.random.default_rng([4, number]), 10_000, 0.05, 0.01, 0.1)

    question = replace(NO_WORSE, bar=Relative(0.5))
    at = sorted(rolled_back(question, run(n), 100) or 10**9 for n in range(40))
    print(f"1 % to 10 % at 5 % of traffic: half before {at[20]} requests, 95 % before {at[37]}")
    assert at[37] <= 6_000


def test_equal_versions_pass_within_their_margin() -> None:
    def outcome(number: int) -> Outcome:
        seen = whole(requests(np.random.default_rng([5, number]), 60_000, 0.5, 0.01, 0.01))
        return judge(WITHIN, seen.candidate, seen.baseline).outcome

    found = [outcome(number) for number in range(100)]
    assert found.count(Outcome.PASSED) >= 95
    assert Outcome.BREACHED not in found


def test_a_version_that_is_worse_by_the_margin_rarely_passes() -> None:
    def passes(number: int) -> bool:
        seen = requests(np.random.default_rng([6, number]), 20_000, 0.5, 0.01, 0.015)
        return any(
            judge(WITHIN, look.candidate, look.baseline).outcome is Outcome.PASSED
            for look in looks(seen, 1_000)
        )

    assert share(60, passes) <= 0.05


def test_users_who_come_again_fool_a_test_that_counts_requests_but_not_this_one() -> None:
    def run(number: int) -> Rows:
        return returning(np.random.default_rng([7, number]), 20_000, 0.5, 1_000)

    breached, by_naive = compared(100, run, 1_000)
    print(f"A/A of 1,000 users: {breached:.1%} rolled back; by a repeated z-test {by_naive:.1%}")
    assert breached <= 0.05
    assert by_naive > 0.3


def test_a_metric_that_changes_while_weights_do_is_no_difference() -> None:
    rng = np.random.default_rng(8)
    parts = [
        whole(requests(rng, 20_000, weight, rate, rate), step)
        for step, (weight, rate) in enumerate(((0.05, 0.01), (0.5, 0.05)))
    ]
    candidate = Arm(tuple(part.candidate.strata[0] for part in parts))
    baseline = Arm(tuple(part.baseline.strata[0] for part in parts))

    assert lumped(candidate) > 1.5 * lumped(baseline)
    assert judge(NO_WORSE, candidate, baseline).outcome is Outcome.INCONCLUSIVE


def lumped(arm: Arm) -> float:
    """The rate with no regard to steps."""
    return sum(sum(s.sums) for s in arm.strata) / sum(s.rows for s in arm.strata)
