from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from rollbook.gates.intervals import wilson
from tests.unit.gates.made import gate, judged, outcome

VALUES = st.floats(-1e6, 1e6)


def champion(auc: float, **more: object) -> dict[str, object]:
    return {"production": {"version": 6, "metrics": {"auc": auc}, **more}}


def measure(value: float, low: float, high: float) -> list[object]:
    return [{"metrics": {"auc": {"value": value, "low": low, "high": high, "confidence": 0.95}}}]


def test_a_metric_within_its_bounds_passes() -> None:
    assert (
        outcome(gate("metric", metric="auc", least=0.9, most=1), metrics={"auc": 0.9}) == "passed"
    )


def test_a_metric_out_of_its_bounds_fails_with_both_numbers() -> None:
    asked = gate("metric", metric="auc", least=0.91, because="below it, we lose money")
    result = judged(asked, metrics={"auc": 0.9})
    assert result.outcome == "failed"
    assert result.reason == "auc is 0.9, below 0.91 (because: below it, we lose money)"
    assert result.measured == {"metrics.auc": 0.9}


def test_a_metric_that_is_not_there_is_missing() -> None:
    assert judged(gate("metric", metric="auc", least=0)).reason == "the version has no metric auc"
    assert outcome(gate("metric", metric="auc", least=0, missing="skip")) == "skipped"


def test_without_a_champion_there_is_nothing_to_be_worse_than() -> None:
    asked = gate("metric", metric="auc", champion="production", ratio=0.99, margin=0.01)
    assert outcome(asked, metrics={"auc": 0.1}) == "passed"


def test_a_metric_worse_than_the_champions_fails() -> None:
    asked = gate("metric", metric="auc", champion="production")
    assert outcome(asked, metrics={"auc": 0.9}, champion=champion(0.9)) == "passed"
    result = judged(asked, metrics={"auc": 0.8}, champion=champion(0.9))
    assert result.outcome == "failed"
    assert "version 6, which serves in production, has 0.9" in result.reason
    assert result.measured["champion.production.auc"] == 0.9


def test_a_ratio_is_of_the_champions_value() -> None:
    asked = gate("metric", metric="auc", champion="production", ratio=0.99)
    assert outcome(asked, metrics={"auc": 0.892}, champion=champion(0.9)) == "passed"
    assert outcome(asked, metrics={"auc": 0.89}, champion=champion(0.9)) == "failed"
    loss = gate("metric", metric="auc", champion="production", ratio=1.1, better="lower")
    assert outcome(loss, metrics={"auc": 1.1}, champion=champion(1.0)) == "passed"
    assert outcome(loss, metrics={"auc": 1.2}, champion=champion(1.0)) == "failed"


def test_not_inferior_is_judged_by_the_interval_and_not_by_the_value() -> None:
    asked = gate("metric", metric="auc", champion="production", margin=0.02)
    facts: dict[str, object] = {"metrics": {"auc": 0.9}, "champion": champion(0.9)}
    assert outcome(asked, **facts, evaluations=measure(0.9, 0.89, 0.91)) == "passed"
    result = judged(asked, **facts, evaluations=measure(0.9, 0.86, 0.94))
    assert result.outcome == "failed"
    assert "0.86 to 0.94: it may be 0.04 worse" in result.reason


def test_the_champions_own_interval_makes_the_difference_less_certain() -> None:
    asked = gate("metric", metric="auc", champion="production", margin=0.015)
    own = measure(0.9, 0.89, 0.91)
    facts: dict[str, object] = {"metrics": {"auc": 0.9}, "evaluations": own}
    assert outcome(asked, **facts, champion=champion(0.9)) == "passed"
    unsure = champion(0.9, evaluations=measure(0.9, 0.88, 0.92))
    assert outcome(asked, **facts, champion=unsure) == "failed"


def test_more_confidence_widens_the_interval() -> None:
    facts: dict[str, object] = {"metrics": {"auc": 0.9}, "champion": champion(0.9)}
    facts["evaluations"] = measure(0.9, 0.89, 0.91)
    asked = {"metric": "auc", "champion": "production", "margin": 0.012}
    assert outcome(gate("metric", **asked), **facts) == "passed"
    assert outcome(gate("metric", **asked, confidence=0.999), **facts) == "failed"


def test_a_proportion_gets_an_interval_from_its_samples() -> None:
    asked = gate("metric", metric="accuracy", champion="production", margin=0.02)
    beside = {"production": {"metrics": {"accuracy": 0.9}}}

    def facts(samples: int) -> dict[str, object]:
        evaluation = {"metrics": {"accuracy": {"value": 0.9}}, "samples": samples}
        return {"metrics": {"accuracy": 0.9}, "evaluations": [evaluation], "champion": beside}

    assert outcome(asked, **facts(10_000)) == "passed"
    assert outcome(asked, **facts(100)) == "failed"


def test_no_interval_is_missing() -> None:
    asked = gate("metric", metric="auc", champion="production", margin=0.02, missing="skip")
    facts: dict[str, object] = {"metrics": {"auc": 0.9}, "champion": champion(0.9)}
    result = judged(
        asked, **facts, evaluations=[{"metrics": {"auc": {"value": 0.9}}, "samples": 9}]
    )
    assert result.outcome == "skipped"
    assert "record an evaluation with low and high" in result.reason


def test_a_bound_that_fails_is_no_skip_where_something_else_is_missing() -> None:
    asked = gate(
        "metric", metric="auc", least=0.95, champion="production", margin=0.1, missing="skip"
    )
    assert outcome(asked, metrics={"auc": 0.9}, champion=champion(0.9)) == "failed"


def test_wilsons_interval_is_that_of_the_books() -> None:
    low, high = wilson(0.5, 10, 0.95)
    assert isclose(low, 0.2366, abs_tol=1e-4)
    assert isclose(high, 0.7634, abs_tol=1e-4)
    assert wilson(0.0, 10, 0.95).low == 0
    assert wilson(1.0, 10, 0.95).high == 1


@pytest.mark.parametrize("fields", [{}, {"margin": 0.1}, {"least": 2, "most": 1}])
def test_a_gate_that_asks_nothing_that_can_be_is_refused(fields: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        gate("metric", metric="auc", **fields)


@given(
    VALUES,
    VALUES,
    VALUES,
    st.sampled_from(["higher", "lower"]),
    st.sampled_from(["ratio", "bound"]),
)
def test_a_better_metric_never_fails_where_a_worse_one_passes(
    value: float, other: float, bound: float, better: str, sort: str
) -> None:
    fields = {"champion": "production", "ratio": 0.99}
    if sort == "bound":
        fields = {"least" if better == "higher" else "most": bound}
    asked = gate("metric", metric="auc", better=better, **fields)
    worse, best = sorted((value, other), reverse=better == "lower")
    if outcome(asked, metrics={"auc": worse}, champion=champion(bound)) == "passed":
        assert outcome(asked, metrics={"auc": best}, champion=champion(bound)) == "passed"


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 0.5), st.integers(1, 10**6))
def test_a_wider_margin_never_fails_where_a_narrower_one_passes(
    value: float, other: float, margin: float, samples: int
) -> None:
    evaluation = {"metrics": {"accuracy": {"value": value}}, "samples": samples}
    facts: dict[str, object] = {
        "metrics": {"accuracy": value},
        "evaluations": [evaluation],
        "champion": {"production": {"metrics": {"accuracy": other}}},
    }
    asked = {"metric": "accuracy", "champion": "production"}
    narrow = outcome(gate("metric", **asked, margin=margin), **facts)
    wide = outcome(gate("metric", **asked, margin=margin + 0.1), **facts)
    assert (narrow, wide) in {("passed", "passed"), ("failed", "passed"), ("failed", "failed")}
    if narrow == "passed":
        assert other - value <= margin + 1e-9


def before(*values: float) -> list[object]:
    return [{"auc": value} for value in values]


def test_a_metric_that_jumps_too_far_is_an_anomaly_in_either_direction() -> None:
    asked = gate("anomaly", metric="auc")
    usual = before(0.90, 0.91, 0.92, 0.90, 0.91)
    assert outcome(asked, metrics={"auc": 0.93}, before=usual) == "passed"
    result = judged(asked, metrics={"auc": 0.999}, before=usual)
    assert result.outcome == "failed"
    assert "8.9 median deviations from 0.91, the median of 5 versions before" in result.reason
    assert outcome(asked, metrics={"auc": 0.80}, before=usual) == "failed"


def test_three_versions_before_are_the_fewest_to_expect_anything_from() -> None:
    assert (
        outcome(gate("anomaly", metric="auc"), metrics={"auc": 9}, before=before(1, 1)) == "passed"
    )
    assert (
        outcome(gate("anomaly", metric="auc"), metrics={"auc": 9}, before=before(1, 1, 1))
        == "failed"
    )


def test_only_so_many_versions_before_count() -> None:
    asked = gate("anomaly", metric="auc", history=3)
    assert outcome(asked, metrics={"auc": 9}, before=before(9, 9, 9, 1, 1, 1, 1, 1)) == "passed"


def test_versions_that_were_all_alike_allow_for_the_last_digit() -> None:
    asked = gate("anomaly", metric="auc")
    assert outcome(asked, metrics={"auc": 0.9001}, before=before(0.9, 0.9, 0.9, 0.9)) == "passed"
