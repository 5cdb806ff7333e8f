import pytest
from scipy import stats

from rollbook.drift import distances


def test_what_is_alike_has_no_distance() -> None:
    counts = [10, 20, 30, 40]
    assert distances.psi(counts, counts) == 0
    assert distances.js(counts, counts) == 0
    assert distances.ks(counts, counts) == 0
    assert distances.chi_squared(counts, counts) == (0, 3)
    assert distances.p_value(0, 3) == 1


def test_what_has_nothing_in_common_is_as_far_as_can_be() -> None:
    assert distances.js([10, 0], [0, 10]) == pytest.approx(1)
    assert distances.ks([10, 0], [0, 10]) == 1
    assert distances.psi([100, 0], [0, 100]) > 9


def test_the_psi_that_chance_brings_shrinks_with_the_rows() -> None:
    reference = [1000] * 10
    assert distances.psi_by_chance(reference, [10] * 10) == pytest.approx(9 * (1e-4 + 1e-2))
    assert distances.psi_by_chance(reference, [1000] * 10) == pytest.approx(9 * 2e-4)


def test_chi_squared_is_that_of_scipy() -> None:
    reference, window = [120, 90, 300, 490], [30, 18, 50, 102]
    found, freedom = distances.chi_squared(reference, window)
    theirs = stats.chi2_contingency([reference, window], correction=False)
    assert found == pytest.approx(theirs.statistic)
    assert freedom == theirs.dof
    assert distances.p_value(found, freedom) == pytest.approx(theirs.pvalue, rel=0.05)


@pytest.mark.parametrize("freedom", [1, 3, 9, 50])
@pytest.mark.parametrize("p", [0.05, 0.01, 0.001])
def test_p_values_are_those_of_scipy_as_near_as_decisions_need(freedom: int, p: float) -> None:
    found = distances.p_value(float(stats.chi2.isf(p, freedom)), freedom)
    assert p / 2 < found < p * 2


def test_scarce_bins_count_together() -> None:
    _, freedom = distances.chi_squared([1000, 1, 1, 1, 1000], [100, 0, 0, 0, 100])
    assert freedom == 1
    assert distances.chi_squared([5], [5]) == (0.0, 0)
    assert distances.chi_squared([0, 0], [0, 0]) == (0.0, 0)


def test_p_values_are_corrected_as_by_scipy() -> None:
    values = [0.01, 0.04, 0.03, 0.5, 0.001]
    assert distances.corrected(values) == pytest.approx(stats.false_discovery_control(values))
    assert distances.corrected([]) == []
