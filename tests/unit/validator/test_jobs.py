from collections.abc import Mapping

from pydantic import TypeAdapter

from rollbook.domain.gates import Gate
from rollbook.gates.facts import Facts
from rollbook.gates.probes import Probe
from rollbook.probes.measured import Measured
from rollbook.validator.jobs import Done, jobs, seen_by

_GATES: TypeAdapter[tuple[Gate, ...]] = TypeAdapter(tuple[Gate, ...])


def gates(*documents: Mapping[str, object]) -> tuple[Gate, ...]:
    return _GATES.validate_python(documents)


SMALL = {"gate": "small", "kind": "load", "memory": 1_000}
LARGE = {"gate": "large", "kind": "load", "memory": 9_000}
CONDITION = {
    "gate": "quick",
    "kind": "expression",
    "expression": 'measured["load.seconds"] < 2.0',
    "retries": 3,
}
METRIC = {"gate": "accurate", "kind": "metric", "metric": "accuracy", "least": 0.9}


def test_only_what_must_be_measured_is() -> None:
    assert jobs(gates(METRIC)) == []
    found = jobs(gates(METRIC, SMALL, LARGE))
    assert [(job.probe, job.gate.gate) for job in found] == [
        (Probe.LOAD, "small"),
        (Probe.LOAD, "large"),
    ]


def test_what_only_a_condition_names_is_measured_by_its_own_patience() -> None:
    (job,) = jobs(gates(CONDITION))
    assert (job.probe, job.gate.gate, job.gate.retries) == (Probe.LOAD, "quick", 3)
    assert [job.gate.gate for job in jobs(gates(CONDITION, SMALL))] == ["small"]


def test_a_gate_sees_its_own_measurement_and_those_of_other_probes() -> None:
    there = {"gate": "there", "kind": "artifact"}
    rules = gates(SMALL, LARGE, there, CONDITION)
    said = [
        Measured({"load.done": 0.0}, "it needs more memory"),
        Measured({"load.done": 1.0, "load.seconds": 1.0}),
        Measured({"artifact.found": 1.0}),
    ]
    done = [Done(job, found) for job, found in zip(jobs(rules), said, strict=True)]
    small, large, _, condition = (seen_by(gate, Facts(), done) for gate in rules)
    assert small.measured == {"artifact.found": 1.0, "load.done": 0.0}
    assert small.said == {"load": "it needs more memory"}
    assert large.measured == {"artifact.found": 1.0, "load.done": 1.0, "load.seconds": 1.0}
    assert large.said == {}
    assert condition.measured["load.seconds"] == 1.0


def test_webhooks_speak_under_their_own_names() -> None:
    rules = gates(
        {"gate": "law", "kind": "webhook", "url": "https://law.example.org/"},
        {"gate": "tax", "kind": "webhook", "url": "https://tax.example.org/"},
    )
    law, tax = jobs(rules)
    done = [Done(law, Measured({"webhook.law": 1.0}, "fine")), Done(tax, Measured(said="down"))]
    seen = seen_by(rules[1], Facts(), done)
    assert seen.said == {"webhook.law": "fine", "webhook.tax": "down"}
    assert seen.measured == {"webhook.law": 1.0}
