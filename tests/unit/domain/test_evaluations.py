import pytest
from pydantic import ValidationError

from rollbook.domain.evaluations import Evaluation, EvaluationRecorded, Measure, RecordEvaluation
from tests.support import spec
from tests.unit.domain.examples import REGISTERED, V1

FIRST = Evaluation(metrics={"auc": Measure(value=0.9, low=0.88, high=0.92, confidence=0.95)})
SECOND = Evaluation(metrics={"auc": Measure(value=0.8)}, slice={"country": "DE"})


def recorded(number: int, evaluation: Evaluation, before: str = "") -> EvaluationRecorded:
    return EvaluationRecorded(
        version=1, number=number, evaluation=evaluation, digest=evaluation.digest(before)
    )


# RecordEvaluation


def test_an_evaluation_is_appended_and_pins_all_before_it() -> None:
    one = recorded(1, FIRST)
    two = recorded(2, SECOND, one.digest)
    spec.given(REGISTERED, V1).when(RecordEvaluation(version=1, evaluation=FIRST)).does(one)
    spec.given(REGISTERED, V1, one).when(RecordEvaluation(version=1, evaluation=SECOND)).does(two)


def test_an_evaluation_of_before_may_be_recorded_again_after_another() -> None:
    one = recorded(1, FIRST)
    two = recorded(2, SECOND, one.digest)
    spec.given(REGISTERED, V1, one, two).when(RecordEvaluation(version=1, evaluation=FIRST)).does(
        recorded(3, FIRST, two.digest)
    )


def test_a_version_that_does_not_exist_cannot_be_evaluated() -> None:
    spec.given(REGISTERED).when(RecordEvaluation(version=1, evaluation=FIRST)).refuses(
        "unknown_version"
    )


def test_recording_the_last_evaluation_again_stays_quiet() -> None:
    spec.given(REGISTERED, V1, recorded(1, FIRST)).when(
        RecordEvaluation(version=1, evaluation=FIRST)
    ).stays_quiet(version=1)


def test_a_value_lies_within_its_interval() -> None:
    for wrong in ({"low": 0.6}, {"high": 0.4}, {"low": 0.6, "high": 0.4}, {"confidence": 1.0}):
        with pytest.raises(ValidationError):
            Measure.model_validate({"value": 0.5, **wrong})
