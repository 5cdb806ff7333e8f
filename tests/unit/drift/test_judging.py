"""What is seen of quality, labels and performance, and how profiles are made."""

import random
from datetime import datetime, timedelta

import pytest

from rollbook.domain.profiles import Loss, NumberColumn, Profile, WordColumn
from rollbook.drift import evidence, judging
from rollbook.drift.decline import decline
from rollbook.drift.drawing import svg
from rollbook.drift.judging import Look
from rollbook.drift.profiling import profile
from rollbook.telemetry.edges import MICRO
from rollbook.telemetry.sums import Histogram, Measure, Window
from tests.support.spec import NOW

AGE = NumberColumn(kind="numbers", edges=(0, 50, 100), counts=(500, 500), nulls=10)
CITY = WordColumn(kind="words", counts={"Bonn": 600, "Rome": 400})
PROFILE = Profile(rows=1_000, features={"age": AGE, "city": CITY}, loss=Loss(rows=1_000, mean=0.1))


def window(
    *, nulls: int = 3, outside: int = 0, unknown: int = 0, wrong: int | None = None
) -> Window:
    found = Window(rows=300)
    found.columns["feature:age"] = Histogram([0, 150 - outside, 150, outside], nulls)
    found.columns["feature:city"] = Histogram([180 - unknown, 120, unknown])
    if wrong is not None:
        found.loss = Measure(300, wrong * MICRO, wrong * MICRO)
    return found


def looked(windows: list[Window], profile_: Profile = PROFILE) -> list[Look]:
    past: list[tuple[Window, Look]] = []
    for one in windows:
        past.insert(0, (one, judging.look(profile_, one, past)))
    return [look for _, look in past]


@pytest.mark.parametrize(
    ("bad", "measure"),
    [
        (window(nulls=60), "nulls"),
        (window(outside=60), "outside"),
        (window(unknown=60), "unknown"),
    ],
)
def test_values_that_are_missing_unknown_or_out_of_range_are_quality(
    bad: Window, measure: str
) -> None:
    looks = looked([window()] * 4 + [bad] * 3)
    assert (looks[0].verdicts or {})["quality"] == "drifting"
    assert measure in {sign.measure for sign in judging.drifting("quality", looks[0], looks[1:])}
    assert (looks[3].verdicts or {})["quality"] == "calm"


def test_one_bad_window_is_none() -> None:
    looks = looked([window(), window(nulls=150), window(), window(nulls=150), window()])
    assert all("drifting" not in (look.verdicts or {}).values() for look in looks)


def test_answers_that_become_wrong_are_performance() -> None:
    looks = looked([window(wrong=30)] * 4 + [window(wrong=70)] * 3)
    assert (looks[0].verdicts or {})["performance"] == "drifting"
    (sign,) = judging.drifting("performance", looks[0], looks[1:])
    assert sign.more["loss"] == pytest.approx(70 / 300)
    assert (looks[3].verdicts or {})["performance"] == "calm"


def test_without_a_reference_a_version_is_held_against_its_own_past() -> None:
    plain = PROFILE.model_copy(update={"loss": None, "task": "class"})
    looks = looked([window(wrong=30)] * 20 + [window(wrong=90)] * 5, plain)
    assert (looks[0].verdicts or {})["performance"] == "drifting"
    assert all((look.verdicts or {}).get("performance") != "drifting" for look in looks[5:])


def test_looks_stand_in_a_table_and_come_back_alike() -> None:
    (look, *_) = looked([window(wrong=30)] * 3)
    assert Look.of(look.as_json()) == look


def test_evidence_has_findings_and_pictures_of_what_moved() -> None:
    looks = looked([window(unknown=100)] * 3)
    seen = judging.drifting("quality", looks[0], looks[1:])
    (finding, *_) = evidence.findings(seen)
    assert (finding.subject, finding.measure) == ("feature:city", "unknown")
    (picture, *_) = evidence.pictures(seen, PROFILE, window(unknown=100))
    assert picture.bins == ("Bonn", "Rome", "other")
    assert picture.window == (80, 120, 100)
    assert "feature:city" in svg(picture)


def test_a_profile_tells_numbers_from_words_and_how_wrong_the_version_was() -> None:
    chance = random.Random(1)
    table: dict[str, list[float | str | None]] = {
        "age": [*(chance.gauss(40, 10) for _ in range(997)), None, None, float("nan")],
        "flag": [float(n % 2) for n in range(1_000)],
        "city": [f"c{n % 60}" for n in range(1_000)],
        "empty": [None] * 1_000,
        "score": [n / 1_000 for n in range(1_000)],
        "label": [float(n >= 600) for n in range(1_000)],
    }
    made = profile(table, prediction="score", label="label", task="probability", data="train.csv")
    age, flag, city = (made.features[name] for name in ("age", "flag", "city"))
    assert isinstance(age, NumberColumn)
    assert (len(age.counts), sum(age.counts), age.nulls) == (10, 997, 3)
    assert max(age.counts) - min(age.counts) <= 1
    assert isinstance(flag, NumberColumn)
    assert flag.counts == (500, 500)
    assert isinstance(city, WordColumn)
    assert (len(city.counts), sum(city.counts.values()) + city.other) == (50, 1_000)
    assert "empty" not in made.features
    assert made.loss == Loss(rows=1_000, mean=0.1)


def test_a_profile_of_no_rows_is_refused() -> None:
    with pytest.raises(ValueError, match="no rows"):
        profile({})


def test_how_fast_a_version_gets_worse_is_a_line_through_its_windows() -> None:
    day = declining()
    found = decline(day, "class")
    assert found is not None
    assert found.first == pytest.approx(0.9)
    assert found.daily == pytest.approx(-0.01)
    assert found.days == pytest.approx(4.5)
    assert decline(day[:2], "class") is None
    better = decline([(at, Measure(m.n, 1_000 * MICRO - m.x)) for at, m in day], "class")
    assert better is not None
    assert better.days is None


def declining() -> list[tuple[datetime, Measure]]:
    return [(NOW + timedelta(days=n), Measure(1_000, (100 + 10 * n) * MICRO)) for n in range(10)]
