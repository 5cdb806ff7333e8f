from hypothesis import given
from hypothesis import strategies as st

from tests.unit.gates.made import gate, judged, outcome

RATES = st.dictionaries(
    st.sampled_from(["sex=f", "sex=m", "sex=x"]),
    st.fixed_dictionaries(
        {
            "positive_rate": st.floats(0, 1),
            "tpr": st.floats(0, 1),
            "fpr": st.floats(0, 1),
            "auc": st.floats(0, 1),
            "samples": st.integers(0, 60),
        }
    ),
    min_size=1,
)


def slices(**auc: float) -> dict[str, object]:
    return {name.replace("_", "="): {"auc": value, "samples": 100} for name, value in auc.items()}


def test_slices_that_are_all_good_pass_and_the_worst_is_named() -> None:
    result = judged(gate("slices", metric="auc", worst=0.6), slices=slices(a_1=0.7, a_2=0.8))
    assert (result.outcome, result.measured) == (
        "passed",
        {"slices.a=1.auc": 0.7, "slices.a=2.auc": 0.8},
    )
    assert "the worst of 2 slices is a=1" in result.reason


def test_a_slice_below_the_floor_fails() -> None:
    result = judged(gate("slices", metric="auc", worst=0.75), slices=slices(a_1=0.7, a_2=0.8))
    assert (result.outcome, result.reason) == ("failed", "auc on a=1 is 0.7, below 0.75")


def test_a_slice_far_behind_the_whole_fails() -> None:
    asked = gate("slices", metric="auc", gap=0.05)
    result = judged(asked, slices=slices(a_1=0.7, a_2=0.8), metrics={"auc": 0.8})
    assert result.outcome == "failed"
    assert "0.1 worse than 0.8 on all of the data, and 0.05 is allowed" in result.reason
    assert outcome(asked, slices=slices(a_1=0.7)) == "failed"
    assert outcome(
        gate("slices", metric="auc", gap=0.05, missing="skip"), slices=slices(a_1=1)
    ) == ("skipped")


def test_where_lower_is_better_the_highest_is_the_worst() -> None:
    asked = gate("slices", metric="auc", worst=0.3, better="lower")
    assert outcome(asked, slices=slices(a_1=0.3)) == "passed"
    assert outcome(asked, slices=slices(a_1=0.31)) == "failed"


def test_a_slice_with_few_samples_is_told_and_not_judged() -> None:
    few: dict[str, object] = {"a=3": {"auc": 0.0, "samples": 3}}
    result = judged(gate("slices", metric="auc", worst=0.5), slices=slices(a_1=0.7) | few)
    assert result.outcome == "passed"
    assert result.reason.endswith("not judged, for less than 30 samples: a=3")


def test_no_slices_are_missing() -> None:
    assert outcome(gate("slices", metric="auc", worst=0)) == "failed"
    assert outcome(gate("slices", metric="auc", worst=0, missing="skip")) == "skipped"
    assert outcome(gate("slices", metric="auc", worst=0), slices={"a=1": {"auc": 1.0}}) == "failed"


def group(samples: int = 100, **rates: float) -> dict[str, float]:
    return {"samples": samples, **rates}


def test_groups_that_are_treated_alike_pass() -> None:
    asked = gate("fairness", measure="demographic_parity", attribute="sex")
    groups = {"sex=f": group(positive_rate=0.5), "sex=m": group(positive_rate=0.55)}
    assert outcome(asked, slices=groups) == "passed"


def test_groups_that_are_not_are_named_with_their_samples() -> None:
    asked = gate("fairness", measure="demographic_parity", attribute="sex")
    groups = {"sex=f": group(positive_rate=0.25), "sex=m": group(250, positive_rate=0.5)}
    result = judged(asked, slices=groups)
    assert result.outcome == "failed"
    assert result.reason == (
        "share of positive predictions: 0.5 for sex=m (250 samples) and 0.25 for sex=f (100),"
        " 0.25 apart; 0.1 is allowed"
    )


def test_equalised_odds_look_at_both_rates() -> None:
    asked = gate("fairness", measure="equalised_odds", attribute="sex")
    groups = {"sex=f": group(tpr=0.9, fpr=0.1), "sex=m": group(tpr=0.9, fpr=0.4)}
    result = judged(asked, slices=groups)
    assert result.outcome == "failed"
    assert "false positive rate" in result.reason
    assert "true positive rate" not in result.reason


def test_too_few_groups_samples_or_rates_are_missing() -> None:
    fields = {"measure": "demographic_parity", "attribute": "sex"}
    enough = group(positive_rate=0.5)
    for groups in (
        {},
        {"sex=f": enough},
        {"sex=f": enough, "age=old": enough},
        {"sex=f": enough, "sex=f,age=old": enough},
        {"sex=f": enough, "sex=m": group(29, positive_rate=0.5)},
        {"sex=f": enough, "sex=m": {"positive_rate": 0.5}},
        {"sex=f": enough, "sex=m": group(auc=1)},
    ):
        assert outcome(gate("fairness", **fields), slices=groups) == "failed"
        assert outcome(gate("fairness", **fields, missing="skip"), slices=groups) == "skipped"


@given(RATES, st.floats(0, 1), st.sampled_from(["demographic_parity", "equalised_odds"]))
def test_fairness_is_what_comparing_every_pair_says(
    groups: dict[str, dict[str, float]], difference: float, measure: str
) -> None:
    asked = gate("fairness", measure=measure, attribute="sex", difference=difference)
    names = ["positive_rate"] if measure == "demographic_parity" else ["tpr", "fpr"]
    alike = all(
        a[name] - b[name] <= difference
        for a in groups.values()
        for b in groups.values()
        for name in names
    )
    enough = len(groups) > 1 and all(g["samples"] >= 30 for g in groups.values())
    assert outcome(asked, slices=groups) == ("passed" if alike and enough else "failed")


@given(RATES, st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_slices_are_what_looking_at_each_says(
    groups: dict[str, dict[str, float]], whole: float, worst: float, gap: float
) -> None:
    judged_ = [g["auc"] for g in groups.values() if g["samples"] >= 30]
    good = bool(judged_) and all(v >= worst and whole - v <= gap for v in judged_)
    asked = gate("slices", metric="auc", worst=worst, gap=gap)
    assert outcome(asked, slices=groups, metrics={"auc": whole}) == ("passed" if good else "failed")
