import pytest

from rollbook.domain.validation import GateResult
from rollbook.eventlog.position import Position
from rollbook.gates.ruling import Ruling
from rollbook.validator.handlers import (
    Why,
    attempt_after,
    is_over,
    start,
    told,
    verdict,
)
from tests.unit.validator.rows import occasion, version


def test_the_ids_of_an_occasion_are_the_same_from_every_validator_for_ever() -> None:
    assert occasion().verdict_id() == occasion().verdict_id()
    assert occasion().verdict_id() == "b6031522-7334-57b9-a0b1-ecdd3b14cd47"
    assert occasion().start_id() == "54cf4ddd-6e64-5483-b588-0a924323dd79"


def test_no_two_occasions_and_no_two_attempts_share_an_id() -> None:
    occasions = [
        occasion(why, model=model, version=number, position=Position(0, offset))
        for why in Why
        for model in ("team/churn", "team/other")
        for number in (1, 2)
        for offset in (7, 8)
    ]
    ids = [
        id_
        for each in occasions
        for attempt in (0, 1)
        for id_ in (each.start_id(attempt), each.verdict_id(attempt))
    ]
    assert len(set(ids)) == len(ids)


def test_an_occasion_that_was_never_spoken_of_is_tried_first() -> None:
    assert attempt_after(occasion(), {}) == 0


def test_after_its_verdict_an_occasion_is_over() -> None:
    one = occasion()
    assert attempt_after(one, {one.start_id(): None, one.verdict_id(): None}) is None
    assert attempt_after(one, {one.verdict_id(): None}) is None


def test_one_that_had_only_begun_goes_on_under_the_same_ids() -> None:
    one = occasion()
    assert attempt_after(one, {one.start_id(): None}) == 0


@pytest.mark.parametrize("code", ["forbidden", "unauthenticated"])
def test_who_may_not_speak_tries_again_under_other_ids(code: str) -> None:
    one = occasion()
    assert attempt_after(one, {one.start_id(): code}) == 1
    assert attempt_after(one, {one.start_id(): None, one.verdict_id(): code}) == 1
    answers = {one.start_id(): code, one.start_id(1): None, one.verdict_id(1): None}
    assert attempt_after(one, answers) is None


def test_another_refusal_ends_the_occasion() -> None:
    one = occasion()
    assert attempt_after(one, {one.start_id(): "archived"}) is None
    assert attempt_after(one, {one.verdict_id(): "retired"}) is None


def test_a_version_that_has_moved_on_needs_no_verdict() -> None:
    assert not is_over(occasion(), version())
    assert not is_over(occasion(), version(stage="validating"))
    assert is_over(occasion(), version(verdict="sha256:x", stage="validated"))
    assert is_over(occasion(), version(archived_reason="old"))
    assert not is_over(occasion(Why.STARTED), version(stage="validating", verdict="sha256:x"))
    assert is_over(occasion(Why.STARTED), version(stage="validated", verdict="sha256:x"))
    assert not is_over(occasion(Why.POLICY), version(stage="validated", verdict="sha256:x"))


def test_that_the_gates_have_begun_is_said_unless_somebody_has_said_so() -> None:
    assert start(occasion(Why.STARTED), "release@1") is None
    begun = start(occasion(), "release@1, " * 50)
    assert begun is not None
    assert begun.policy is not None
    assert len(begun.policy) == 100


def test_the_verdict_names_the_policies_and_what_each_gate_is_bound_to() -> None:
    ruling = Ruling((), "release@3, base@1", {"fair": ("production",)})
    said = verdict(occasion(), ruling, [GateResult(gate="fair", outcome="failed")])
    assert (said.version, said.policy) == (1, "release@3, base@1")
    assert said.bound == {"fair": ("production",)}


def test_the_worst_gate_is_told() -> None:
    def results(*outcomes: str) -> list[GateResult]:
        return [GateResult.model_validate({"gate": o, "outcome": o}) for o in outcomes]

    assert told(results("passed", "skipped")) == "passed"
    assert told(results("passed", "failed")) == "failed"
    assert told(results("failed", "error")) == "error"
