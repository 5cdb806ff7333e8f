"""What holds for all gates and all facts."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rollbook.domain.gates import Gate
from rollbook.domain.validation import GateResult
from rollbook.gates.facts import Facts, Piece, read, written
from rollbook.gates.judging import judge, needs
from rollbook.gates.probes import PREFIXES, Probe
from rollbook.gates.telling import explained
from tests.unit.gates.made import gate

GATES: tuple[Gate, ...] = (
    gate("expression", expression="metrics.auc / metrics.auc > 0 && slices.all(s, s != 'a')"),
    gate("expression", expression="measured['load.seconds'] < size"),
    gate("metadata", required=["owner", "metrics"]),
    gate("card", sections=["ethics"]),
    gate("artifact", most=100, formats=["onnx"]),
    gate("signature", signers=["a*"]),
    gate("load"),
    gate("interface"),
    gate("metric", metric="auc", least=0.5, champion="production", ratio=0.9, margin=0.1),
    gate("metric", metric="auc", champion="production", better="lower"),
    gate("slices", metric="auc", worst=0.5, gap=0.1),
    gate("fairness", measure="demographic_parity", attribute="a"),
    gate("fairness", measure="equalised_odds", attribute="a"),
    gate("performance", p50=1, p95=1, p99=1, throughput=1, memory=1),
    gate("data"),
    gate("reproduction", metrics=["auc"]),
    gate("terms", licences=["MIT"], pii="none", consent=True),
    gate("anomaly", metric="auc"),
    gate("webhook", url="https://example.org"),
    gate("plugin", plugin="p"),
)

ANY = st.floats(allow_nan=True, allow_infinity=True)
WORDS = st.sampled_from(["auc", "tpr", "fpr", "positive_rate", "samples", "", "x.y", "a\0b"])
NUMBERS = st.dictionaries(WORDS, ANY, max_size=4)
MEASURED = st.dictionaries(
    st.one_of(
        st.sampled_from(
            [
                "artifact.found",
                "artifact.right",
                "artifact.size",
                "signature.valid",
                "load.done",
                "load.code",
                "load.memory",
                "load.threats",
                "performance.p50",
                "performance.p95",
                "performance.p99",
                "performance.throughput",
                "performance.memory",
                "data.psi.a",
                "data.nulls.a",
                "reproduced.auc",
                "webhook.webhook",
                "plugin.plugin.passed",
                "data.lacking",
                "load.lacking",
            ]
        ),
        st.text(max_size=8),
    ),
    ANY,
    max_size=8,
)
SLICES = st.dictionaries(st.sampled_from(["a=1", "a=2", "b", "a=1,b=2", "="]), NUMBERS, max_size=4)
SOME = st.builds(
    Facts,
    owner=st.none() | st.text(max_size=3),
    metrics=NUMBERS,
    slices=SLICES,
    sections=st.none() | st.just(("ethics",)),
    stale=st.booleans(),
    artifact=st.builds(
        Piece, format=st.none() | st.just("onnx"), size=st.none() | st.integers(0, 2**70)
    ),
    signers=st.sampled_from([(), ("ann",), ("bob", "ann")]),
    champion=st.dictionaries(st.just("production"), st.builds(Facts, metrics=NUMBERS), max_size=1),
    before=st.lists(NUMBERS, max_size=5).map(tuple),
    measured=MEASURED,
    said=st.dictionaries(st.sampled_from(list(Probe)), st.text(max_size=5), max_size=3),
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(SOME, st.sampled_from(GATES), st.sampled_from(["fail", "skip"]))
def test_every_gate_makes_one_result_of_any_facts(facts: Facts, asked: Gate, missing: str) -> None:
    result = judge(asked.model_copy(update={"missing": missing}), facts)
    assert result == GateResult.model_validate(result.model_dump())
    assert result.reason
    assert result.outcome != "skipped" or missing == "skip"


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(SOME, st.sampled_from(GATES))
def test_to_skip_what_is_missing_changes_nothing_else(facts: Facts, asked: Gate) -> None:
    failing = judge(asked.model_copy(update={"missing": "fail"}), facts)
    skipping = judge(asked.model_copy(update={"missing": "skip"}), facts)
    assert skipping.outcome == failing.outcome or (failing.outcome, skipping.outcome) == (
        "failed",
        "skipped",
    )


def test_no_gate_that_needs_a_probe_passes_without_its_numbers() -> None:
    full = read(
        {"metrics": {"auc": 1}, "signers": ["ann"], "artifact": {"format": "onnx", "size": 1}}
    )
    for asked in GATES:
        if needs(asked):
            assert judge(asked, full).outcome == "failed", asked.kind


def test_a_gate_for_other_risks_is_skipped() -> None:
    asked = gate("load", risks=["high"])
    assert judge(asked, read({"risk": "minimal"})).outcome == "skipped"
    assert judge(asked, read({"risk": "high"})).outcome == "failed"


def test_every_gate_can_be_explained_in_a_line() -> None:
    for asked in GATES:
        said = explained(asked)
        assert said.startswith(f"{asked.gate}: ")
        assert said.endswith(".")
        assert "\n" not in said


def test_every_probe_has_numbers_of_its_own() -> None:
    assert len(set(PREFIXES.values())) == len(Probe)


@given(st.dictionaries(st.text(max_size=5), st.floats(allow_nan=False, allow_infinity=False)))
def test_facts_survive_being_written(metrics: dict[str, float]) -> None:
    facts = Facts(metrics=metrics, champion={"production": Facts(metrics=metrics)})
    assert read(written(facts)) == facts
