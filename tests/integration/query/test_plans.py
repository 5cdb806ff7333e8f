"""Plans over HTTP: each says what the command then does, and nothing is written for it."""

import json
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from rollbook.client import Registry
from rollbook.domain.catalog import RegisterModel
from rollbook.eventlog.commands import NAMESPACE_COMMANDS
from tests.contracts.scenario import STEPS
from tests.contracts.step import MODEL, NAMESPACE, Step
from tests.integration.query.system import Caller, System

MOMENTS = (
    "at",
    "deadline",
    "due",
    "ended_at",
    "escalates_at",
    "expires_at",
    "overlap_until",
    "requested_at",
    "since",
    "watched_until",
)
"""Fields of events that say when, which is later when it is done."""


def told(step: Step) -> tuple[str, dict[str, Any], dict[str, str]]:
    headers = {"X-Actor": step.actor}
    if step.expected_seq is not None:
        headers["If-Match"] = f'"{step.expected_seq}"'
    body = json.loads(step.command.model_dump_json(exclude_defaults=True))
    return type(step.command).__name__, body, headers


def planned(caller: Caller, kind: str, body: Any, headers: dict[str, str], *seen: str) -> Any:
    stream = caller.space if kind in NAMESPACE_COMMANDS else caller.path
    response = caller.client.post(
        f"{stream}/commands/{kind}/plan",
        json=body,
        headers=headers,
        params={"min_position": list(seen)},
    )
    return response.status_code, response.json()


def same(event: dict[str, Any], other: dict[str, Any]) -> bool:
    return {k: v for k, v in event.items() if k not in MOMENTS} == {
        k: v for k, v in other.items() if k not in MOMENTS
    }


def written(system: System) -> int:
    """How many commands were ever sent: nothing but a command makes an event."""

    async def ends() -> int:
        consumer = AIOKafkaConsumer(bootstrap_servers=system.log.kafka)
        await consumer.start()
        try:
            places = [TopicPartition(system.log.commands, n) for n in range(4)]
            return sum((await consumer.end_offsets(places)).values())
        finally:
            await consumer.stop()

    return system.run(ends())


def test_every_plan_says_what_the_command_then_does(caller: Caller) -> None:
    seen: dict[str, str] = {}
    outcomes = set()
    for step in STEPS:
        if step.repeats is not None or step.stream not in (MODEL, NAMESPACE):
            continue
        kind, body, headers = told(step)
        status, plan = planned(caller, kind, body, headers, *seen.values())
        done = caller.send(kind, body, **headers)
        answer = done.json()
        if "position" in answer:
            seen[answer["position"].partition(":")[0]] = answer["position"]
        if done.status_code == 200:
            assert (status, plan["outcome"]) == (200, answer["outcome"]), (step, plan)
            assert plan["version"] == answer.get("version")
            if answer["outcome"] == "accepted":
                assert plan["type"] == answer["type"]
                assert plan["seq"] == answer["seq"] - 1
                assert same(plan["event"], answer["event"]["data"]), (step, plan)
        elif "position" in answer:
            assert (status, plan["outcome"]) == (200, "refused"), (step, plan)
            assert plan["code"] == answer["code"]
        else:
            assert (status, plan["code"]) == (done.status_code, answer["code"])
        outcomes.add(plan.get("outcome"))
    assert outcomes >= {"accepted", "confirmed", "refused"}


def test_nothing_is_written_for_a_plan(system: System, caller: Caller) -> None:
    position = caller.done("RegisterModel", {})["position"]
    history = caller.read("/history", min_position=position).json()
    before = written(system)
    for kind, body in (
        ("DescribeModel", {"description": "x"}),
        ("RegisterModel", {}),
        ("PromoteVersion", {"version": 1}),
        ("SetRules", {"rules": {}}),
    ):
        assert planned(caller, kind, body, {}, position)[0] == 200
    assert written(system) == before
    assert caller.read("/history", min_position=position).json() == history


def test_what_no_command_could_be_is_told_as_the_command_s_route_tells_it(caller: Caller) -> None:
    status, problem = planned(caller, "RegisterModel", {"description": 7}, {})
    assert (status, problem["code"]) == (422, "invalid")
    status, problem = planned(caller, "SetEverything", {}, {})
    assert (status, problem["code"]) == (404, "unknown_route")
    status, problem = planned(caller, "RegisterModel", {}, {"If-Match": "new"})
    assert (status, problem["code"]) == (422, "invalid")


def test_a_pipeline_plans_on_what_it_has_just_done(system: System, caller: Caller) -> None:
    with Registry(system.url, actor="ann") as registry:
        plan = registry.plan(caller.model, RegisterModel(description="new"))
        assert (plan.outcome, plan.type, plan.seq) == ("accepted", "ModelRegistered", 0)
        registry.send(caller.model, RegisterModel(description="new"), expected_seq=plan.seq)
        again = registry.plan(caller.model, RegisterModel(description="new"))
        assert (again.outcome, again.seq) == ("confirmed", 1)


def test_a_registration_names_the_gates_of_the_policies_in_force(caller: Caller) -> None:
    gate = {"gate": "auc", "kind": "expression", "expression": "metrics.auc > 0.9"}
    for name in ("release", "gone"):
        body = {"policy": name, "document": {"gates": [gate]}}
        saved = caller.done("SavePolicy", body)["position"]
    saved = caller.done("DropPolicy", {"policy": "gone", "reason": "x"})["position"]
    made = caller.done("RegisterModel", {})["position"]
    artifact = {"artifact": {"uri": "s3://b/m", "digest": "sha256:" + "a" * 64}}
    _, plan = planned(caller, "RegisterVersion", artifact, {}, saved, made)
    assert [(g["policy"], g["gate"], g["bars"]) for g in plan["gates"]] == [
        ("release@1", "auc", False)
    ]
