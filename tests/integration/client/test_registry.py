"""The SDK's story on a real system: what it does, its reads see."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from rollbook.client import Invalid, Refused, Registry, file_artifact
from rollbook.domain.cards import Card
from rollbook.domain.evaluations import Evaluation, Measure
from rollbook.domain.rulebook import EnvironmentRule, Rules
from tests.integration.query.system import System


@pytest.fixture
def registry(system: System) -> Iterator[Registry]:
    with Registry(system.url, actor="ann") as made:
        yield made


@pytest.fixture
def model() -> str:
    return f"tests/m{uuid4().hex[:12]}"


def test_a_pipeline_registers_promotes_and_rolls_back(
    registry: Registry, model: str, tmp_path: Path
) -> None:
    registry.register_model(model, description="fraud", tags={"team": "a"})
    made = []
    for number in (1, 2):
        file = tmp_path / f"{number}.bin"
        file.write_bytes(bytes([number]))
        made.append(registry.register_version(model, file_artifact(file), metrics={"auc": 0.9}))
    assert [outcome.version for outcome in made] == [1, 2]
    registry.set_alias(model, "champion", 2)
    first = registry.promote(model, 1)
    second = registry.promote(model, 2)
    back = registry.roll_back(model, "worse")

    assert registry.environments(model)["production"].version == back.version == 1
    assert registry.environments(model, as_of=second.position)["production"].version == 2
    assert registry.environments(model, as_of=first.position)["production"].version == 1
    moment = registry.event(second.position).time
    assert registry.environments(model, as_of=moment)["production"].version == 2

    row = registry.model(model)
    assert (row.key, row.versions, row.seq, row.tags) == (model, 2, back.seq, {"team": "a"})
    assert [v.version for v in registry.versions(model)] == [1, 2]
    assert [v.version for v in registry.versions(model, newest_first=True, limit=1)] == [2]
    assert registry.version(model, "champion") == registry.version(model, 2)
    assert registry.version(model, 2).aliases == ("champion",)
    assert [a.alias for a in registry.aliases(model)] == ["champion"]
    history = list(registry.history(model))
    assert [r.seq for r in history] == list(range(1, 8))
    assert {r.actor for r in history} == {"ann"}
    assert [r.type for r in registry.history(model, newest_first=True, limit=1)] == [
        "VersionRolledBack"
    ]
    assert registry.outcome(back.command_id).position == back.position
    assert model in {m.key for m in registry.models("tests")}
    assert any(t.name.endswith(".events") for t in registry.topics())


def test_the_same_command_id_is_the_same_version(
    registry: Registry, model: str, tmp_path: Path
) -> None:
    registry.register_model(model)
    file = tmp_path / "model.bin"
    file.write_bytes(b"x")
    key = str(uuid4())
    outcomes = [
        registry.register_version(model, file_artifact(file), command_id=key) for _ in range(3)
    ]
    assert {(o.version, o.position) for o in outcomes} == {(1, outcomes[0].position)}
    assert registry.model(model).versions == 1


def test_a_refusal_and_a_bad_field_are_told_apart(registry: Registry, model: str) -> None:
    with pytest.raises(Refused) as refused:
        registry.promote(model, 1)
    assert refused.value.code == "unknown_model"
    registry.wait(refused.value.position or "")
    assert registry.event(refused.value.position or "").type == "CommandRefused"
    seq = registry.register_model(model).seq
    with pytest.raises(Invalid) as invalid:
        registry.set_alias(model, "v1", 1)
    assert [e.field for e in invalid.value.errors] == ["alias"]
    registry.tag_model(model, {"a": "b"}, expected_seq=seq)
    with pytest.raises(Refused) as conflict:
        registry.tag_model(model, {"a": "c"}, expected_seq=seq)
    assert conflict.value.code == "conflict"


@pytest.mark.parametrize("name", ["a b", "ü", "a?b#c", "100%", "...", "a\\b", "a+b"])
def test_a_model_may_have_any_name_that_the_rules_allow(
    registry: Registry, model: str, name: str
) -> None:
    named = f"n{uuid4().hex[:10]}/{name}"
    registry.register_model(named)
    assert registry.model(named).name == name


def test_a_version_is_asked_for_signed_and_promoted(
    system: System, registry: Registry, model: str, tmp_path: Path
) -> None:
    space = f"n{uuid4().hex[:10]}"
    model = f"{space}/fraud"
    file = tmp_path / "model.bin"
    file.write_bytes(b"x")
    with pytest.raises(Refused) as undecided:
        registry.namespace(space)
    assert undecided.value.code == "unknown_namespace"
    registry.set_rules(
        space, Rules(environments=(EnvironmentRule(name="production", protected=True),))
    )
    registry.register_model(model)
    registry.register_version(model, file_artifact(file), change="architecture")
    registry.evaluate(model, 1, Evaluation(metrics={"auc": Measure(value=0.9)}))
    registry.write_card(model, 1, Card(summary="It finds fraud."))
    registry.record_validation(model, 1, [{"gate": "auc", "outcome": "passed"}])
    registry.link_document(model, 1, "risk", "Risks", "https://example.org/risks")
    registry.request_promotion(model, 1, "better", rollback_plan="clear it")

    asked = registry.review(model, 1)
    assert asked.version.label == "1.0.0"
    assert asked.card is not None
    assert asked.card.card == {"summary": "It finds fraud."} | dict(asked.card.card)
    assert asked.verdict is not None
    assert [gate["outcome"] for gate in asked.verdict.gates] == ["passed"]
    assert [document.title for document in asked.documents] == ["Risks"]
    assert asked.now is not None
    assert asked.now["missing"] == {"approver": 1}
    with Registry(system.url, actor="bob") as signer:
        assert [r.request for r in signer.inbox(space)] == [1]
        signer.approve(model, 1, evidence=asked.now["evidence"], comment="fine")
    promoted = registry.promote(model, 1)
    assert promoted.event["data"]["approved_by"] == ["bob"]

    assert registry.version(model, "1.0.0") == registry.version(model, 1)
    stay = registry.environments(model)["production"]
    assert (stay.request, stay.approved_by) == (1, ("bob",))
    assert [remark.kind for remark in registry.review(model, 1).discussion] == ["approval"]
    assert [r.state for r in registry.requests(model)] == ["promoted"]
    assert [e.evaluation["metrics"]["auc"]["value"] for e in registry.evaluations(model, 1)] == [
        0.9
    ]
    assert [c.revision for c in registry.cards(model, 1)] == [1]
    assert registry.namespace(space).rules_version == 1
    assert space in set(registry.namespaces())
    assert [record.type for record in registry.governance(space)] == ["RulesSet"]
    assert registry.me().subject == "ann"
    assert registry.completeness(space).share == 1
    assert registry.diff(model, 1, 1)["params"] == {}


def test_an_imported_version_keeps_its_own_time(registry: Registry, model: str) -> None:
    then = datetime(2024, 3, 1, 9, tzinfo=UTC)
    registry.register_model(model, origin="mlflow:http://x", origin_time=then)
    row = registry.model(model)
    assert (row.origin, row.origin_time) == ("mlflow:http://x", then)
    assert row.created_at > then


def test_what_one_session_did_another_waits_for(system: System, model: str) -> None:
    with Registry(system.url) as writer, Registry(system.url) as reader:
        position = writer.register_model(model).position
        reader.wait(position)
        assert reader.model(model).position == position
