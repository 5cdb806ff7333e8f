import pytest

from rollbook.domain.cards import Subgroup
from rollbook.domain.completeness import BITS
from rollbook.domain.evaluations import Evaluation, Measure
from rollbook.domain.validation import GateResult
from rollbook.gates.facts import Facts, Unreadable, measurements, read, slices, written


def test_no_facts_are_facts() -> None:
    assert read({}) == Facts()
    assert written(Facts()) == {}


def test_facts_survive_plain_json() -> None:
    given = {
        "namespace": "credit",
        "model": "scoring",
        "version": 7,
        "risk": "high",
        "metrics": {"auc": 0.91},
        "recorded": ["run_id", "features"],
        "sections": ["summary"],
        "artifact": {"format": "onnx", "size": 1000},
        "variants": {"int8": {"size": 300}},
        "signature": {"inputs": [{"name": "age", "type": "long"}]},
        "terms": {"licence": "MIT", "pii": "none"},
        "slices": {"sex=f": {"auc": 0.9, "samples": 40.0}},
        "evaluations": [{"metrics": {"auc": {"value": 0.91, "low": 0.9, "high": 0.92}}}],
        "champion": {"production": {"version": 6, "metrics": {"auc": 0.9}}},
        "before": [{"auc": 0.9}, {"auc": 0.89}],
        "measured": {"load.seconds": 1.5},
        "said": {"load": "slow"},
    }
    facts = read(given)
    assert facts.recorded == BITS["run_id"] | BITS["features"]
    assert facts.champion["production"].metrics == {"auc": 0.9}
    assert read(written(facts)) == facts


def test_what_is_wrong_is_named() -> None:
    with pytest.raises(Unreadable) as raised:
        read({"metrics": {"auc": "high"}, "rsik": "high", "recorded": ["everything"]})
    said = str(raised.value)
    assert "metrics.auc" in said
    assert "rsik" in said
    assert "'everything' is no field of a record" in said


def test_what_stands_in_the_facts_is_recorded() -> None:
    facts = read({"metrics": {"auc": 1.0}, "terms": {"licence": "MIT"}, "recorded": ["run_id"]})
    assert facts.record() == BITS["run_id"] | BITS["metrics"] | BITS["licence"]


def test_slices_come_from_evaluations_and_then_from_the_card() -> None:
    f = {"sex": "f"}
    found = slices(
        [
            Evaluation(metrics={"auc": Measure(value=0.7)}, slice=f, samples=10),
            Evaluation(metrics={"auc": Measure(value=0.8)}, slice=f, samples=20),
            Evaluation(metrics={"auc": Measure(value=0.9)}, samples=99),
        ],
        [
            Subgroup(slice=f, metrics={"auc": Measure(value=0.1), "tpr": Measure(value=0.5)}),
            Subgroup(slice={"b": "2", "a": "1"}, metrics={"auc": Measure(value=0.3)}),
        ],
    )
    assert found == {"sex=f": {"auc": 0.8, "tpr": 0.5, "samples": 20.0}, "a=1,b=2": {"auc": 0.3}}


def test_measurements_are_read_back_from_a_verdict() -> None:
    results = [
        GateResult(gate="a", outcome="passed", measured={"load.seconds": 1.0, "metrics.auc": 0.9}),
        GateResult(gate="b", outcome="failed", measured={"reproduced.auc": 0.8}),
    ]
    assert measurements(results) == {"load.seconds": 1.0, "reproduced.auc": 0.8}
