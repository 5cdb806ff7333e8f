from typing import Any

from rollbook.domain.policies import Policy
from rollbook.domain.validation import RecordValidation
from rollbook.gates import trials as run
from rollbook.gates.comparing import compared
from rollbook.gates.facts import read
from rollbook.gates.judging import judge
from rollbook.gates.ruling import Standing, ruling
from rollbook.gates.telling import explained
from tests.unit.gates.made import gate

AUC: dict[str, Any] = {"gate": "auc", "kind": "metric", "metric": "auc", "least": 0.9}
CARD: dict[str, Any] = {"gate": "card", "kind": "card", "sections": ["ethics"]}


def policy(*gates: dict[str, Any], **more: Any) -> Policy:
    return Policy.model_validate({"gates": gates or (AUC,), **more})


def standing(name: str, said: Policy, namespace: str = "credit", version: int = 1) -> Standing:
    return Standing(namespace, name, version, said)


def test_the_gates_of_all_policies_that_apply_are_asked() -> None:
    found = ruling(
        [
            standing("base", policy(CARD), "rollbook", 2),
            standing("release", policy(AUC), version=3),
            standing("other", policy(), "fraud"),
            standing("images", policy(models=["img-*"])),
            standing("strict", policy(risks=["high"])),
        ],
        "credit",
        "scoring",
        "limited",
    )
    assert [each.gate for each in found.gates] == ["auc", "card"]
    assert found.name == "release@3, base@2"
    assert found.bound == {}


def test_of_two_gates_with_one_name_neither_is_lost() -> None:
    gates = [AUC | {"environments": ["production"]}]
    found = ruling(
        [standing("base", policy(*gates), "rollbook"), standing("release", policy())],
        "credit",
        "scoring",
        "high",
    )
    assert [each.gate for each in found.gates] == ["auc", "base: auc"]
    assert found.bound == {"base: auc": ("production",)}


def test_gates_for_other_risks_are_not_asked() -> None:
    found = ruling(
        [standing("release", policy(AUC | {"risks": ["high"]}, CARD))], "credit", "m", "minimal"
    )
    assert [each.gate for each in found.gates] == ["card"]


def test_more_gates_than_a_verdict_holds_reject_and_say_so() -> None:
    every = [policy(*(AUC | {"gate": f"{p}-{n}"} for n in range(100))) for p in range(3)]
    found = ruling([standing(f"p{n}", said) for n, said in enumerate(every)], "credit", "m", "high")
    results = tuple(judge(each, read({"metrics": {"auc": 1}})) for each in found.gates)
    assert RecordValidation(version=1, gates=results, policy=found.name).gates == results
    (failed,) = (each for each in results if each.outcome != "passed")
    assert "300 gates" in failed.reason


def test_where_no_policy_applies_nothing_is_asked() -> None:
    assert ruling([], "credit", "scoring", "high").empty


def test_the_policies_of_the_registry_hold_within_it_once() -> None:
    found = ruling([standing("base", policy(), "rollbook")], "rollbook", "m", "high")
    assert [each.gate for each in found.gates] == ["auc"]


def test_the_tests_of_a_policy_are_run() -> None:
    trials = run.tested(
        policy(
            AUC,
            CARD,
            tests=[
                {
                    "test": "good",
                    "given": {"metrics": {"auc": 0.95}, "sections": ["ethics"]},
                    "passes": ["auc", "card"],
                },
                {"test": "bad", "given": {"metrics": {"auc": 0.5}}, "fails": ["auc", "card"]},
                {"test": "wrong", "given": {"metrics": {"auc": 0.5}}, "passes": ["auc"]},
                {"test": "typo", "given": {"metric": {}}, "passes": ["auc"]},
                {"test": "empty", "given": {}},
            ],
        )
    )
    assert [trial.held for trial in trials] == [True, True, False, False, False]
    assert trials[2].wrong == ("auc should pass, and it failed: auc is 0.5, below 0.9",)
    assert trials[3].wrong[0].startswith("given.metric: ")
    assert [result.gate for result in trials[0].results] == ["auc", "card"]


def test_revisions_are_compared_gate_by_gate() -> None:
    old = policy(AUC, CARD, description="first")
    new = policy(AUC | {"least": 0.95}, {"gate": "load", "kind": "load"}, description="second")
    found = compared(old, new)
    assert [(each.sort, each.gate) for each in found] == [
        ("policy", None),
        ("changed", "auc"),
        ("added", "load"),
        ("removed", "card"),
    ]
    assert found[1].said == "least: 0.9 -> 0.95"
    assert found[1].fields == (("least", 0.9, 0.95),)
    assert compared(new, new) == ()


def test_a_gate_is_explained_in_a_sentence() -> None:
    asked = gate(
        "metric",
        metric="auc",
        least=0.91,
        champion="production",
        ratio=0.99,
        environments=["production", "canary"],
        missing="skip",
        because="it is the law",
    )
    assert explained(asked) == (
        "metric: auc is at least 0.91 and at least 0.99 times that of what serves in production."
        " Who fails may not serve in production or canary."
        " A version that lacks what it looks at is let through. Because: it is the law."
    )
