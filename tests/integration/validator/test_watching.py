"""`rollbook validate watch` on a system with a validator: it waits for the verdict and tells it."""

import json

import pytest

from rollbook.cli.__main__ import run
from tests.integration.query.system import Caller, until
from tests.integration.validator import asked as webhooks
from tests.integration.validator.checking import ACCURATE, Tables, register, save


@pytest.fixture
def at(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLLBOOK_URL", tables.system.url)


@pytest.mark.usefixtures("at")
def test_who_watches_is_told_what_goes_on_and_the_verdict(
    tables: Tables, caller: Caller, capsys: pytest.CaptureFixture[str]
) -> None:
    told = {"validator_networks": ["127.0.0.0/8"], "webhook_secret": webhooks.SECRET}
    with webhooks.asked() as asked, tables.watched(**told) as validator:
        until(lambda: validator.ready)
        save(caller, ACCURATE, asked.gate("late"))
        register(caller, 1)
        until(lambda: bool(asked.heard))  # somebody measures, and goes on measuring
        until(lambda: caller.read("/versions/1").json()["stage"] == "validating")
        assert run(["validate", "watch", caller.model, "--within", "0.1"]) == 1
        said = capsys.readouterr().err
        assert f"the gates of release@1 look at {caller.model}@1" in said
        assert "no verdict" in said
        asked.released.set()
        assert run(["validate", "watch", caller.model]) == 0
        assert f"{caller.model}@1 is validated" in capsys.readouterr().out
        register(caller, 2, accuracy=0.1)
        assert run(["validate", "watch", f"{caller.model}@2", "--json"]) == 1
    out = capsys.readouterr().out
    found = json.loads(out[out.index("{\n") :])
    assert (found["version"], found["stage"]) == (2, "rejected")
    assert {gate["gate"] for gate in found["verdict"]["gates"]} == {"accurate", "late"}


@pytest.mark.usefixtures("at")
def test_a_version_that_no_gate_looks_at_is_not_waited_for_for_ever(
    caller: Caller, capsys: pytest.CaptureFixture[str]
) -> None:
    register(caller)
    assert run(["validate", "watch", f"{caller.model}@1", "--within", "0.1"]) == 1
    assert "waits for the gates" in capsys.readouterr().err
    caller.done("ArchiveVersion", {"version": 1, "reason": "unused"})
    assert run(["validate", "watch", f"{caller.model}@1"]) == 3
    assert run(["validate", "watch", f"{caller.namespace}/nobody"]) == 3
