"""Commands of this machine: begun once, outliving who began them, stopped when asked to."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from rollbook.retrain.starters.local import Local, LocalTarget
from rollbook.retrain.starters.shape import Standing, State
from tests.support.service import until
from tests.unit.retrain.pipelines import KEY, order

COUNTED = "import os; open('count', 'a').write('once '); "


def local(folder: Path, code: str, **more: object) -> Local:
    target = {"kind": "local", "command": [sys.executable, "-c", COUNTED + code], **more}
    return Local(LocalTarget.model_validate(target), folder)


async def ended(starter: Local) -> State:
    state = State(Standing.RUNNING)

    async def over() -> bool:
        nonlocal state
        state = await starter.look(order(), KEY)
        return state.standing is not Standing.RUNNING

    await until(over)
    return state


async def begun(folder: Path) -> None:
    await until((folder / KEY / "count").exists)


async def test_a_command_is_told_why_and_says_what_it_registered(tmp_path: Path) -> None:
    starter = local(
        tmp_path,
        "import json, sys; letter = json.load(sys.stdin); result = os.environ['ROLLBOOK_RESULT'];"
        "json.dump({'version': letter['retraining'] + 1}, open(result, 'w'))",
    )
    assert await starter.find(order()) is None
    run = await starter.start(order(alarm=7))
    assert run.run == KEY
    assert await ended(starter) == State(Standing.DONE, version=4)
    assert await starter.find(order()) == run
    assert json.loads((tmp_path / KEY / "stdin").read_text())["alarm"] == 7


async def test_two_that_start_it_start_it_once(tmp_path: Path) -> None:
    starters = [local(tmp_path, "pass") for _ in range(4)]
    await asyncio.gather(*(starter.start(order()) for starter in starters))
    assert (await ended(starters[0])).standing is Standing.DONE
    await starters[0].start(order())
    assert (tmp_path / KEY / "count").read_text() == "once "


async def test_a_command_that_fails_is_told_of_with_its_last_words(tmp_path: Path) -> None:
    starter = local(tmp_path, "raise SystemExit('no data')")
    await starter.start(order())
    state = await ended(starter)
    assert state.standing is Standing.FAILED
    assert state.said == "the command ended with 1: no data"


async def test_a_command_that_is_not_there_fails(tmp_path: Path) -> None:
    target = LocalTarget(kind="local", command=("there-is-no-such-program",))
    starter = Local(target, tmp_path)
    await starter.start(order())
    assert "127" in (await ended(starter)).said


async def test_a_command_sees_no_secret_of_ours_but_those_passed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIPELINE_SECRET", "hush")
    monkeypatch.setenv("PIPELINE_TOKEN", "mine")
    code = "open('seen', 'w').write(' '.join(sorted(os.environ)))"
    starter = local(tmp_path, code, pass_on=["PIPELINE_TOKEN"], environment={"SIZE": "big"})
    await starter.start(order())
    await ended(starter)
    seen = (tmp_path / KEY / "seen").read_text().split()
    assert "PIPELINE_SECRET" not in seen
    assert {"PIPELINE_TOKEN", "SIZE", "ROLLBOOK_RUN", "ROLLBOOK_MODEL"} <= set(seen)


async def test_a_command_is_stopped(tmp_path: Path) -> None:
    starter = local(tmp_path, "import time; time.sleep(600)")
    await starter.start(order())
    await begun(tmp_path)
    await starter.stop(order(), KEY)
    assert (await ended(starter)).standing is Standing.GONE
    await starter.stop(order(), KEY)
