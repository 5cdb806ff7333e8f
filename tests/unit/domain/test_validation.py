from rollbook.domain.environments import PromoteVersion, VersionPromoted
from rollbook.domain.messages import Unchanged
from rollbook.domain.validation import (
    GateResult,
    RecordValidation,
    StartValidation,
    ValidationStarted,
    VersionRejected,
    VersionValidated,
)
from tests.support import spec
from tests.unit.domain.examples import FAILED, PASSED, REGISTERED, V1, archived, rejected

START = StartValidation(version=1, policy="churn-gates")
STARTED = ValidationStarted(version=1, policy="churn-gates")
PASS = RecordValidation(version=1, gates=(PASSED,), policy="churn-gates")


def verdict(
    command: RecordValidation, *past: ValidationStarted
) -> VersionValidated | VersionRejected:
    answer = spec.given(REGISTERED, V1, *past).when(command).answer
    assert isinstance(answer, VersionValidated | VersionRejected)
    return answer


# StartValidation


def test_the_gates_begin_to_look_at_a_version() -> None:
    spec.given(REGISTERED, V1).when(START).does(STARTED)


def test_the_gates_can_look_again() -> None:
    spec.given(REGISTERED, V1, rejected(1)).when(START).does(STARTED)


def test_the_gates_do_not_look_at_an_archived_version() -> None:
    spec.given(REGISTERED, V1, archived(1)).when(START).refuses("archived")


def test_starting_what_has_started_stays_quiet() -> None:
    spec.given(REGISTERED, V1, STARTED).when(START).stays_quiet(version=1)


# RecordValidation


def test_a_version_that_passes_every_gate_is_validated() -> None:
    event = verdict(PASS)
    assert isinstance(event, VersionValidated)
    spec.given(REGISTERED, V1).when(PASS).does(event)
    assert spec.fold(REGISTERED, V1, event).versions[1].review.stage == "validated"


def test_one_gate_that_failed_or_could_not_decide_rejects() -> None:
    unsure = GateResult(gate="load", outcome="error")
    for gate in (FAILED, unsure):
        command = RecordValidation(version=1, gates=(PASSED, gate))
        assert isinstance(verdict(command), VersionRejected)


def test_a_gate_that_was_skipped_does_not_reject() -> None:
    skipped = GateResult(gate="slow", outcome="skipped")
    assert isinstance(verdict(RecordValidation(version=1, gates=(skipped,))), VersionValidated)


def test_other_findings_are_another_verdict() -> None:
    other = PASSED.model_copy(update={"measured": {"auc": 0.91}})
    assert verdict(PASS).digest != verdict(RecordValidation(version=1, gates=(other,))).digest


def test_a_gate_that_is_bound_to_environments_bars_only_these() -> None:
    bound = {"fairness": ("production", "eu"), "auc": ("eu",)}
    named = FAILED.model_copy(update={"gate": "fairness"})
    event = verdict(RecordValidation(version=1, gates=(PASSED, named), bound=bound))
    assert isinstance(event, VersionValidated)
    assert event.barred == {"production": ("fairness",), "eu": ("fairness",)}
    promote = PromoteVersion(version=1, environment="production")
    spec.given(REGISTERED, V1, event).when(promote).refuses("barred")
    elsewhere = PromoteVersion(version=1, environment="staging")
    spec.given(REGISTERED, V1, event).when(elsewhere).does(
        VersionPromoted(version=1, environment="staging", replaced=None)
    )


def test_a_gate_that_fails_and_is_bound_to_nothing_rejects_all_the_same() -> None:
    named = FAILED.model_copy(update={"gate": "fairness"})
    both = RecordValidation(version=1, gates=(FAILED, named), bound={"fairness": ("eu",)})
    assert isinstance(verdict(both), VersionRejected)


def test_what_was_rejected_may_pass_later() -> None:
    no = verdict(RecordValidation(version=1, gates=(FAILED,)))
    yes = verdict(PASS)
    assert spec.fold(REGISTERED, V1, no, STARTED).versions[1].review.rejected
    assert not spec.fold(REGISTERED, V1, no, STARTED, yes).versions[1].review.rejected


def test_a_version_that_does_not_exist_has_no_verdict() -> None:
    spec.given(REGISTERED).when(PASS).refuses("unknown_version")


def test_the_same_verdict_again_stays_quiet_until_the_gates_look_again() -> None:
    event = verdict(PASS)
    spec.given(REGISTERED, V1, event).when(PASS).stays_quiet(version=1)
    answer = spec.given(REGISTERED, V1, event, STARTED).when(PASS).answer
    assert not isinstance(answer, Unchanged)
