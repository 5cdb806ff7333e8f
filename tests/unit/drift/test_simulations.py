"""Simulations: drift that is not there raises no alarm, and drift that is there does, soon."""

from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from statistics import NormalDist

import numpy as np
import pytest

from rollbook.domain.profiles import NumberColumn, Profile
from rollbook.drift import judging
from rollbook.drift.judging import Look
from rollbook.drift.profiling import edges_of
from rollbook.telemetry.sums import Histogram, Window

FEATURES = 20


@cache
def profile(features: int = FEATURES) -> Profile:
    """Of normal features, from 10,000 rows."""
    chance = np.random.default_rng(1)
    columns = {}
    for place in range(features):
        values = np.sort(chance.normal(size=10_000))
        edges = edges_of(values.tolist())
        counts, _ = np.histogram(values, edges)
        columns[f"f{place}"] = NumberColumn(
            kind="numbers", edges=edges, counts=tuple(counts.tolist())
        )
    return Profile(rows=10_000, features=columns)


def window(chance: np.random.Generator, rows: int, shifts: Sequence[float]) -> Window:
    found = Window(rows=rows)
    for (name, column), shift in zip(profile(len(shifts)).features.items(), shifts, strict=True):
        assert isinstance(column, NumberColumn)
        counts = chance.multinomial(rows, shares(column.edges, shift))
        found.columns[f"feature:{name}"] = Histogram(counts.tolist())
    return found


@cache
def shares(edges: tuple[float, ...], shift: float) -> list[float]:
    """Of a normal distribution that has moved, by the bins of a window."""
    below = [0.0, *(NormalDist(shift).cdf(edge) for edge in edges), 1.0]
    return [high - low for low, high in pairwise(below)]


def looked(windows: Sequence[Window], features: int = FEATURES) -> list[Look]:
    past: list[tuple[Window, Look]] = []
    for one in windows:
        past.insert(0, (one, judging.look(profile(features), one, past[:70])))
    return [look for _, look in reversed(past)]


@pytest.mark.parametrize("rows", [60, 2_000])
def test_where_nothing_drifts_ten_thousand_feature_windows_raise_no_alarm(rows: int) -> None:
    chance = np.random.default_rng(rows)
    looks = looked([window(chance, rows, [0.0] * FEATURES) for _ in range(500)])
    alarms = [look for look in looks if "drifting" in (look.verdicts or {}).values()]
    naive = sum(
        sign.more["chi2"] > 16.9 for look in looks for sign in look.signs if "chi2" in sign.more
    )
    assert alarms == []
    assert naive > 0, "a test at 5 % for each feature and window would have cried"


@pytest.mark.parametrize("rows", [250, 500, 2_000])
def test_a_shift_by_half_a_standard_deviation_is_found_within_five_windows(rows: int) -> None:
    chance = np.random.default_rng(rows)
    found = []
    for _ in range(20):
        before = [window(chance, rows, [0.0] * FEATURES) for _ in range(5)]
        after = [window(chance, rows, [0.5] + [0.0] * (FEATURES - 1)) for _ in range(5)]
        looks = looked([*before, *after])
        first = next(
            n for n, k in enumerate(looks) if (k.verdicts or {}).get("feature") == "drifting"
        )
        found.append(first - 4)
        drifting = judging.drifting("feature", looks[first], looks[:first][::-1])
        assert [sign.subject for sign in drifting] == ["feature:f0"]
    assert set(found) <= {3, 4, 5}


def test_an_alarm_is_not_flapping_and_clears_when_all_is_calm() -> None:
    chance = np.random.default_rng(7)
    shifts = [0.0] * 5 + [0.5] * 6 + [0.3] * 6 + [0.0] * 8
    looks = looked([window(chance, 1_000, [shift, 0.0]) for shift in shifts], 2)
    told = [(look.verdicts or {}).get("feature") for look in looks]
    drifting = [n for n, verdict in enumerate(told) if verdict == "drifting"]
    assert drifting[0] in {7, 8}
    calm = [n for n, verdict in enumerate(told) if verdict == "calm" and n > drifting[0]]
    assert calm[0] in range(18, 22), "neither in between: half of a threshold is not calm"
    assert all(n < calm[0] for n in drifting)


def test_windows_that_are_too_small_wait_for_each_other() -> None:
    chance = np.random.default_rng(3)
    looks = looked([window(chance, 60, [0.5]) for _ in range(20)], 1)
    assert [look.pooled for look in looks if look.looked] == [4] * 5
    assert (looks[-1].verdicts or {})["feature"] == "drifting"
    assert all(not look.signs for look in looks if not look.looked)
