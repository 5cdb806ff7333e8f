"""Every command over HTTP: it does, it refuses, it stays quiet."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from rollbook.eventlog.codec import COMMANDS
from tests.integration.query.system import DIGEST, Caller, System, calling

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


class Case(NamedTuple):
    given: Step
    body: dict[str, Any]
    event: str
    version: int | None
    refused: dict[str, Any]
    """A body that is refused when `body` was done, with `code`."""
    code: str


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
}


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
def test_a_command_whose_wish_is_true_already_is_confirmed(name: str, caller: Caller) -> None:
    case = CASES[name]
    case.given(caller)
    done = caller.done(name, case.body)
    again = caller.done(name, case.body)
    assert again["outcome"] == "confirmed"
    assert again["type"] == "CommandConfirmed"
    assert again["seq"] == done["seq"]
    if name not in ("UntagModel", "RemoveAlias"):  # what is gone has no version
        assert again.get("version") == case.version


@pytest.mark.parametrize("name", CASES)
def test_a_command_that_the_state_forbids_is_refused_with_its_code(
    name: str, system: System, caller: Caller
) -> None:
    case = CASES[name]
    if case.code == "unknown_model":
        with calling(system) as stranger:
            response = stranger.send(name, case.body)
    else:
        case.given(caller)
        caller.done(name, case.body)
        response = caller.send(name, case.refused)
    assert response.status_code == (404 if case.code.startswith("unknown") else 409)
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
        ("TagModel", [1], {}, "body"),
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
