"""Deployers are killed at any moment: a rollout ends as it should, and no step is done twice."""

from random import Random
from time import sleep

from tests.integration.deployer.deploying import Tables, ends, forked, happened, start, state, story
from tests.integration.query.system import Caller, until

STEPS = 3


def test_killed_again_and_again_a_rollout_takes_each_step_once(
    tables: Tables, caller: Caller
) -> None:
    chance = Random(7)
    start(caller, *({"weight": 50, "samples": 100} for _ in range(STEPS)), watch=1)
    kills = 0
    for step in range(STEPS):
        until(lambda step=step: story(caller).get("rollout", {}).get("step") == step)  # type: ignore[misc]
        tables.count(caller.model, step, old=0.01, new=0.01)
        for _ in range(2):  # while it starts, looks, asks, or has just been answered
            with forked(tables.told()):
                sleep(chance.uniform(0, 0.6))
            kills += 1
        with forked(tables.told()), forked(tables.told()):
            until(lambda step=step: story(caller)["rollout"]["step"] > step or _over(caller))  # type: ignore[misc]
    with forked(tables.told()):
        found = ends(caller, "promoted")
    assert kills == 2 * STEPS
    assert happened(found) == [
        "RolloutStarted",
        *["RolloutAdvanced"] * (STEPS - 1),
        "VersionPromoted",
        "RolloutFinished",
    ]
    assert [s["step"] for s in found["steps"][1:STEPS]] == list(range(1, STEPS))


def _over(caller: Caller) -> bool:
    return state(caller) in ("watching", "promoted")
