"""Which version a unit gets."""

from rollbook.domain.traffic import Arm, Trial
from rollbook.serving.assignment import arm_of, mirrored, place

UNITS = [f"unit-{number}" for number in range(4000)]


def trial(*weights: float, mirror: float = 0.0, salt: str = "s") -> Trial:
    arms = [
        Arm(version=n, digest="", uri="", format=None, weight=weight, mirror=mirror)
        for n, weight in enumerate(weights, start=2)
    ]
    return Trial(number=1, step=0, salt=salt, arms=arms)


def test_places_are_even_and_fixed() -> None:
    places = [place("s", unit) for unit in UNITS]
    assert places == [place("s", unit) for unit in UNITS]
    for tenth in range(10):
        share = sum(tenth / 10 <= p < (tenth + 1) / 10 for p in places) / len(places)
        assert abs(share - 0.1) < 0.02


def test_each_arm_gets_its_share_of_units() -> None:
    drawn = [arm_of(trial(0.1, 0.3), unit) for unit in UNITS]
    for arm, wanted in ((0, 0.1), (1, 0.3), (None, 0.6)):
        assert abs(drawn.count(arm) / len(UNITS) - wanted) < 0.03


def test_a_greater_weight_takes_nobody_out() -> None:
    small, large = trial(0.05), trial(0.5)
    assert all(arm_of(large, unit) == 0 for unit in UNITS if arm_of(small, unit) == 0)


def test_another_rollout_draws_others() -> None:
    one = {unit for unit in UNITS if arm_of(trial(0.5, salt="a"), unit) == 0}
    other = {unit for unit in UNITS if arm_of(trial(0.5, salt="b"), unit) == 0}
    assert abs(len(one & other) / len(UNITS) - 0.25) < 0.03


def test_without_arms_nobody_is_drawn_and_a_full_weight_takes_all() -> None:
    assert arm_of(None, "u") is None
    assert arm_of(trial(), "u") is None
    assert all(arm_of(trial(1.0), unit) == 0 for unit in UNITS)
    assert all(arm_of(trial(0.0), unit) is None for unit in UNITS)


def test_copies_are_drawn_by_request_for_each_arm_alone() -> None:
    drawn = [mirrored(trial(0.0, 0.0, mirror=0.2), f"request-{n}") for n in range(4000)]
    for arm in (0, 1):
        assert abs(sum(arm in found for found in drawn) / 4000 - 0.2) < 0.03
    assert mirrored(None, "r") == mirrored(trial(1.0), "r") == []
