"""Every command over HTTP: it does, it refuses, it stays quiet."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from rollbook.domain.grants import key_id
from rollbook.eventlog.commands import COMMANDS
from rollbook.query.examples import EXAMPLES
from rollbook.query.handlers import STATUS
from tests.contracts.step import bundle
from tests.integration.query.system import DIGEST, Caller, System, calling

PUBLIC_KEY = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
ARTIFACT = {"uri": "s3://b/m", "digest": DIGEST}
Step = Callable[[Caller], object]


def registered(caller: Caller) -> None:
    caller.done("RegisterModel", {"description": "first", "tags": {"team": "a"}})


def two_versions(caller: Caller) -> None:
    registered(caller)
    caller.version()
    caller.version()


def tagged(caller: Caller) -> None:
    two_versions(caller)
    caller.done("TagVersion", {"version": 1, "tags": {"a": "b"}})


def aliased(caller: Caller) -> None:
    two_versions(caller)
    caller.done("SetAlias", {"alias": "champion", "version": 1})


def promoted_twice(caller: Caller) -> None:
    two_versions(caller)
    caller.done("PromoteVersion", {"version": 1})
    caller.done("PromoteVersion", {"version": 2})


def nothing(_: Caller) -> None:
    pass


def retired(caller: Caller) -> None:
    registered(caller)
    caller.done("RetireModel", {"reason": "old"})


def archived(caller: Caller) -> None:
    two_versions(caller)
    caller.done("ArchiveVersion", {"version": 1, "reason": "old"})


def with_card(caller: Caller) -> None:
    two_versions(caller)
    card = {"summary": "x", "review_by": "2020-01-01T00:00:00Z"}
    caller.done("WriteCard", {"version": 2, "card": card})


def glass_broken(caller: Caller) -> None:
    two_versions(caller)
    caller.done("BreakGlass", {"version": 1, "reason": "fire"})


def asked(caller: Caller) -> None:
    two_versions(caller)
    caller.done("RequestPromotion", {"version": 1, "reason": "better"})


def asked_in_haste(caller: Caller) -> None:
    asked_under(caller, {"request_escalates": "PT0.001S"})


def asked_briefly(caller: Caller) -> None:
    asked_under(caller, {"request_expires": "PT0.001S"})


def asked_under(caller: Caller, rules: dict[str, Any]) -> None:
    """Request 1, made under rules."""
    two_versions(caller)
    caller.done("SetRules", {"rules": rules})
    body = {"version": 1, "reason": "better", "reviewers": {"approver": 1}}
    assert caller.done("RequestPromotion", body)["event"]["data"]["rules"] == 1


def alarmed(caller: Caller) -> None:
    two_versions(caller)
    caller.done("DetectDrift", {**EXAMPLES["DetectDrift"], "version": 1})


def granted(caller: Caller) -> None:
    caller.done("GrantRole", EXAMPLES["GrantRole"])


def key_issued(caller: Caller) -> None:
    caller.done("IssueKey", CASES["IssueKey"].body)


def collected(caller: Caller) -> None:
    caller.done("SetCollection", EXAMPLES["SetCollection"])


def query_saved(caller: Caller) -> None:
    caller.done("SaveQuery", EXAMPLES["SaveQuery"])


def policy_saved(caller: Caller) -> None:
    caller.done("SavePolicy", EXAMPLES["SavePolicy"])


def held(caller: Caller) -> None:
    two_versions(caller)
    caller.done("HoldVersion", {"version": 1, "reason": "case 7"})


def retrainable(caller: Caller) -> None:
    two_versions(caller)
    caller.done("SetRetraining", EXAMPLES["SetRetraining"])


def retraining(caller: Caller) -> None:
    retrainable(caller)
    caller.done("RequestRetraining", EXAMPLES["RequestRetraining"])


def retrained(caller: Caller) -> None:
    retraining(caller)
    caller.version()


def endpoint_set(caller: Caller) -> None:
    caller.done("SetEndpoint", EXAMPLES["SetEndpoint"])


UNKNOWN: dict[str, Any] = {}


PLAN = {
    "steps": [{"weight": 5, "analysis": False, "approval": {"approver": 1}}, {"weight": 50}],
    "metrics": [{"metric": "errors", "of": "errors", "margin": 0.01}],
    "watch": 0.001,
}
QUICK = PLAN | {"steps": [{"weight": 5, "analysis": False}, {"weight": 50}]}


def rollable(caller: Caller) -> None:
    two_versions(caller)
    caller.done("PromoteVersion", {"version": 1})


def rolling(caller: Caller) -> None:
    rollable(caller)
    caller.done("StartRollout", {"version": 2, "plan": PLAN})


def advancing(caller: Caller) -> None:
    rollable(caller)
    caller.done("StartRollout", {"version": 2, "plan": QUICK})


def paused(caller: Caller) -> None:
    rolling(caller)
    caller.done("PauseRollout", {"reason": "lunch"})


def rolled_out(caller: Caller) -> None:
    rolling(caller)
    caller.done("PromoteRollout", {"reason": "now"})


class Case(NamedTuple):
    given: Step
    body: dict[str, Any]
    event: str
    version: int | None = None
    refused: dict[str, Any] | None = UNKNOWN
    """A body that is refused when `body` was done, with `code`; None where nothing is."""
    code: str = "unknown_model"
    """For this one `body` is sent to a model that nobody has registered."""
    again: str = "confirmed"
    """What comes of the same wish once more: confirmed, accepted, or a code."""


CASES = {
    "RegisterModel": Case(
        lambda _: None, {}, "ModelRegistered", None, {"description": "x"}, "already_registered"
    ),
    "DescribeModel": Case(
        registered, {"description": "new"}, "ModelDescribed", None, {}, "unknown_model"
    ),
    "TagModel": Case(registered, {"tags": {"a": "b"}}, "ModelTagged", None, {}, "unknown_model"),
    "UntagModel": Case(registered, {"keys": ["team"]}, "ModelUntagged", None, {}, "unknown_model"),
    "RegisterVersion": Case(
        registered,
        {"artifact": ARTIFACT, "idempotency_key": "run-1"},
        "VersionRegistered",
        1,
        {
            "artifact": {"uri": "s3://b/m", "digest": "sha256:" + "b" * 64},
            "idempotency_key": "run-1",
        },
        "idempotency_conflict",
    ),
    "DescribeVersion": Case(
        two_versions,
        {"version": 2, "description": "x"},
        "VersionDescribed",
        2,
        {"version": 3, "description": "x"},
        "unknown_version",
    ),
    "TagVersion": Case(
        two_versions,
        {"version": 1, "tags": {"a": "b"}},
        "VersionTagged",
        1,
        {"version": 3, "tags": {"a": "b"}},
        "unknown_version",
    ),
    "UntagVersion": Case(
        tagged,
        {"version": 1, "keys": ["a"]},
        "VersionUntagged",
        1,
        {"version": 3, "keys": ["a"]},
        "unknown_version",
    ),
    "ArchiveVersion": Case(
        aliased,
        {"version": 2, "reason": "too old"},
        "VersionArchived",
        2,
        {"version": 1, "reason": "too old"},
        "aliased",
    ),
    "SetAlias": Case(
        two_versions,
        {"alias": "champion", "version": 2},
        "AliasSet",
        2,
        {"alias": "champion", "version": 3},
        "unknown_version",
    ),
    "RemoveAlias": Case(aliased, {"alias": "champion"}, "AliasRemoved", 1, {}, "unknown_model"),
    "PromoteVersion": Case(
        two_versions,
        {"version": 2, "environment": "staging"},
        "VersionPromoted",
        2,
        {"version": 3},
        "unknown_version",
    ),
    "RollBackVersion": Case(
        promoted_twice,
        {"reason": "worse", "to": 1},
        "VersionRolledBack",
        1,
        {"reason": "worse"},
        "nothing_before",
    ),
    "AssignOwner": Case(registered, {"owner": "ann", "team": "risk"}, "OwnerAssigned"),
    "ClassifyModel": Case(registered, {"risk": "high", "reason": "people"}, "ModelClassified"),
    "RetireModel": Case(registered, {"reason": "old"}, "ModelRetired"),
    "RestoreModel": Case(retired, {"reason": "not that old"}, "ModelRestored"),
    "RestoreVersion": Case(archived, {"version": 1, "reason": "good"}, "VersionRestored", 1),
    "SetProperties": Case(two_versions, {"version": 1, "properties": {"a": 1}}, "PropertiesSet", 1),
    "LinkDocument": Case(two_versions, EXAMPLES["LinkDocument"], "DocumentLinked", 2),
    "RecordEvaluation": Case(two_versions, EXAMPLES["RecordEvaluation"], "EvaluationRecorded", 2),
    "WriteCard": Case(two_versions, EXAMPLES["WriteCard"], "CardWritten", 2),
    "ReviewCard": Case(
        with_card,
        {"version": 2, "review_by": "2100-01-01T00:00:00Z", "note": "holds"},
        "CardReviewed",
        2,
        {"version": 1, "review_by": "2100-01-01T00:00:00Z", "note": "holds"},
        "no_card",
    ),
    "MarkCardStale": Case(with_card, {"version": 2}, "CardWentStale", 2, {"version": 1}, "no_card"),
    "StartValidation": Case(two_versions, {"version": 1}, "ValidationStarted", 1),
    "RecordValidation": Case(two_versions, EXAMPLES["RecordValidation"], "VersionValidated", 2),
    "ClearEnvironment": Case(
        promoted_twice,
        {"environment": "production", "reason": "over"},
        "EnvironmentCleared",
        2,
    ),
    "RehearseRollback": Case(
        promoted_twice,
        {"note": "drill"},
        "RollbackRehearsed",
        2,
        {"environment": "staging", "note": "drill"},
        "nothing_serves",
        again="accepted",
    ),
    "BreakGlass": Case(two_versions, {"version": 1, "reason": "fire"}, "GlassBroken", 1),
    "ReviewBreakGlass": Case(
        glass_broken,
        {"number": 1, "verdict": "justified", "note": "it burnt"},
        "BreakGlassReviewed",
        None,
        {"number": 2, "verdict": "justified", "note": "it burnt"},
        "unknown_break",
    ),
    "RequestPromotion": Case(
        two_versions, {"version": 1, "reason": "better"}, "PromotionRequested", 1
    ),
    "ApprovePromotion": Case(
        asked, {"request": 1}, "PromotionApproved", 1, {"request": 2}, "unknown_request"
    ),
    "RejectPromotion": Case(
        asked,
        {"request": 1, "reason": "no"},
        "PromotionRejected",
        1,
        {"request": 2, "reason": "no"},
        "unknown_request",
        "closed",
    ),
    "CommentOnPromotion": Case(
        asked, {"request": 1, "comment": "hm"}, "PromotionCommented", again="accepted"
    ),
    "WithdrawPromotion": Case(
        asked,
        {"request": 1, "reason": "no"},
        "PromotionWithdrawn",
        1,
        {"request": 1, "reason": "no"},
        "closed",
        "closed",
    ),
    "EscalatePromotion": Case(
        asked_in_haste, {"request": 1}, "PromotionEscalated", 1, {"request": 9}, "unknown_request"
    ),
    "ExpirePromotion": Case(
        asked_briefly, {"request": 1}, "PromotionExpired", 1, {"request": 9}, "unknown_request"
    ),
    "SetRules": Case(nothing, EXAMPLES["SetRules"], "RulesSet", 1, None),
    "SetMetadataSchema": Case(
        nothing,
        EXAMPLES["SetMetadataSchema"],
        "MetadataSchemaSet",
        1,
        {"metadata": {"properties": {"type": "colour"}}},
        "invalid_schema",
    ),
    "GrantRole": Case(
        nothing,
        EXAMPLES["GrantRole"],
        "RoleGranted",
        None,
        {"subject": "ann", "role": "viewer", "title": "product", "reason": "x"},
        "title_without_approver",
    ),
    "RevokeRole": Case(
        granted,
        {"grant": 1, "reason": "gone"},
        "RoleRevoked",
        None,
        {"grant": 2, "reason": "gone"},
        "unknown_grant",
    ),
    "IssueKey": Case(
        nothing,
        {"account": "nightly", "public_key": PUBLIC_KEY, "until": "2100-01-01T00:00:00Z"},
        "KeyIssued",
        None,
        {"account": "nightly", "public_key": PUBLIC_KEY, "until": "2020-01-01T00:00:00Z"},
        "in_the_past",
    ),
    "RevokeKey": Case(
        key_issued,
        {"key": key_id(PUBLIC_KEY), "reason": "lost"},
        "KeyRevoked",
        None,
        {"key": "0" * 16, "reason": "lost"},
        "unknown_key",
    ),
    "SetCollection": Case(nothing, EXAMPLES["SetCollection"], "CollectionSet", None, None),
    "RemoveCollection": Case(
        collected, {"collection": "checkout"}, "CollectionRemoved", None, None
    ),
    "SaveQuery": Case(nothing, EXAMPLES["SaveQuery"], "QuerySaved", None, None),
    "DropQuery": Case(query_saved, {"query": "trusted"}, "QueryDropped", None, None),
    "SetSynonyms": Case(nothing, EXAMPLES["SetSynonyms"], "SynonymsSet", None, None),
    "AttachSignature": Case(
        two_versions,
        {"version": 1, "bundle": bundle(DIGEST)},
        "SignatureAttached",
        1,
        {"version": 1, "bundle": bundle("sha256:" + "b" * 64)},
        "bad_signature",
    ),
    "HoldVersion": Case(two_versions, {"version": 1, "reason": "case 7"}, "VersionHeld", 1),
    "ReleaseVersion": Case(held, {"version": 1, "reason": "closed"}, "VersionReleased", 1),
    "SavePolicy": Case(nothing, EXAMPLES["SavePolicy"], "PolicySaved", 1, None),
    "DropPolicy": Case(policy_saved, EXAMPLES["DropPolicy"], "PolicyDropped", None, None),
    "StartRollout": Case(rollable, {"version": 2, "plan": PLAN}, "RolloutStarted", 2),
    "AdvanceRollout": Case(advancing, {"rollout": 1, "step": 0}, "RolloutAdvanced", 2),
    "PauseRollout": Case(rolling, {"reason": "lunch"}, "RolloutPaused", 2),
    "ResumeRollout": Case(paused, {"reason": "back"}, "RolloutResumed", 2),
    "ApproveRolloutStep": Case(rolling, {}, "RolloutStepApproved", 2),
    "SkipRolloutStep": Case(rolling, {"step": 0, "reason": "seen"}, "RolloutStepSkipped", 2),
    "PromoteRollout": Case(rolling, {"reason": "now"}, "VersionPromoted", 2),
    "AbortRollout": Case(rolling, {"reason": "worse"}, "RolloutAborted", 2),
    "FinishRollout": Case(rolled_out, {"rollout": 1}, "RolloutFinished", 2),
    "SetRetraining": Case(two_versions, EXAMPLES["SetRetraining"], "RetrainingSet", 1),
    "RequestRetraining": Case(
        retrainable, EXAMPLES["RequestRetraining"], "RetrainingRequested", None
    ),
    "RecordRetrainingRun": Case(
        retraining, EXAMPLES["RecordRetrainingRun"], "RetrainingStarted", None
    ),
    "EndRetraining": Case(
        retrained,
        {"retraining": 1, "outcome": "candidate", "version": 3},
        "RetrainingEnded",
        3,
    ),
    "CancelRetraining": Case(
        retraining, {"retraining": 1, "reason": "bad data"}, "RetrainingEnded", None
    ),
    "SetEndpoint": Case(nothing, EXAMPLES["SetEndpoint"], "EndpointSet", 1, None),
    "DropEndpoint": Case(endpoint_set, EXAMPLES["DropEndpoint"], "EndpointDropped", None, None),
    "RotateEndpointSecret": Case(
        endpoint_set,
        EXAMPLES["RotateEndpointSecret"],
        "EndpointSecretRotated",
        None,
        {"endpoint": "nobody", "reason": "x"},
        "unknown_endpoint",
        again="accepted",
    ),
    "TestEndpoint": Case(
        endpoint_set,
        EXAMPLES["TestEndpoint"],
        "EndpointTested",
        None,
        {"endpoint": "nobody"},
        "unknown_endpoint",
        again="accepted",
    ),
    "RedriveEndpoint": Case(
        endpoint_set,
        EXAMPLES["RedriveEndpoint"],
        "EndpointRedriven",
        None,
        {"endpoint": "nobody"},
        "unknown_endpoint",
        again="accepted",
    ),
    "RecordProfile": Case(
        two_versions,
        {**EXAMPLES["RecordProfile"], "version": 1},
        "ProfileRecorded",
        1,
        EXAMPLES["RecordProfile"],
        "unknown_version",
    ),
    "DetectDrift": Case(
        two_versions,
        {**EXAMPLES["DetectDrift"], "version": 1},
        "DriftDetected",
        1,
        EXAMPLES["DetectDrift"],
        "unknown_version",
    ),
    "ClearDrift": Case(
        alarmed,
        EXAMPLES["ClearDrift"],
        "DriftCleared",
        1,
        {"alarm": 9, "reason": "calm"},
        "unknown_alarm",
    ),
    "AcknowledgeDrift": Case(
        alarmed,
        EXAMPLES["AcknowledgeDrift"],
        "DriftAcknowledged",
        None,
        {"alarm": 9, "note": "which?"},
        "unknown_alarm",
    ),
    "SetRetention": Case(nothing, EXAMPLES["SetRetention"], "RetentionSet", 1, None),
    "AnnounceDeletions": Case(
        nothing,
        EXAMPLES["AnnounceDeletions"],
        "DeletionsAnnounced",
        None,
        None,
        again="accepted",
    ),
    "ErasePersonalData": Case(
        nothing,
        EXAMPLES["ErasePersonalData"],
        "PersonalDataErased",
        None,
        None,
        again="accepted",
    ),
}


WITHOUT_VERSION = (
    "UntagModel",
    "ClearDrift",
    "RemoveAlias",
    "ClearEnvironment",
    "ExpirePromotion",
    "AbortRollout",
    "FinishRollout",
)


def test_there_is_a_case_for_every_command() -> None:
    assert CASES.keys() == COMMANDS.keys()


@pytest.mark.parametrize("name", CASES)
def test_a_command_is_done_and_answered_from_the_log(name: str, caller: Caller) -> None:
    case = CASES[name]
    case.given(caller)
    command_id = str(uuid4())
    answer = caller.done(name, case.body, Idempotency_Key=command_id, X_Actor="ann")
    assert answer["outcome"] == "accepted"
    assert answer["type"] == answer["event"]["type"] == case.event
    assert answer.get("version") == case.version
    assert answer["command_id"] == command_id
    assert answer["event"]["actor"] == "ann"
    stored = caller.client.get(
        f"/api/v1/events/{answer['position']}", params={"min_position": answer["position"]}
    ).json()
    assert datetime.fromisoformat(stored.pop("time")) == datetime.fromisoformat(
        answer["event"].pop("time")
    )
    assert stored == answer["event"]


@pytest.mark.parametrize("name", CASES)
def test_a_wish_that_is_true_already_is_confirmed(name: str, caller: Caller) -> None:
    case = CASES[name]
    case.given(caller)
    done = caller.done(name, case.body, X_Actor="ann")
    again = caller.send(name, case.body, X_Actor="ann").json()
    assert again.get("outcome", again.get("code")) == case.again
    if case.again == "confirmed":
        assert again["type"] == "CommandConfirmed"
        assert again["seq"] == done["seq"]
        if name not in WITHOUT_VERSION:  # what is gone has no version
            assert again.get("version") == case.version


@pytest.mark.parametrize("name", [name for name in CASES if CASES[name].refused is not None])
def test_a_command_that_the_state_forbids_is_refused_with_its_code(
    name: str, system: System, caller: Caller
) -> None:
    case = CASES[name]
    if case.code == "unknown_model":
        with calling(system) as stranger:
            response = stranger.send(name, case.body)
    else:
        case.given(caller)
        caller.done(name, case.body, X_Actor="ann")
        response = caller.send(name, case.refused)
    assert response.status_code == STATUS.get(case.code, 409)
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["code"] == case.code
    assert problem["status"] == response.status_code
    refusal = caller.client.get(
        f"/api/v1/outcomes/{problem['command_id']}", params={"min_position": problem["position"]}
    ).json()
    assert refusal["type"] == "CommandRefused"
    assert refusal["data"]["code"] == case.code


def test_a_key_repeated_ten_times_is_one_command_with_one_answer(caller: Caller) -> None:
    registered(caller)
    key = str(uuid4())
    body = {"artifact": ARTIFACT}
    answers = [caller.done("RegisterVersion", body, Idempotency_Key=key) for _ in range(10)]
    assert all(answer == answers[0] for answer in answers)
    position = answers[0]["position"]
    assert caller.read(min_position=position).json()["versions"] == 1
    assert caller.version()["version"] == 2


def test_a_model_that_moved_on_is_a_conflict(caller: Caller) -> None:
    registered(caller)
    model = caller.read(min_position=caller.done("TagModel", {"tags": {"a": "b"}})["position"])
    etag = model.headers["etag"]
    assert etag == '"2"'
    caller.done("TagModel", {"tags": {"a": "c"}}, If_Match=etag)
    response = caller.send("TagModel", {"tags": {"a": "d"}}, If_Match=etag)
    assert (response.status_code, response.json()["code"]) == (409, "conflict")
    assert response.json()["detail"].startswith("expected_seq is 2, but the model is at 3")


@pytest.mark.parametrize(
    ("command", "body", "headers", "field"),
    [
        ("PromoteVersion", {"version": 0}, {}, "version"),
        ("PromoteVersion", {"version": "1"}, {}, "version"),
        ("PromoteVersion", {}, {}, "version"),
        ("PromoteVersion", {"version": 1, "colour": "red"}, {}, "colour"),
        ("RegisterVersion", {"artifact": {**ARTIFACT, "digest": "x"}}, {}, "artifact.digest"),
        ("SetAlias", {"alias": "v1", "version": 1}, {}, "alias"),
        ("TagModel", {"tags": {"a": "b"}}, {"Idempotency_Key": "me"}, "Idempotency-Key"),
        ("TagModel", {"tags": {"a": "b"}}, {"If_Match": "*"}, "If-Match"),
        ("TagModel", {"tags": {"a": "b"}}, {"X_Actor": "x" * 300}, "X-Actor"),
        ("TagModel", {"tags": {"a": "b"}}, {"X_Origin_Time": "2024-01-01"}, "X-Origin-Time"),
        ("TagModel", [1], {}, "body"),
        (
            "SetRules",
            {"rules": {"environments": [{"name": "Prod"}]}},
            {},
            "rules.environments.0.name",
        ),
        ("GrantRole", {"subject": "ann", "role": "king", "reason": "x"}, {}, "role"),
    ],
)
def test_a_bad_field_is_named_with_its_rule_and_nothing_is_published(
    system: System,
    caller: Caller,
    command: str,
    body: object,
    headers: dict[str, str],
    field: str,
) -> None:
    before = published(system)
    response = caller.send(command, body, **headers)
    assert (response.status_code, response.json()["code"]) == (422, "invalid")
    (error,) = response.json()["errors"]
    assert error["field"] == field
    assert error["rule"]
    assert published(system) == before


@pytest.mark.parametrize("model", ["Tests/m", "-t/m", "tests/a:b", "tests/ m", "t" * 64 + "/m"])
def test_a_name_that_breaks_a_rule_is_refused_before_anything_is_published(
    system: System, caller: Caller, model: str
) -> None:
    before = published(system)
    namespace, _, name = model.partition("/")
    response = caller.client.post(
        f"/api/v1/models/{namespace}/{name}/commands/RegisterModel", json={}
    )
    assert response.status_code == 422
    (error,) = response.json()["errors"]
    assert error["field"] == ("name" if namespace == "tests" else "namespace")
    assert published(system) == before


def test_a_command_goes_to_its_kind_of_stream(caller: Caller) -> None:
    to_model = caller.client.post(f"{caller.path}/commands/SetRules", json={"rules": {}})
    to_space = caller.client.post(f"{caller.space}/commands/RegisterModel", json={})
    for response in (to_model, to_space):
        assert (response.status_code, response.json()["code"]) == (404, "unknown_route")
    bad = caller.client.post("/api/v1/namespaces/Tests/commands/SetRules", json={"rules": {}})
    assert (bad.status_code, bad.json()["errors"][0]["field"]) == (422, "namespace")


def test_an_import_says_where_it_comes_from_and_when_that_was(caller: Caller) -> None:
    headers = {"X_Origin": "mlflow/experiments/7", "X_Origin_Time": "2024-01-01T00:00:00Z"}
    done = caller.done("RegisterModel", {}, **headers)
    assert done["event"]["origin"] == headers["X_Origin"]
    model = caller.read(min_position=done["position"]).json()
    assert model["origin"] == headers["X_Origin"]
    assert datetime.fromisoformat(model["origin_time"]).year == 2024


def test_five_megabytes_of_noise_are_too_large(system: System, caller: Caller) -> None:
    before = published(system)
    noise = b'{"description": "' + b"x" * 5_000_000 + b'"}'
    path = f"{caller.path}/commands/RegisterModel"
    json = {"content-type": "application/json"}
    response = caller.client.post(path, content=noise, headers=json)
    assert (response.status_code, response.json()["code"]) == (413, "oversize")
    in_chunks = caller.client.post(path, content=iter([noise]), headers=json)
    assert in_chunks.status_code == 413
    assert published(system) == before
    registered(caller)


def test_broken_json_and_another_type_are_refused_before_anything_is_published(
    system: System, caller: Caller
) -> None:
    before = published(system)
    path = f"{caller.path}/commands/RegisterModel"
    broken = caller.client.post(path, content=b"{", headers={"content-type": "application/json"})
    assert (broken.status_code, broken.json()["errors"][0]["field"]) == (422, "body")
    form = caller.client.post(path, data={"description": "x"})
    assert (form.status_code, form.json()["code"]) == (415, "not_json")
    assert published(system) == before


def test_unknown_routes_and_methods_are_problems_too(caller: Caller) -> None:
    for response, status, code in (
        (caller.client.get("/nowhere"), 404, "unknown_route"),
        (caller.send("DeleteEverything", {}), 404, "unknown_route"),
        (caller.client.delete(caller.path), 405, "method_not_allowed"),
        (caller.client.get("/api/v1/models", params={"limit": 0}), 422, "invalid"),
    ):
        assert response.headers["content-type"] == "application/problem+json"
        assert (response.status_code, response.json()["code"]) == (status, code)


def published(system: System) -> dict[int, int]:
    """How many commands stand in each partition."""

    async def ends() -> dict[int, int]:
        consumer = AIOKafkaConsumer(bootstrap_servers=system.log.kafka)
        await consumer.start()
        try:
            places = [TopicPartition(system.log.commands, n) for n in range(4)]
            found = await consumer.end_offsets(places)
            return {place.partition: offset for place, offset in found.items()}
        finally:
            await consumer.stop()

    return system.run(ends())
