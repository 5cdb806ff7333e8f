"""Traffic that was not shared out as the plan says."""

from collections.abc import Mapping

import numpy as np

from rollbook.stats.imbalance import Imbalance, imbalance
from rollbook.stats.samples import Arm
from rollbook.telemetry.edges import BUCKETS
from tests.unit.stats.traffic import Rows, stratum

WEIGHTS = {0: {3: 0.95, 4: 0.05}}


def found(rows: Rows, weights: Mapping[int, Mapping[int, float]] = WEIGHTS) -> Imbalance:
    arms = {
        4: Arm((stratum(rows, rows.candidate),)),
        3: Arm((stratum(rows, ~rows.candidate),)),
    }
    return imbalance(weights, arms)


def visits(number: int, share: float, units: int | None = None, rows: int = 20_000) -> Rows:
    """Of so many units, each of one arm; or each visit of a unit of its own."""
    rng = np.random.default_rng([21, number])
    units = units or rows
    unit = rng.permutation(rows) % units
    bucket, candidate = rng.integers(BUCKETS, size=units), rng.random(units) < share
    return Rows(candidate[unit], bucket[unit], np.zeros(rows))


def test_traffic_as_it_should_be_raises_nothing_at_any_look() -> None:
    for number in range(20):
        rows = visits(number, 0.05)
        for cut in (500, 2_000, 5_000, 20_000):
            assert not found(rows.until(cut)).found


def test_nor_do_users_who_come_again_and_again() -> None:
    """400 users: the candidate has now 12 of them, now 28, each with 50 visits."""
    assert not any(found(visits(number, 0.05, units=400)).found for number in range(50))


def test_nor_does_a_canary_that_none_of_a_few_users_fell_into() -> None:
    for number in range(50):
        rows = visits(number, 0.05, units=30, rows=1_000)
        assert not found(rows).found


def test_a_candidate_that_gets_too_much_is_named_with_numbers() -> None:
    seen = found(visits(0, 0.07))
    assert seen.found
    portion = seen.portions[4]
    assert portion.wanted == 0.05
    assert portion.wanted < portion.low < portion.got < portion.high
    assert "version 4 got 6.86% of the rows" in seen.why
    assert "should have got 5.00%" in seen.why


def test_a_candidate_that_gets_nothing_is_found() -> None:
    assert found(visits(0, 0.0)).found


def test_weights_of_steps_are_weighed_by_their_rows() -> None:
    parts = [visits(1, 0.05), visits(2, 0.5, rows=60_000)]
    arms = {
        version: Arm(
            tuple(
                stratum(part, part.candidate == (version == 4), step)
                for step, part in enumerate(parts)
            )
        )
        for version in (3, 4)
    }
    weights = {0: {3: 95.0, 4: 5.0}, 1: {3: 50.0, 4: 50.0}, 2: {4: 100.0}}
    assert not imbalance(weights, arms).found
    swapped = {0: weights[1], 1: weights[0]}
    assert imbalance(swapped, arms).found


def test_of_three_arms_the_ones_that_are_off_are_named() -> None:
    rng = np.random.default_rng(22)
    version = rng.choice([1, 2, 3], p=[0.5, 0.3, 0.2], size=20_000)
    rows = Rows(version == 1, rng.integers(BUCKETS, size=20_000), np.zeros(20_000))
    arms = {v: Arm((stratum(rows, version == v),)) for v in (1, 2, 3)}
    assert not imbalance({0: {1: 5, 2: 3, 3: 2}}, arms).found
    off = imbalance({0: {1: 5, 2: 2.5, 3: 2.5}}, arms)
    assert off.found
    assert "version 1" not in off.why
    assert "version 2" in off.why
    assert "version 3" in off.why


def test_without_rows_or_with_one_arm_nothing_is_said() -> None:
    assert imbalance(WEIGHTS, {3: Arm(()), 4: Arm(())}) == Imbalance(False, "", {})
    assert imbalance({}, {}) == Imbalance(False, "", {})
    assert imbalance({0: {4: 1.0}}, {4: Arm(())}) == Imbalance(False, "", {})
