from datetime import timedelta

from rollbook.domain.cards import Card, CardReviewed, CardWritten
from rollbook.domain.catalog import ModelClassified, ModelTagged
from rollbook.domain.evaluations import Evaluation, EvaluationRecorded, Measure
from rollbook.domain.evidence import evidence_of
from rollbook.domain.model import ModelEvent
from rollbook.domain.versions import DocumentLinked, PropertiesSet, VersionTagged
from tests.support import spec
from tests.support.spec import NOW
from tests.unit.domain.examples import (
    DIGEST,
    THREE_VERSIONS,
    promoted,
    rejected,
    rolled_back,
    validated,
)

CARD = CardWritten(version=1, revision=1, card=Card(summary="x"), digest=DIGEST)


def evidence(*more: ModelEvent, version: int = 1, environment: str = "production") -> str:
    return evidence_of(spec.fold(*THREE_VERSIONS, *more), version, environment)


def test_another_fact_is_another_evidence() -> None:
    evaluation = Evaluation(metrics={"auc": Measure(value=0.9)})
    found = [
        evidence(),
        evidence(version=2),
        evidence(version=3),
        evidence(environment="staging"),
        evidence(promoted(2)),
        evidence(validated(1)),
        evidence(rejected(1).model_copy(update={"digest": "sha256:" + "e" * 64})),
        evidence(CARD),
        evidence(EvaluationRecorded(version=1, number=1, evaluation=evaluation, digest=DIGEST)),
        evidence(DocumentLinked(version=1, kind="risk", title="x", uri="s3:x")),
        evidence(PropertiesSet(version=1, properties={"a": 1}, properties_schema=0)),
        evidence(PropertiesSet(version=1, properties={"a": True}, properties_schema=0)),
        evidence(PropertiesSet(version=1, properties={"a": "1"}, properties_schema=0)),
        evidence(ModelClassified(risk="high", reason="x")),
    ]
    assert len(set(found)) == len(found)
    assert all(one.startswith("sha256:") for one in found)


def test_what_no_decision_rests_on_is_no_evidence() -> None:
    assert evidence(ModelTagged(tags={"a": "b"})) == evidence()
    assert evidence(VersionTagged(version=1, tags={"a": "b"})) == evidence()
    assert evidence(validated(2)) == evidence()
    assert evidence(promoted(2, environment="staging")) == evidence()
    until = NOW + timedelta(days=9)
    confirmed = CardReviewed(version=1, revision=1, review_by=until, note="x")
    assert evidence(CARD, confirmed) == evidence(CARD)


def test_the_same_facts_are_the_same_evidence_however_they_came_about() -> None:
    one = PropertiesSet(version=1, properties={"a": 1, "b": 2}, properties_schema=0)
    other = PropertiesSet(version=1, properties={"b": 2, "a": 1}, properties_schema=0)
    assert evidence(one) == evidence(other)
    past = (promoted(2), promoted(3, 2), rolled_back(3, 2))
    assert evidence(*past) == evidence(promoted(2))
