from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from rollbook.domain.findings import ArmCount, MetricFinding, conclude
from rollbook.domain.plans import Freeze, RolloutPlan, Stage, parse

ERRORS = {"metric": "errors", "of": "errors", "margin": 0.01}
GOAL = {"metric": "clicks", "of": "value:clicks", "role": "goal", "better": "up"}
CANARY: dict[str, Any] = {"steps": [{"weight": 5}], "metrics": [ERRORS]}


def plan(**changes: Any) -> RolloutPlan:
    return RolloutPlan.model_validate({**CANARY, **changes})


def told(**changes: Any) -> str:
    with pytest.raises(ValidationError) as refused:
        plan(**changes)
    return str(refused.value)


def test_spans_may_be_written_as_argo_writes_them() -> None:
    steps = [
        {"weight": 5, "bake": "1h30m"},
        {"weight": 50, "bake": 90},
        {"weight": 60, "bake": "PT2M"},
    ]
    assert [step.bake for step in plan(steps=steps).stages] == [
        timedelta(minutes=90),
        timedelta(seconds=90),
        timedelta(minutes=2),
    ]


def test_what_to_do_may_be_spelled_as_argo_spells_it() -> None:
    assert plan(onFail="pause", onInconclusive="pause") == plan(
        on_fail="pause", on_inconclusive="pause"
    )


def test_progressive_spells_out_its_steps() -> None:
    found = plan(
        strategy="progressive",
        steps=[],
        progressive={"weights": [5, 25, 100], "every": "1h", "samples": 500},
    )
    hour = timedelta(hours=1)
    assert found.stages == tuple(
        Stage(weight=weight, bake=hour, samples=500) for weight in (5, 25, 100)
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"steps": []}, "either steps or progressive"),
        ({"metrics": []}, "at least 1 item"),
        ({"metrics": [ERRORS, ERRORS]}, "stands there twice"),
        ({"steps": [{"weight": 50}, {"weight": 5}]}, "must not fall"),
        ({"steps": [{"weight": 101}]}, "less than or equal to 100"),
        ({"steps": [{}]}, "neither weight nor mirror"),
        ({"steps": [{"weight": 5, "analysis": False}]}, "must end with a pass"),
        ({"strategy": "shadow"}, "a shadow answers nobody"),
        ({"strategy": "ab"}, "needs a goal"),
        ({"strategy": "ab", "steps": [{"weight": 100}]}, "below 100"),
        ({"metrics": [{"metric": "e", "of": "errors"}]}, "must say margin or threshold"),
        ({"metrics": [{"metric": "e", "of": "errors", "margin": 0}]}, "cannot be shown of equals"),
        ({"metrics": [ERRORS | {"statistic": "p95"}]}, "rate is that of errors"),
        ({"metrics": [ERRORS | {"margin": "ten"}]}, "margin"),
        ({"metrics": [ERRORS | {"alpha": 0.6}, GOAL | {"alpha": 0.5}]}, "less than 1 together"),
        ({"freeze": [{"timezone": "Mars/Olympus"}]}, "is no time zone"),
        ({"freeze": [{"begins": 1440}]}, "in quotes"),
        ({"freeze": [{"begins": "10:00+02:00"}]}, "no zone of its own"),
        ({"deadline": 0}, "greater than"),
        ({"unknown": 1}, "Extra inputs"),
    ],
)
def test_a_plan_that_cannot_work_is_refused(changes: dict[str, Any], said: str) -> None:
    assert said in told(**changes)


def test_a_freeze_holds_by_the_clocks_on_the_walls_there() -> None:
    friday = Freeze(days=("fri",), begins=time(16), ends=time(8), timezone="Europe/Berlin")
    winter = datetime(2026, 1, 9, tzinfo=UTC)  # a Friday, an hour behind Berlin
    assert not friday.holds(winter.replace(hour=14, minute=59))
    assert friday.holds(winter.replace(hour=15))
    assert friday.holds(winter.replace(day=10, hour=6, minute=59))
    assert not friday.holds(winter.replace(day=10, hour=7))
    summer = datetime(2026, 7, 10, 14, tzinfo=UTC)  # two hours behind Berlin
    assert friday.holds(summer)


def test_a_freeze_without_hours_is_the_whole_day() -> None:
    sunday = Freeze(days=("sun",))
    assert sunday.holds(datetime(2026, 3, 1, 0, tzinfo=UTC))
    assert sunday.holds(datetime(2026, 3, 1, 23, 59, tzinfo=UTC))
    assert not sunday.holds(datetime(2026, 3, 2, 0, tzinfo=UTC))


def test_yaml_may_read_a_time_of_day_as_minutes() -> None:
    assert Freeze.model_validate({"begins": 990}).begins == time(16, 30)


def test_a_plan_of_newer_code_is_read_as_far_as_it_is_known() -> None:
    document = plan().model_dump(mode="json", exclude_defaults=True)
    assert parse(document | {"moon": "full"}) == plan()


def test_the_same_plan_has_the_same_digest_however_it_is_written() -> None:
    assert plan(deadline="1d").digest() == plan(deadline=86400).digest()
    assert plan(deadline="1d").digest() != plan(deadline="2d").digest()


def measured(outcome: str, version: int = 2, low: float = 0.0, role: str = "goal") -> MetricFinding:
    return MetricFinding(
        metric="m",
        role=role,
        outcome=outcome,
        candidate=ArmCount(version=version),
        low=low,
        high=low + 1,
    )


def test_the_worst_metric_says_how_a_look_ends() -> None:
    for first, second in (
        ("breached", "error"),
        ("error", "failed"),
        ("failed", "no_data"),
        ("no_data", "inconclusive"),
        ("inconclusive", "passed"),
    ):
        found = conclude((measured(second), measured(first)), 10, 0, "sha256:" + "a" * 64)
        assert (found.result, found.winner) == (first, None)


def test_without_metrics_or_samples_there_is_no_data() -> None:
    assert conclude((), 10, 0, "sha256:" + "a" * 64).result == "no_data"
    assert conclude((measured("passed"),), 9, 10, "sha256:" + "a" * 64).result == "no_data"


def test_of_those_that_passed_the_one_that_is_ahead_for_certain_wins() -> None:
    found = conclude(
        (measured("passed", 2, low=0.1), measured("passed", 3, low=0.2), measured("failed", 4)),
        10,
        0,
        "sha256:" + "a" * 64,
    )
    assert (found.result, found.winner) == ("passed", 3)
