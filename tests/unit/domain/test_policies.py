import pytest
from pydantic import ValidationError

from rollbook.domain.gates import ExpressionGate, TermsGate
from rollbook.domain.policies import (
    MOST_POLICIES,
    DropPolicy,
    Policy,
    PolicyDropped,
    PolicySaved,
    PolicyTest,
    SavePolicy,
)
from tests.support import spec

GOOD = ExpressionGate(kind="expression", gate="good", expression="metrics.auc >= 0.9")
POLICY = Policy(gates=(GOOD,))
OTHER = Policy(gates=(GOOD, TermsGate(kind="terms", gate="terms")))


def saved(policy: Policy, version: int = 1, name: str = "release") -> PolicySaved:
    return PolicySaved(
        policy=name,
        version=version,
        digest=policy.digest(),
        document=policy.model_dump(mode="json", exclude_defaults=True),
    )


SAVE = SavePolicy(policy="release", document=POLICY)
DROP = DropPolicy(policy="release", reason="another says the same")
DROPPED = PolicyDropped(policy="release", reason="another says the same")

# SavePolicy


def test_a_policy_comes_into_force() -> None:
    spec.given().when(SAVE).does(saved(POLICY))
    assert Policy.model_validate(saved(POLICY).document) == POLICY


def test_a_policy_that_says_something_else_is_its_next_version() -> None:
    anew = SavePolicy(policy="release", document=OTHER)
    spec.given(saved(POLICY)).when(anew).does(saved(OTHER, 2))


def test_a_policy_that_was_dropped_comes_back_as_its_next_version() -> None:
    spec.given(saved(POLICY), DROPPED).when(SAVE).does(saved(POLICY, 2))


def test_a_namespace_has_so_many_policies_and_no_more() -> None:
    full = [saved(POLICY, name=f"p{n}") for n in range(MOST_POLICIES)]
    spec.given(*full).when(SAVE).refuses("too_many")
    anew = SavePolicy(policy="p7", document=OTHER)
    spec.given(*full).when(anew).does(saved(OTHER, 2, "p7"))


def test_saving_a_policy_as_it_is_stays_quiet() -> None:
    spec.given(saved(POLICY)).when(SAVE).stays_quiet(version=1)


# DropPolicy


def test_a_policy_goes_out_of_force() -> None:
    spec.given(saved(POLICY)).when(DROP).does(DROPPED)


def test_dropping_what_is_not_in_force_stays_quiet() -> None:
    spec.given().when(DROP).stays_quiet()
    spec.given(saved(POLICY), DROPPED).when(DROP).stays_quiet()


# What is no policy


def test_two_gates_of_one_name_are_none() -> None:
    with pytest.raises(ValidationError, match="'good' stands there twice"):
        Policy(gates=(GOOD, GOOD))


def test_a_test_of_a_gate_that_is_not_there_is_none() -> None:
    with pytest.raises(ValidationError, match="'fast': unknown"):
        Policy(gates=(GOOD,), tests=(PolicyTest(test="x", given={}, passes=("fast",)),))


def test_an_expression_whose_types_do_not_fit_is_none() -> None:
    for text in ("metrics.auc >= 'x'", "metrics.auc", "foo > 1.0", "1 +"):
        gate = {"kind": "expression", "gate": "x", "expression": text}
        with pytest.raises(ValidationError, match="expression"):
            Policy.model_validate({"gates": [gate]})
