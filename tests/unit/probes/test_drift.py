"""Drift between two tables."""

import json
import random
from pathlib import Path

import pytest

from rollbook.probes.drift import psi
from rollbook.probes.formats import Unreadable
from rollbook.probes.tables import columns


def normal(middle: float) -> list[float]:
    chance = random.Random(3)
    return [chance.gauss(middle, 1.0) for _ in range(2000)]


def test_a_feature_that_stays_has_nearly_no_index_and_one_that_moves_a_large_one() -> None:
    same, moved = psi(normal(0), normal(0)), psi(normal(0), normal(1))
    assert same is not None
    assert moved is not None
    assert same == pytest.approx(0, abs=0.001)
    assert moved > 0.5


def test_words_are_compared_as_words_and_new_ones_count() -> None:
    before = ["a", "b"] * 100
    assert psi(before, ["a", "b"] * 80) == pytest.approx(0, abs=0.01)
    assert (psi(before, ["a", "c"] * 80) or 0) > 1


def test_of_too_few_values_nothing_is_said() -> None:
    assert psi([1.0] * 29, [1.0] * 200) is None


@pytest.mark.parametrize(
    "text",
    [
        "age,city\n3,Bern\n,\n4,NA\n",
        json.dumps([{"age": 3, "city": "Bern"}, {}, {"age": 4, "city": None}]),
        '{"age": 3, "city": "Bern"}\n{"age": null}\n{"age": 4, "city": ""}\n',
    ],
)
def test_csv_json_and_json_lines_are_the_same_table(text: str, tmp_path: Path) -> None:
    (tmp_path / "t").write_text(text)
    assert columns(tmp_path / "t") == {"age": [3.0, None, 4.0], "city": ["Bern", None, None]}


@pytest.mark.parametrize("text", ["", "[1, 2]", "[" * 100_000, "{", '{"a": 1} x'])
def test_what_is_no_table_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "t").write_text(text)
    with pytest.raises(Unreadable):
        columns(tmp_path / "t")
