"""How much traffic a decision needs, held against simulation."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from rollbook.stats.answers import Outcome
from rollbook.stats.asking import Absolute, Better, Limit, Question, Relative
from rollbook.stats.judging import judge
from rollbook.stats.power import needed
from tests.unit.stats.traffic import requests, whole

ERRORS = Question("rate", Better.LOWER, Absolute(0.0))


def test_after_so_many_rows_most_runs_have_decided() -> None:
    rows = needed(ERRORS, 0.01, 0.01, 0.5, power=0.8)
    assert rows is not None

    def decided(number: int, after: int) -> bool:
        seen = whole(requests(np.random.default_rng([31, number]), after, 0.5, 0.01, 0.02))
        return judge(ERRORS, seen.candidate, seen.baseline).outcome is Outcome.BREACHED

    runs = 60
    assert 0.65 <= sum(decided(number, rows) for number in range(runs)) / runs <= 0.95


def test_smaller_differences_and_smaller_canaries_need_more() -> None:
    by_difference = [needed(ERRORS, 0.01, d, 0.5) or 0 for d in (0.02, 0.01, 0.005, 0.001)]
    by_share = [needed(ERRORS, 0.01, 0.01, share) or 0 for share in (0.5, 0.25, 0.05)]
    by_alpha = [needed(replace(ERRORS, alpha=a), 0.01, 0.01, 0.5) or 0 for a in (0.1, 0.01)]
    for growing in (by_difference, by_share, by_alpha):
        assert all(a < b for a, b in pairwise(growing))


def test_a_true_difference_at_the_bar_is_never_decided() -> None:
    assert needed(ERRORS, 0.01, 0.0, 0.5) is None
    assert needed(replace(ERRORS, bar=Limit(0.02)), 0.01, 0.01, 0.5) is None


def test_margins_and_limits_are_what_is_to_be_told_apart() -> None:
    loose, strict = (
        needed(replace(ERRORS, bar=Absolute(margin)), 0.01, 0.0, 0.5) or 0
        for margin in (0.01, 0.005)
    )
    assert loose < strict / 2
    assert (needed(replace(ERRORS, bar=Relative(0.5)), 0.01, 0.0, 0.5) or 0) > strict
    fewer = replace(ERRORS, better=Better.HIGHER, bar=Relative(0.5))
    assert needed(fewer, 0.5, -0.25, 0.5) is None
    assert needed(fewer, 0.5, -0.2, 0.5)
    assert needed(replace(ERRORS, bar=Limit(0.1)), 0.01, 0.0, 0.05) == 2_000, "the fewest"


def test_a_mean_needs_the_spread_of_its_rows() -> None:
    mean = replace(ERRORS, statistic="mean")
    assert (needed(mean, 20.0, 2.0, 0.5, spread=30.0) or 0) > 1_000
    with pytest.raises(ValueError, match="spread"):
        needed(mean, 20.0, 2.0, 0.5)
