"""What the SDK sends, how it asks again, and what it raises."""

import json
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from time import monotonic
from uuid import UUID

import pytest

from rollbook.client import Invalid, Outcome, Refused, Registry, Unavailable, file_artifact
from rollbook.domain.cards import Card
from rollbook.domain.catalog import TagModel
from rollbook.domain.evaluations import Evaluation, Measure
from rollbook.domain.lineage import Artifact, Lineage, Terms, Variant
from rollbook.domain.rulebook import Retention, Rules
from rollbook.eventlog.commands import COMMANDS, NAMESPACE_COMMANDS
from tests.unit.client.recording import OUTCOME, SILENCE, recording

DIGEST = "sha256:" + "a" * 64
ARTIFACT = Artifact(uri="s3://b/m", digest=DIGEST)
MODEL = "payments/fraud"
SPACE = "payments"
KEY = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
LATER = datetime(2100, 1, 1, tzinfo=UTC)

CALLS: dict[str, Callable[[Registry], Outcome]] = {
    "RegisterModel": lambda r: r.register_model(MODEL, description="x", tags={"a": "b"}),
    "DescribeModel": lambda r: r.describe_model(MODEL, ""),
    "TagModel": lambda r: r.tag_model(MODEL, {"a": ""}),
    "UntagModel": lambda r: r.untag_model(MODEL, ["a"]),
    "RegisterVersion": lambda r: r.register_version(
        MODEL,
        ARTIFACT,
        metrics={"auc": 0.9},
        params={"depth": "6"},
        lineage=Lineage(code_commit="abc"),
        change="retraining",
        variants=[Variant(uri="s3://b/q", digest=DIGEST, name="int8", kind="quantised")],
        properties={"layers": 12},
        evaluations=[Evaluation(metrics={"auc": Measure(value=0.9)})],
        terms_of_use=Terms(licence="MIT", pii="none"),
        idempotency_key="run-1",
    ),
    "DescribeVersion": lambda r: r.describe_version(MODEL, 1, "x"),
    "TagVersion": lambda r: r.tag_version(MODEL, 1, {"a": "b"}),
    "UntagVersion": lambda r: r.untag_version(MODEL, 1, ["a"]),
    "ArchiveVersion": lambda r: r.archive(MODEL, 1, "old"),
    "AttachSignature": lambda r: r.attach_signature(MODEL, 1, "{}"),
    "HoldVersion": lambda r: r.hold(MODEL, 1, "case 7"),
    "ReleaseVersion": lambda r: r.release(MODEL, 1, "closed"),
    "RecordProfile": lambda r: r.record_profile(
        MODEL,
        1,
        {"rows": 2, "features": {"a": {"kind": "numbers", "edges": [0, 1], "counts": [2]}}},
    ),
    "DetectDrift": lambda r: r.detect_drift(
        MODEL,
        1,
        "production",
        "feature",
        [{"subject": "feature:a", "measure": "psi", "value": 0.5}],
        {"begin": "2026-03-01T12:00:00Z", "end": "2026-03-01T12:05:00Z"},
    ),
    "ClearDrift": lambda r: r.clear_drift(MODEL, 1, "calm"),
    "AcknowledgeDrift": lambda r: r.acknowledge(MODEL, 1, "a campaign"),
    "StartRollout": lambda r: r.start_rollout(
        MODEL,
        2,
        {
            "steps": [{"weight": 5}],
            "metrics": [{"metric": "errors", "of": "errors", "margin": 0.01}],
        },
        reason="better",
    ),
    "AdvanceRollout": lambda r: r.advance_rollout(MODEL, 1, 0, {"result": "no_data"}),
    "PauseRollout": lambda r: r.pause_rollout(MODEL, "lunch", environment="staging"),
    "ResumeRollout": lambda r: r.resume_rollout(MODEL, "back", rollout=1),
    "ApproveRolloutStep": lambda r: r.approve_rollout_step(MODEL, step=1, title="legal"),
    "SkipRolloutStep": lambda r: r.skip_rollout_step(MODEL, "seen", step=0),
    "PromoteRollout": lambda r: r.promote_rollout(MODEL, "now", version=2),
    "AbortRollout": lambda r: r.abort_rollout(MODEL, "worse"),
    "FinishRollout": lambda r: r.finish_rollout(MODEL, 1),
    "SetRetraining": lambda r: r.set_retraining(MODEL, {"pipeline": "nightly"}),
    "RequestRetraining": lambda r: r.request_retraining(MODEL, "it drifts"),
    "RecordRetrainingRun": lambda r: r.record_retraining_run(MODEL, 1, "run-7", url="https://x/7"),
    "EndRetraining": lambda r: r.end_retraining(MODEL, 1, "candidate", version=2),
    "CancelRetraining": lambda r: r.cancel_retraining(MODEL, 1, "bad data"),
    "SetEndpoint": lambda r: r.set_endpoint(SPACE, "on-call", {"kind": "mail", "to": ["owner"]}),
    "DropEndpoint": lambda r: r.drop_endpoint(SPACE, "on-call", "old"),
    "RotateEndpointSecret": lambda r: r.rotate_endpoint_secret(SPACE, "on-call", "it leaked"),
    "TestEndpoint": lambda r: r.test_endpoint(SPACE, "on-call"),
    "RedriveEndpoint": lambda r: r.redrive_endpoint(SPACE, "on-call", since=LATER),
    "SetRetention": lambda r: r.set_retention(SPACE, Retention(keep_last=2)),
    "AnnounceDeletions": lambda r: r.announce_deletions(
        SPACE, [{"digest": DIGEST, "size": 7, "reason": "no version names it"}]
    ),
    "SetAlias": lambda r: r.set_alias(MODEL, "champion", 1),
    "RemoveAlias": lambda r: r.remove_alias(MODEL, "champion"),
    "PromoteVersion": lambda r: r.promote(MODEL, 1, "staging"),
    "RollBackVersion": lambda r: r.roll_back(MODEL, "worse", to=1),
    "AssignOwner": lambda r: r.assign_owner(MODEL, "ada", "risk"),
    "ClassifyModel": lambda r: r.classify(MODEL, "high", "it decides about people"),
    "RetireModel": lambda r: r.retire(MODEL, "old"),
    "RestoreModel": lambda r: r.restore(MODEL, "needed"),
    "RestoreVersion": lambda r: r.restore(MODEL, "needed", version=1),
    "SetProperties": lambda r: r.set_properties(MODEL, 1, {"layers": 12, "old": None}),
    "LinkDocument": lambda r: r.link_document(MODEL, 1, "risk", "Risks", "https://x/y"),
    "RecordEvaluation": lambda r: r.evaluate(
        MODEL, 1, Evaluation(metrics={"auc": Measure(value=0.9)})
    ),
    "WriteCard": lambda r: r.write_card(MODEL, 1, Card(summary="x", review_by=LATER)),
    "ReviewCard": lambda r: r.review_card(MODEL, 1, LATER, "holds"),
    "MarkCardStale": lambda r: r.mark_card_stale(MODEL, 1),
    "StartValidation": lambda r: r.start_validation(MODEL, 1, policy="p"),
    "RecordValidation": lambda r: r.record_validation(
        MODEL, 1, [{"gate": "auc", "outcome": "passed"}]
    ),
    "ClearEnvironment": lambda r: r.clear(MODEL, "shadow", "over"),
    "RehearseRollback": lambda r: r.rehearse_rollback(MODEL, "drill"),
    "BreakGlass": lambda r: r.break_glass(MODEL, 1, "outage"),
    "ReviewBreakGlass": lambda r: r.review_break(MODEL, 1, "justified", "it helped"),
    "RequestPromotion": lambda r: r.request_promotion(
        MODEL, 1, "better", rollback_plan="back", reviewers={"product": 1}
    ),
    "ApprovePromotion": lambda r: r.approve(MODEL, 1, title="ml-ops", evidence=DIGEST),
    "RejectPromotion": lambda r: r.reject(MODEL, 1, "thin"),
    "CommentOnPromotion": lambda r: r.comment(MODEL, 1, "why?"),
    "WithdrawPromotion": lambda r: r.withdraw(MODEL, 1, "late"),
    "EscalatePromotion": lambda r: r.escalate(MODEL, 1),
    "ExpirePromotion": lambda r: r.expire(MODEL, 1),
    "SetRules": lambda r: r.set_rules(SPACE, Rules(naming="[a-z]+")),
    "SetMetadataSchema": lambda r: r.set_metadata_schema(SPACE, {"required": ["owner"]}),
    "GrantRole": lambda r: r.grant(
        SPACE, "group:risk", "approver", "they answer", title="product", until=LATER
    ),
    "RevokeRole": lambda r: r.revoke(SPACE, 1, "moved on"),
    "IssueKey": lambda r: r.issue_key(SPACE, "nightly", KEY, LATER, roles=["publisher"]),
    "RevokeKey": lambda r: r.revoke_key(SPACE, "0f9c1a2b3d4e5f60", "lost"),
    "SetCollection": lambda r: r.set_collection(SPACE, "checkout", ["fraud"]),
    "RemoveCollection": lambda r: r.remove_collection(SPACE, "checkout"),
    "SaveQuery": lambda r: r.save_query(SPACE, "trusted", "stage = validated", order="-created"),
    "DropQuery": lambda r: r.drop_query(SPACE, "trusted"),
    "SavePolicy": lambda r: r.save_policy(
        SPACE, "release", {"gates": [{"gate": "card", "kind": "card"}]}
    ),
    "DropPolicy": lambda r: r.drop_policy(SPACE, "release", "another does it"),
    "SetSynonyms": lambda r: r.set_synonyms(SPACE, "churn", ["attrition"]),
    "ErasePersonalData": lambda r: r.erase(SPACE, [f"personal:{UUID(int=7)}"], "asked"),
}


def test_there_is_a_call_for_every_command() -> None:
    assert CALLS.keys() == COMMANDS.keys()


@pytest.mark.parametrize("name", CALLS)
def test_a_call_sends_a_command_that_its_class_accepts(name: str) -> None:
    with recording() as server, Registry(server.url) as registry:
        CALLS[name](registry)
        (asked,) = server.asked
        stream = SPACE if name in NAMESPACE_COMMANDS else MODEL
        kind = "models" if stream == MODEL else "namespaces"
        assert asked.path == f"/api/v1/{kind}/{stream}/commands/{name}"
        command = COMMANDS[name].model_validate_json(asked.body)
        UUID(asked.headers["Idempotency-Key"])  # or it raises
        # The typed call and the class say the same.
        registry.send(stream, command)  # type: ignore[arg-type]
        assert COMMANDS[name].model_validate_json(server.asked[1].body) == command


def test_a_caller_says_who_asks_and_on_what_terms() -> None:
    with recording() as server, Registry(server.url, token="abc", actor="Zoë") as registry:
        registry.send(MODEL, TagModel(tags={"a": "b"}), command_id=str(UUID(int=7)), expected_seq=3)
    headers = server.asked[0].headers
    assert headers["Authorization"] == "Bearer abc"
    assert headers["X-Actor"].encode("latin-1").decode() == "Zoë"
    assert headers["Idempotency-Key"] == str(UUID(int=7))
    assert headers["If-Match"] == '"3"'


@pytest.mark.parametrize("status", [502, 503, 504])
def test_an_absent_registry_is_asked_again_under_the_same_command_id(status: int) -> None:
    away = (status, {"code": "unavailable", "detail": "Kafka is away"})
    with recording(away, away, (200, OUTCOME)) as server, Registry(server.url) as registry:
        assert registry.tag_model(MODEL, {"a": "b"}).position == "3:7"
    assert len({asked.headers["Idempotency-Key"] for asked in server.asked}) == 1
    assert len(server.asked) == 3


def test_a_registry_that_stays_away_is_unavailable_in_time() -> None:
    away = (503, {"code": "unavailable", "detail": "Kafka is away"})
    began = monotonic()
    with recording(away) as server, Registry(server.url, timeout=1) as registry:
        with pytest.raises(Unavailable, match="Kafka is away") as caught:
            registry.tag_model(MODEL, {"a": "b"})
        assert caught.value.command_id == server.asked[0].headers["Idempotency-Key"]
    assert monotonic() - began < 5
    assert len(server.asked) > 1


def test_a_registry_that_nobody_runs_is_unavailable_and_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with (
        Registry(f"http://127.0.0.1:{port}", timeout=0.5) as registry,
        pytest.raises(Unavailable, match=f"127.0.0.1:{port} does not answer"),
    ):
        registry.model(MODEL)


def test_a_refusal_is_not_asked_again() -> None:
    problem = {"code": "archived", "detail": "version 1 is archived", "position": "3:9"}
    with recording((409, problem)) as server, Registry(server.url) as registry:
        with pytest.raises(Refused) as caught:
            registry.promote(MODEL, 1)
        assert (caught.value.code, caught.value.message) == ("archived", "version 1 is archived")
        assert caught.value.position == "3:9"
    assert len(server.asked) == 1


def test_a_refusal_that_stands_in_the_log_is_one_whatever_its_status() -> None:
    problem = {"code": "bad_name", "detail": "names must match", "position": "3:9"}
    with recording((422, problem)) as server, Registry(server.url) as registry:
        with pytest.raises(Refused) as caught:
            registry.register_model(MODEL)
        assert caught.value.code == "bad_name"


def test_bad_fields_are_named() -> None:
    problem = {"code": "invalid", "detail": "x", "errors": [{"field": "alias", "rule": "must"}]}
    with recording((422, problem)) as server, Registry(server.url) as registry:
        with pytest.raises(Invalid) as caught:
            registry.set_alias(MODEL, "v1", 1)
        assert [(e.field, e.rule) for e in caught.value.errors] == [("alias", "must")]


def test_reads_show_what_the_session_did() -> None:
    page: dict[str, object] = {"items": [], "next": None}
    with recording((200, OUTCOME), (200, page)) as server, Registry(server.url) as registry:
        registry.tag_model(MODEL, {"a": "b"})
        registry.wait("1:5")
        registry.wait("3:4")
        registry.environments(MODEL, as_of=datetime(2026, 1, 1, tzinfo=UTC))
    query = server.asked[1].path.partition("?")[2]
    assert query == (
        "as_of=2026-01-01T00%3A00%3A00.000000%2B00%3A00&min_position=3%3A7&min_position=1%3A5"
    )


def test_a_position_that_never_comes_is_told_with_what_the_registry_said() -> None:
    said = "the read models have not reached 1:99 yet: they stand before 1:5"
    late = (503, {"code": "behind", "detail": said})
    began = monotonic()
    with recording(late) as server, Registry(server.url) as registry:
        registry.wait("1:99")
        with pytest.raises(Unavailable) as caught:
            registry.model(MODEL)
    assert (caught.value.message, caught.value.code) == (said, "behind")
    assert len(server.asked) == 2  # the second time to see whether anything moves
    assert monotonic() - began < 10


def test_tables_that_move_are_waited_for() -> None:
    late = [(503, {"code": "behind", "detail": f"they stand before 1:{n}"}) for n in (5, 7)]
    page: dict[str, object] = {"items": [], "next": None}
    with recording(*late, (200, page)) as server, Registry(server.url) as registry:
        registry.wait("1:9")
        assert registry.aliases(MODEL) == []
    assert len(server.asked) == 3


def test_what_the_session_did_itself_is_waited_for_all_the_time_there_is() -> None:
    late = (503, {"code": "behind", "detail": "they stand before 3:5"})
    page: dict[str, object] = {"items": [], "next": None}
    answers = [(200, OUTCOME), late, late, late, (200, page)]
    with recording(*answers) as server, Registry(server.url) as registry:
        registry.tag_model(MODEL, {"a": "b"})
        assert registry.aliases(MODEL) == []
    assert len(server.asked) == len(answers)


def test_what_the_registry_said_outlives_an_attempt_that_hears_nothing() -> None:
    away = (503, {"code": "unavailable", "detail": "Kafka is away"})
    with recording(away, SILENCE) as server, Registry(server.url, timeout=1) as registry:
        with pytest.raises(Unavailable, match="Kafka is away") as caught:
            registry.model(MODEL)
        assert caught.value.code == "unavailable"


def test_the_token_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLLBOOK_TOKEN", "from-the-environment\n")
    with recording() as server, Registry(server.url) as registry:
        registry.tag_model(MODEL, {"a": "b"})
        with Registry(server.url, token="given") as other:
            other.tag_model(MODEL, {"a": "b"})
    assert [asked.headers["Authorization"] for asked in server.asked] == [
        "Bearer from-the-environment",
        "Bearer given",
    ]


@pytest.mark.parametrize("token", ["se cret", "se\ncret", "secrét"])
def test_a_token_is_never_quoted(token: str) -> None:
    with pytest.raises(ValueError, match="no token has") as caught:
        Registry("http://127.0.0.1:1", token=token)
    assert token not in str(caught.value)
    with Registry("http://127.0.0.1:1", token="secret", timeout=0.2) as registry:
        assert "secret" not in repr(registry)
        with pytest.raises(Unavailable) as absent:
            registry.model(MODEL)
        assert "secret" not in str(absent.value)


def test_an_imported_command_says_where_it_comes_from_and_when_it_happened() -> None:
    with recording() as server, Registry(server.url) as registry:
        registry.register_model(MODEL, origin="mlflow:http://ü", origin_time=LATER)
    headers = server.asked[0].headers
    assert headers["X-Origin"].encode("latin-1").decode() == "mlflow:http://ü"
    assert headers["X-Origin-Time"] == "2100-01-01T00:00:00.000000+00:00"


def test_personal_data_is_kept_outside_of_the_log() -> None:
    reference = f"personal:{UUID(int=7)}"
    with recording((201, {"reference": reference})) as server, Registry(server.url) as registry:
        assert registry.personal(SPACE, "Ada") == reference
    assert server.asked[0].path == "/api/v1/namespaces/payments/personal"
    assert json.loads(server.asked[0].body) == {"content": "Ada"}


def test_a_moment_without_a_time_zone_is_no_moment() -> None:
    with Registry("http://127.0.0.1:1") as registry, pytest.raises(ValueError, match="time zone"):
        registry.environments(MODEL, as_of=datetime(2026, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("model", "path"),
    [
        ("a/b c", "/api/v1/models/a/b%20c"),
        ("a/b?c#d", "/api/v1/models/a/b%3Fc%23d"),
        ("a/..", "/api/v1/models/a/%2E%2E"),
        ("a/ü", "/api/v1/models/a/%C3%BC"),
    ],
)
def test_a_name_reaches_the_registry_whatever_it_contains(model: str, path: str) -> None:
    with (
        recording((404, {"code": "unknown_model", "detail": "none"})) as server,
        Registry(server.url) as registry,
        pytest.raises(Refused),
    ):
        registry.model(model)
    assert server.asked[0].path == path


def test_a_model_is_named_by_namespace_and_name() -> None:
    with Registry("http://127.0.0.1:1") as registry, pytest.raises(ValueError, match="namespace"):
        registry.model("fraud")


def test_an_answer_may_have_fields_that_this_sdk_does_not_know() -> None:
    newer = {**OUTCOME, "colour": "red"}
    with recording((200, newer)) as server, Registry(server.url) as registry:
        assert registry.tag_model(MODEL, {"a": "b"}).seq == 2


def test_an_artifact_of_a_file_goes_as_it_is(tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("a folder") / "model.bin"
    file.write_bytes(b"abc")
    with recording() as server, Registry(server.url) as registry:
        registry.register_version(MODEL, file_artifact(file))
    command = COMMANDS["RegisterVersion"].model_validate_json(server.asked[0].body)
    assert command.artifact == file_artifact(file)  # type: ignore[attr-defined]
