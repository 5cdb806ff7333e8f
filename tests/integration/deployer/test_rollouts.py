"""Rollouts on the real stack: what is counted decides, and people may say otherwise."""

from tests.integration.deployer.deploying import (
    ERRORS,
    STEP,
    Tables,
    ends,
    happened,
    start,
    state,
    story,
)
from tests.integration.query.system import Caller, until


def serves(caller: Caller) -> int:
    found = caller.read("/deployment").json()["environments"]
    version: int = next(e["version"] for e in found if e["environment"] == "production")
    return version


def test_a_good_canary_wins_and_each_step_says_what_it_has_shown(
    tables: Tables, caller: Caller
) -> None:
    start(caller, {"weight": 50}, {"weight": 50, "samples": 100})
    with tables.watched():
        tables.count(caller.model, 0, old=0.01, new=0.01)
        until(lambda: story(caller).get("rollout", {}).get("step") == 1)
        tables.count(caller.model, 1, old=0.01, new=0.01)
        found = ends(caller, "promoted")
    assert happened(found) == ["RolloutStarted", "RolloutAdvanced", "VersionPromoted"]
    assert serves(caller) == 2
    shown = found["steps"][1]["finding"]
    assert (shown["result"], shown["samples"]) == ("passed", 5000)
    assert shown["metrics"][0]["candidate"] == {"version": 2, "n": 5000, "value": 0.01}
    assert shown["plan"] == found["rollout"]["digest"]


def test_a_bad_canary_is_aborted_by_its_guardrail(tables: Tables, caller: Caller) -> None:
    start(caller)
    with tables.watched():
        tables.count(caller.model, 0, old=0.01, new=0.2)
        found = ends(caller, "aborted")
    assert happened(found) == ["RolloutStarted", "RolloutAborted"]
    assert found["rollout"]["cause"] == "breached"
    assert "errors of version 2" in found["rollout"]["ended_reason"]
    assert serves(caller) == 1


def test_without_data_nothing_is_promoted_and_the_deadline_ends_it(
    tables: Tables, caller: Caller
) -> None:
    start(caller, deadline=1)
    with tables.watched():
        found = ends(caller, "aborted")
    assert happened(found) == ["RolloutStarted", "RolloutAborted"]
    assert (found["rollout"]["cause"], found["rollout"]["finding"]["result"]) == (
        "deadline",
        "no_data",
    )


def test_what_breaks_after_the_promotion_is_rolled_back(tables: Tables, caller: Caller) -> None:
    start(caller, watch="1d")
    with tables.watched():
        tables.count(caller.model, 0, old=0.01, new=0.01)
        ends(caller, "watching")
        tables.count(caller.model, 0, old=0.01, new=0.2)
        found = ends(caller, "rolled_back")
    assert happened(found) == ["RolloutStarted", "VersionPromoted", "VersionRolledBack"]
    assert serves(caller) == 1


def test_the_watch_ends_in_peace(tables: Tables, caller: Caller) -> None:
    start(caller, watch=1)
    with tables.watched():
        tables.count(caller.model, 0, old=0.01, new=0.01)
        found = ends(caller, "promoted")
    assert happened(found) == ["RolloutStarted", "VersionPromoted", "RolloutFinished"]


def test_people_pause_resume_approve_skip_and_promote(tables: Tables, caller: Caller) -> None:
    steps = STEP | {"approval": {"approver": 1}}, {"weight": 50}, {"weight": 50}
    start(caller, *steps)
    with tables.watched():
        caller.done("PauseRollout", {"reason": "lunch"}, X_Actor="rex")
        tables.count(caller.model, 0, old=0.01, new=0.01)
        until(lambda: state(caller) == "paused")
        caller.done("ResumeRollout", {"reason": "back"})
        approved = caller.done("ApproveRolloutStep", {"step": 0}, X_Actor="ada")
        assert approved["event"]["type"] == "RolloutStepApproved"
        until(lambda: story(caller)["rollout"]["step"] == 1)
        caller.done("SkipRolloutStep", {"step": 1, "reason": "seen elsewhere"})
        caller.done("PromoteRollout", {"reason": "the old one is down"})
        found = ends(caller, "promoted")
    assert happened(found) == [
        "RolloutStarted",
        "RolloutPaused",
        "RolloutResumed",
        "RolloutStepApproved",
        "RolloutAdvanced",
        "RolloutStepSkipped",
        "VersionPromoted",
    ]
    assert found["steps"][-1]["reason"] == "the old one is down"


def test_a_wish_that_the_rollout_forbids_says_why(caller: Caller) -> None:
    start(caller)
    refused = caller.send("PromoteVersion", {"version": 2})
    assert (refused.status_code, refused.json()["code"]) == (409, "rollout_live")
    live = caller.client.get("/api/v1/rollouts").json()["items"]
    assert caller.model in {row["model"] for row in live}
    assert caller.read("/rollouts/2").json()["code"] == "unknown_rollout"
    shares = caller.read("/deployment").json()["environments"][0]
    assert shares["wanted"] == [
        {"version": 1, "weight": 50.0, "mirror": 0},
        {"version": 2, "weight": 50.0, "mirror": 0.0},
    ]
    assert shares["standing"] == "unobserved"


def test_what_servers_say_stands_beside_what_is_wanted(tables: Tables, caller: Caller) -> None:
    start(caller)

    def standing() -> str:
        found: str = caller.read("/deployment").json()["environments"][0]["standing"]
        return found

    tables.serve(caller.model, 1)
    assert standing() == "differs"
    tables.serve(caller.model, 1, 2)
    assert standing() == "as_wanted"
    tables.serve(caller.model, 1, 2, 3, source="b")
    assert standing() == "differs"


def test_a_rollout_can_be_looked_at_as_it_was(caller: Caller) -> None:
    start(caller)
    paused = caller.done("PauseRollout", {"reason": "lunch"})["position"]
    caller.done("AbortRollout", {"reason": "worse"})
    then = caller.read("/rollouts/1", as_of=paused).json()
    assert (then["rollout"]["state"], happened(then)[-1]) == ("paused", "RolloutPaused")
    assert [row["state"] for row in caller.read("/rollouts", as_of=paused).json()["items"]] == [
        "paused"
    ]
    assert ends(caller, "aborted")["rollout"]["ended_reason"] == "worse"


def test_a_rollout_uses_up_the_request_that_it_was_signed_by(caller: Caller) -> None:
    rules = {"environments": [{"name": "production", "approvals": {"limited": {"approver": 1}}}]}
    for number in (1, 2):
        caller.version(f"sha256:{number:064x}")
    caller.done("PromoteVersion", {"version": 1})
    caller.done("SetRules", {"rules": rules})
    caller.done("RequestPromotion", {"version": 2, "reason": "better"}, X_Actor="pia")
    caller.done("ApprovePromotion", {"request": 1}, X_Actor="ada")
    document = {"steps": [STEP], "metrics": [ERRORS]}
    begun = caller.done("StartRollout", {"version": 2, "plan": document})["position"]
    asked = caller.read("/requests", min_position=begun).json()["items"]
    assert [request["state"] for request in asked] == ["rollout"]
    last = caller.done("PromoteRollout", {"reason": "now"})["position"]
    why = caller.read("/environments/production/why", min_position=last).json()
    because = {link["type"]: link["because"] for link in why["links"]}
    assert because["RolloutStarted"] == "rolled out by"
    assert because["PromotionApproved"] == "signed by"
