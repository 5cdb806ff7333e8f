"""The boundary that all intervals use, held against its definition."""

from math import erfc, exp, inf, isclose, log, pi, sqrt

import numpy as np
import pytest

from rollbook.stats.boundary import SCALE, boundary, crossing

KNOWN = 1e9
"""Degrees of freedom of a variance that is known."""


def mixture(distance: float, time: float) -> float:
    """How much likelier a drift upwards makes a Brownian motion, over a half-normal of drifts."""
    # ∫ 2 φ(x) exp(x s - x² t / 2) dx over x > 0, at s = distance · √t, for a scale of 1.
    s = distance * sqrt(time)
    return (
        2 / sqrt(1 + time) * exp(s * s / (2 * (1 + time))) * 0.5 * erfc(-s / sqrt(2 * (1 + time)))
    )


@pytest.mark.parametrize("alpha", [0.2, 0.05, 0.001])
@pytest.mark.parametrize("time", [0.1, 1.0, 8.0, 1000.0])
def test_it_is_nowhere_below_the_half_normal_mixture_of_howard_and_others(
    alpha: float, time: float
) -> None:
    distance = sqrt(2 * boundary(time * SCALE, alpha, KNOWN))
    assert mixture(distance, time) >= 1 / alpha
    assert mixture(distance * 0.88, time) < 1 / alpha, "and not by much"


def test_a_brownian_motion_rarely_crosses_it() -> None:
    rng = np.random.default_rng(0)
    times = np.geomspace(1, 1e6, 1000)
    steps = rng.normal(size=(4000, 1000)) * np.sqrt(np.diff(times, prepend=0.0))
    standard = steps.cumsum(axis=1) / np.sqrt(times)
    line = [sqrt(2 * boundary(time, 0.05, KNOWN)) for time in times]
    assert 0.02 < (standard > line).any(axis=1).mean() <= 0.05


def test_a_variance_from_few_buckets_makes_it_wider_as_students_t_does() -> None:
    assert isclose(boundary(1000, 0.05, 1e7), boundary(1000, 0.05, KNOWN), rel_tol=1e-5)
    wide = [boundary(1000, 0.05, freedom) for freedom in (255, 20, 4)]
    assert wide == sorted(wide)
    assert 1.01 < wide[0] / boundary(1000, 0.05, KNOWN) < 1.05
    # The likelihood ratio of Student's t at that distance is that of the normal at the other's.
    t2, z2 = 2 * wide[1], 2 * boundary(1000, 0.05, KNOWN)
    assert (20 + 1) / 2 * log(1 + t2 / 20) == pytest.approx(z2 / 2, rel=1e-6)


@pytest.mark.parametrize("near", [1e-6, 1.0, 1e6])
def test_a_crossing_is_found_from_near_and_far(near: float) -> None:
    assert crossing(lambda x: x**3, 8.0, near) == pytest.approx(2.0)
    assert crossing(lambda x: inf if x > pi else x, 3.0, near) == pytest.approx(3.0)
