"""Policies as far as no registry is needed: written, and what is wrong with them."""

import json
from pathlib import Path

import pytest

from rollbook.cli.exits import Exit
from tests.unit.cli.conftest import Call

GATE = "gates:\n  - gate: a\n    kind: {}\n"


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    return tmp_path / "policy.yaml"


def test_the_first_policy_can_be_saved_as_it_is(call: Call, policy: Path) -> None:
    assert call("policy", "init", policy, "--namespace", "team-a").code == Exit.DONE
    assert "rollbook policy save team-a release" in policy.read_text()
    assert "can be saved: 4 gates, 2 tests" in call("policy", "lint", policy).out
    assert call("policy", "init", policy).code == Exit.USAGE, "it is not written over"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("gates: []\n", "line 1: gates: tuple should have at least 1 item"),
        (GATE.format("metrik"), "line 2: gates.0: there is no gate of the kind 'metrik': did you"),
        ("gates:\n  - gate: a\n", "line 2: gates.0: lacks its `kind`"),
        (
            GATE.format("metric") + "    metric: auc\n    leest: 1\n",
            "line 5: gates.0.leest: there is no such field: did you mean 'least'?",
        ),
        (
            GATE.format("metric") + "    metric: auc\n",
            "line 2: gates.0: must say least, most or champion",
        ),
        (
            GATE.format("expression") + "    expression: metrics.auc > 'x'\n",
            "line 4: gates.0.expression: column 13: found no matching overload",
        ),
        (
            GATE.format("card") + "tests:\n  - {test: t, given: {}, fails: [b]}\n",
            "names the gate 'b': unknown",
        ),
        ("gates: [\n", "not YAML"),
    ],
)
def test_what_is_wrong_with_a_policy_is_said_with_its_line(
    call: Call, policy: Path, text: str, said: str
) -> None:
    policy.write_text(text)
    ended = call("policy", "lint", policy)
    assert ended.code == Exit.USAGE
    assert said in ended.err


def test_a_caret_points_at_the_column_of_an_expression(call: Call, policy: Path) -> None:
    policy.write_text(
        GATE.format("expression") + "    expression: |\n      size > 1 &&\n      sise > 2\n"
    )
    ended = call("policy", "lint", policy)
    shown = ended.err.splitlines()
    (line,) = (number for number, text in enumerate(shown) if text.strip() == "sise > 2")
    assert "line 2, column 1: undeclared reference to 'sise'" in shown[line - 1]
    assert shown[line + 1].index("^") == shown[line].index("sise")


def test_problems_are_a_document_for_programs(call: Call, policy: Path) -> None:
    policy.write_text("descripton: x\n" + GATE.format("metric"))
    ended = call("policy", "lint", policy, "--json")
    assert ended.code == Exit.USAGE
    found = json.loads(ended.out)["problems"]
    assert [(p["line"], p["field"]) for p in found] == [(1, "descripton"), (3, "gates.0.metric")]
    policy.write_text(GATE.format("card"))
    fine = json.loads(call("policy", "lint", policy, "--json").out)
    assert fine["problems"] == []
    assert fine["digest"].startswith("sha256:")


def test_what_is_hardly_meant_is_remarked(call: Call, policy: Path) -> None:
    policy.write_text(
        "risks: [high]\n" + GATE.format("card") + "    risks: [minimal]\n"
        "tests:\n  - {test: nothing, given: {}}\n"
    )
    said = call("policy", "lint", policy).out
    assert "the gate 'a' looks at no model" in said
    assert "the test 'nothing' expects nothing" in said


def test_the_tests_beside_the_gates_are_run(call: Call, policy: Path) -> None:
    policy.write_text(
        "gates:\n  - {gate: auc, kind: metric, metric: auc, least: 0.9}\n"
        "tests:\n"
        "  - {test: good, given: {metrics: {auc: 0.95}}, passes: [auc]}\n"
        "  - {test: bad, given: {metrics: {auc: 0.8}}, passes: [auc]}\n"
    )
    ended = call("policy", "test", policy, "--json")
    assert ended.code == Exit.ERROR
    good, bad = json.loads(ended.out)["tests"]
    assert good["holds"]
    assert bad["wrong"] == ["auc should pass, and it failed: auc is 0.8, below 0.9"]
    assert "does not hold" in call("policy", "test", policy).out
    call("policy", "init", "first.yaml")
    assert call("policy", "test", "first.yaml").code == Exit.DONE


def test_each_gate_is_explained_in_a_sentence(call: Call, policy: Path) -> None:
    call("policy", "init", policy)
    said = call("policy", "explain", policy).out
    assert "- auc: auc is at least 0.8" in said
    gates = json.loads(call("policy", "explain", policy, "--json").out)["gates"]
    assert [gate["kind"] for gate in gates] == ["metadata", "artifact", "metric", "expression"]
