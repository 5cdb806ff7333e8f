import pytest

from tests.unit.gates.made import gate, judged, outcome

THERE = {"artifact.found": 1.0, "artifact.right": 1.0, "artifact.size": 400e6}
LOADS = {"load.done": 1.0, "load.code": 0.0, "load.memory": 1e9, "load.seconds": 0.5}


def test_bytes_that_are_there_and_right_pass() -> None:
    assert outcome(gate("artifact", most=500_000_000), measured=THERE) == "passed"


@pytest.mark.parametrize(
    ("numbers", "says"),
    [
        ({"artifact.found": 0.0}, "not where the version says"),
        ({"artifact.found": 1.0, "artifact.right": 0.0}, "not those that were registered"),
        (THERE | {"artifact.size": 600e6}, "it has 600 MB, and 500 MB are allowed"),
    ],
)
def test_bytes_that_are_gone_wrong_or_large_fail(numbers: dict[str, float], says: str) -> None:
    result = judged(gate("artifact", most=500_000_000, missing="skip"), measured=numbers)
    assert result.outcome == "failed"
    assert says in result.reason


def test_variants_count_unless_the_gate_says_otherwise() -> None:
    facts: dict[str, object] = {"measured": THERE, "variants": {"full": {"size": 900_000_000}}}
    assert (
        "the variant full has 900 MB" in judged(gate("artifact", most=500_000_000), **facts).reason
    )
    assert outcome(gate("artifact", most=500_000_000, every_file=False), **facts) == "passed"


def test_a_format_that_is_not_allowed_fails() -> None:
    result = judged(
        gate("artifact", formats=["onnx"]), measured=THERE, artifact={"format": "pickle"}
    )
    assert "it is in the format pickle; allowed are onnx" in result.reason


def test_a_probe_that_went_wrong_is_an_error_and_no_skip() -> None:
    result = judged(gate("artifact", missing="skip"), said={"artifact": "the store is down"})
    assert (result.outcome, result.reason) == ("error", "the store is down")


def test_what_nobody_measured_is_missing() -> None:
    result = judged(gate("load"))
    assert result.outcome == "failed"
    assert result.reason == "load.done, load.code were not measured"
    assert outcome(gate("load", missing="skip")) == "skipped"


def test_who_may_sign() -> None:
    asked = gate("signature", signers=["release-*"])
    valid = {"signature.valid": 1.0}
    assert outcome(asked, signers=["release-bot"], measured=valid) == "passed"
    assert outcome(asked, signers=["eve"], measured=valid) == "failed"
    assert outcome(asked, signers=["release-bot"], measured={"signature.valid": 0.0}) == "failed"


def test_where_it_is_known_whose_signatures_are_good_only_these_count() -> None:
    asked = gate("signature", signers=["release-*"])
    two = ["release-bot", "eve"]
    only_eve = {"signature.valid": 1.0, "signature.valid.eve": 1.0}
    assert outcome(asked, signers=two, measured=only_eve) == "failed"
    both = {"signature.valid": 2.0, "signature.valid.release-bot": 1.0, "signature.valid.eve": 1.0}
    assert outcome(asked, signers=two, measured=both) == "passed"
    assert outcome(asked, measured={"signature.valid": 1.0}) == "passed"


def test_an_unsigned_version_lacks_a_signature() -> None:
    assert "nobody has signed" in judged(gate("signature")).reason
    assert outcome(gate("signature", missing="skip")) == "skipped"


def test_a_model_that_loads_passes() -> None:
    assert outcome(gate("load"), measured=LOADS) == "passed"


@pytest.mark.parametrize(
    ("numbers", "says"),
    [
        ({"load.done": 0.0}, "the model does not load"),
        (LOADS | {"load.threats": 2.0}, "found 2 threats"),
        (LOADS | {"load.code": 1.0}, "may run code"),
        (LOADS | {"load.memory": 3e9}, "loading takes 3 GB, and 2 GB are allowed"),
        ({"load.code": 1.0, "load.done": 0.0}, "may run code"),
    ],
)
def test_a_model_that_does_not_load_as_it_should_fails(
    numbers: dict[str, float], says: str
) -> None:
    result = judged(gate("load", missing="skip"), measured=numbers)
    assert result.outcome == "failed"
    assert says in result.reason


def test_a_pickle_may_be_allowed() -> None:
    assert outcome(gate("load", allow_pickle=True), measured=LOADS | {"load.code": 1.0}) == "passed"


def test_speed_is_held_against_each_limit() -> None:
    asked = gate("performance", p95=100, throughput=1000, memory=10**9)
    fast = {"performance.p95": 40.0, "performance.throughput": 2e3, "performance.memory": 5e8}
    assert outcome(asked, measured=fast) == "passed"
    result = judged(
        asked, measured=fast | {"performance.p95": 140.5, "performance.throughput": 1.0}
    )
    assert result.outcome == "failed"
    assert "p95 is 140.5 ms, and 100 ms are allowed" in result.reason
    assert "throughput is 1 rows a second, and 1,000 are asked" in result.reason


def test_a_version_that_cannot_be_called_lacks_what_the_probe_looks_at() -> None:
    facts: dict[str, object] = {
        "measured": {"performance.lacking": 1.0},
        "said": {"performance": "no signature"},
    }
    assert outcome(gate("performance", p95=1), **facts) == "failed"
    assert outcome(gate("performance", p95=1, missing="skip"), **facts) == "skipped"
