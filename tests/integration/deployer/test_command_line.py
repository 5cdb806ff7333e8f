"""`rollbook rollout …` against a running system."""

import json
from pathlib import Path
from typing import Any

import pytest

from rollbook.cli.__main__ import run
from rollbook.cli.exits import Exit
from tests.integration.deployer.deploying import Tables, ends
from tests.integration.query.system import Caller

PLAN = """\
steps:
  - weight: 50
    approval: {approver: 1}
  - weight: 50
metrics:
  - metric: errors
    of: errors
    margin: 0.02
onFail: pause
"""


class Console:
    """Types `rollbook rollout …`."""

    def __init__(
        self, caller: Caller, capsys: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch
    ) -> None:
        patch.setenv("ROLLBOOK_URL", str(caller.client.base_url))
        patch.setenv("ROLLBOOK_ACTOR", "rex")
        self._capsys = capsys

    def __call__(self, *arguments: str, code: int = Exit.DONE) -> str:
        assert run(["rollout", *arguments]) == code
        written = self._capsys.readouterr()
        return written.out + written.err

    def shaped(self, *arguments: str) -> Any:
        return json.loads(self(*arguments, "--json"))


@pytest.fixture
def console(
    caller: Caller, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Console:
    for number in (1, 2):
        caller.version(f"sha256:{number:064x}")
    caller.done("PromoteVersion", {"version": 1})
    return Console(caller, capsys, monkeypatch)


def test_a_rollout_from_its_plan_to_its_promotion(
    console: Console, caller: Caller, tables: Tables, tmp_path: Path
) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text(PLAN)
    model = caller.model
    said = console("start", f"{model}@2", "--plan", str(plan))
    assert "rollout 1: version 2 gets traffic in production, beside version 1" in said
    assert "is paused: lunch" in console("pause", model, "--reason", "lunch")
    assert "goes on: back" in console("resume", model, "--reason", "back")
    caller.done("ApproveRolloutStep", {}, X_Actor="ada")
    shown = console("show", model)
    assert "stepping" in shown
    assert "no server has said what it serves" in shown
    assert [row["rollout"] for row in console.shaped("list", model)["rollouts"]] == [1]
    with tables.watched():
        for step in (0, 1):
            tables.count(model, step, old=0.01, new=0.01)
        assert "promoted" in console("watch", model)
    shown = console("show", model)
    assert "passed errors: 0.01" in shown
    assert "next step" in shown
    assert console.shaped("show", model)["rollout"]["promoted"] == 2


def test_a_rollout_that_people_take_back_ends_a_pipeline(console: Console, caller: Caller) -> None:
    model = caller.model
    console("start", f"{model}@2", "--canary", "5,25", "--every", "10m")
    assert "step 1 of 2" in console("show", model)
    assert "at step 2" in console("skip", model, "--step", "1", "--reason", "seen elsewhere")
    console("skip", model, "--reason", "all of it", code=Exit.REFUSED)
    console("approve", model, code=Exit.REFUSED)
    assert "aborted: worse" in console("abort", model, "--reason", "worse")
    ends(caller, "aborted")
    assert "aborted" in console("watch", model, code=Exit.ERROR)


def test_promoting_now_stays_on_record(console: Console, caller: Caller) -> None:
    model = caller.model
    console("start", f"{model}@2", "--canary", "5")
    said = console("promote", model, "--reason", "the old one is down")
    assert "past what rollout 1 asks: the old one is down" in said
    ends(caller, "promoted")


def test_plans_are_checked_and_explained_without_a_registry(
    console: Console, tmp_path: Path
) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text(PLAN)
    noted = console("lint", str(plan))
    assert "nobody looks after the promotion" in noted
    assert "A plan of 2 steps" in noted
    told = console("explain", str(plan))
    assert "1. 50 % of the requests, until all metrics pass, and 1 x approver must agree" in told
    assert "or the analysis cannot be made: pause." in " ".join(told.split())
    plan.write_text(PLAN.replace("weight: 50", "weigth: 50", 1))
    wrong = console("lint", str(plan), code=Exit.USAGE)
    assert "line 2: steps.0.weigth: there is no such field" in wrong
    assert "either --plan or --canary" in console("start", "m@1", code=Exit.USAGE)
    assert "5,25,50" in console("start", "m@1", "--canary", "some", code=Exit.USAGE)
