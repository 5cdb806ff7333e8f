from hypothesis import given
from hypothesis import strategies as st

from tests.unit.gates.made import gate, judged, outcome


def test_features_as_in_the_reference_pass() -> None:
    assert outcome(gate("data"), measured={"data.psi.age": 0.1, "data.nulls.age": 0.0}) == "passed"


def test_features_that_drifted_or_are_missing_are_named() -> None:
    result = judged(gate("data"), measured={"data.psi.age": 0.41, "data.nulls.zip": 0.2})
    assert result.outcome == "failed"
    assert "age has drifted: its stability index is 0.41, above 0.2" in result.reason
    assert "zip is missing in 0.2 of the rows, above 0.05" in result.reason


def test_no_reference_profile_is_missing() -> None:
    facts: dict[str, object] = {
        "measured": {"data.lacking": 1.0},
        "said": {"data": "there is no reference profile"},
    }
    assert judged(gate("data", missing="skip"), **facts).outcome == "skipped"
    assert judged(gate("data"), **facts).reason == "there is no reference profile"
    assert outcome(gate("data")) == "failed"


@given(
    st.dictionaries(st.text("abc", min_size=1), st.floats(0, 1), min_size=1),
    st.dictionaries(st.text("abc", min_size=1), st.floats(0, 1)),
    st.floats(0.01, 1),
    st.floats(0, 1),
)
def test_data_is_what_looking_at_each_feature_says(
    psi: dict[str, float], nulls: dict[str, float], most: float, share: float
) -> None:
    numbers = {f"data.psi.{n}": v for n, v in psi.items()}
    numbers |= {f"data.nulls.{n}": v for n, v in nulls.items()}
    good = all(v <= most for v in psi.values()) and all(v <= share for v in nulls.values())
    result = judged(gate("data", psi=most, nulls=share), measured=numbers)
    assert result.outcome == ("passed" if good else "failed")
    assert dict(result.measured) == numbers


def test_many_features_leave_the_worst_on_record() -> None:
    numbers = {f"data.psi.f{i}": i / 10_000 for i in range(5000)}
    result = judged(gate("data"), measured=numbers)
    assert result.measured["data.psi.f4999"] == 0.4999
    assert len(result.measured) <= 1000
    assert "and 2989 more" in result.reason


def test_a_rebuild_within_tolerance_passes() -> None:
    asked = gate("reproduction", metrics=["auc"], tolerance=0.01)
    assert outcome(asked, metrics={"auc": 0.9}, measured={"reproduced.auc": 0.905}) == "passed"
    result = judged(asked, metrics={"auc": 0.9}, measured={"reproduced.auc": 0.8})
    assert result.outcome == "failed"
    assert "rebuilt, auc is 0.8; registered was 0.9, and 0.01 apart is allowed" in result.reason


def test_a_recipe_that_makes_no_model_fails_and_no_recipe_is_missing() -> None:
    asked = gate("reproduction", metrics=["auc"], missing="skip")
    assert outcome(asked, said={"reproduction": "the store is down"}) == "error"
    ended: dict[str, object] = {
        "measured": {"reproduced.done": 0.0},
        "said": {"reproduction": "its recipe ended with 1"},
    }
    assert judged(asked, **ended).reason == "its recipe ended with 1"
    assert outcome(asked, **ended) == "failed"
    assert outcome(asked, measured={"reproduced.lacking": 1.0}) == "skipped"
    other = judged(asked, measured={"reproduced.done": 1.0, "reproduced.f1": 1.0})
    assert (other.outcome, other.reason) == ("failed", "rebuilt, its recipe says nothing about auc")


def test_a_rebuild_may_have_to_have_the_same_bytes() -> None:
    asked = gate("reproduction", metrics=["auc"], same_bytes=True)
    numbers = {"reproduced.done": 1.0, "reproduced.auc": 0.9, "reproduced.bytes": 1.0}
    assert outcome(asked, metrics={"auc": 0.9}, measured=numbers) == "passed"
    other = judged(asked, metrics={"auc": 0.9}, measured=numbers | {"reproduced.bytes": 0.0})
    assert other.outcome == "failed"
    assert "other bytes" in other.reason


def test_a_webhook_says_yes_or_no() -> None:
    asked = gate("webhook", url="https://example.org/ask")
    more = {"webhook.webhook": 1.0, "webhook.webhook.score": 0.9, "webhook.webhook2": 0.0}
    assert set(judged(asked, measured=more).measured) == {
        "webhook.webhook",
        "webhook.webhook.score",
    }
    assert outcome(asked, measured={"webhook.webhook": 1.0}) == "passed"
    no = judged(asked, measured={"webhook.webhook": 0.0}, said={"webhook.webhook": "not today"})
    assert (no.outcome, no.reason) == ("failed", "not today")
    late = judged(asked, said={"webhook.webhook": "no answer within a minute"})
    assert (late.outcome, late.reason) == ("error", "no answer within a minute")


def test_the_answer_to_another_webhook_does_not_count() -> None:
    asked = gate("webhook", url="https://example.org/ask")
    assert outcome(asked, measured={"webhook.other": 1.0}) == "failed"


def test_a_plugin_passes_by_its_own_number() -> None:
    asked = gate("plugin", plugin="toxicity")
    numbers = {"plugin.plugin.passed": 1.0, "plugin.plugin.score": 0.1, "plugin.other.passed": 0.0}
    result = judged(asked, measured=numbers)
    assert result.outcome == "passed"
    assert result.measured == {"plugin.plugin.passed": 1.0, "plugin.plugin.score": 0.1}
    assert outcome(asked, measured={"plugin.plugin.passed": 0.0}) == "failed"
    assert outcome(asked, said={"plugin": "it crashed"}) == "error"
