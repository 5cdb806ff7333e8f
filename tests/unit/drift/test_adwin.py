import random
from collections.abc import Sequence

from rollbook.drift.adwin import cut
from rollbook.telemetry.edges import MICRO
from rollbook.telemetry.sums import Measure


def measures(rates: Sequence[float], rows: int = 200, seed: int = 1) -> list[Measure]:
    """Windows of wrong answers, newest first."""
    chance = random.Random(seed)
    found = []
    for rate in rates:
        wrong = sum(chance.random() < rate for _ in range(rows)) * MICRO
        found.append(Measure(rows, wrong, wrong))
    return found[::-1]


def test_where_nothing_changes_nothing_is_cut() -> None:
    assert [cut(measures([0.1] * 60, seed=seed)) for seed in range(200)].count(None) >= 199


def test_a_change_is_found_and_where_it_was() -> None:
    found = cut(measures([0.1] * 30 + [0.3] * 5))
    assert found is not None
    assert found.windows in {4, 5, 6}
    assert found.before < 0.15
    assert found.after > 0.25


def test_a_change_for_the_better_is_one_too() -> None:
    found = cut(measures([0.3] * 20 + [0.1] * 20))
    assert found is not None
    assert found.after < found.before


def test_a_few_values_say_nothing() -> None:
    assert cut([]) is None
    assert cut(measures([1.0, 0.0], rows=20)) is None


def test_empty_windows_in_between_make_no_difference() -> None:
    series = measures([0.1] * 10 + [0.5] * 3)
    found = cut(series)
    assert found is not None
    again = cut([part for one in series for part in (one, Measure())])
    assert again is not None
    assert (again.before, again.after) == (found.before, found.after)
