"""`rollbook retrain` and `rollbook notify`: policies, retrainings, endpoints, what was sent."""

import json
from pathlib import Path
from typing import Any

from rollbook.cli.exits import Exit
from rollbook.client import Registry
from tests.e2e.conftest import Console, System

POLICY = "pipeline: nowhere\nbudget: 3\nsignals: [performance]\n"
ENDPOINT = "kind: webhook\nurl: http://127.0.0.1:9/hook\nevents: [Retraining*]\n"


def document(console: Console, *arguments: object) -> Any:
    ended = console(*arguments, "--json")
    assert ended.code == Exit.DONE, ended
    return json.loads(ended.out)


def test_a_model_gets_a_policy_and_is_trained_anew(
    console: Console, system: System, tmp_path: Path
) -> None:
    with Registry(system.url) as registry:
        registry.register_model("team-r/churn")
    file = tmp_path / "retrain.yaml"
    file.write_text(POLICY + "signal: [x]\n")
    wrong = console("retrain", "policy", "team-r/churn", "--set", file)
    assert wrong.code == Exit.USAGE
    assert "line 4" in wrong.err
    file.write_text(POLICY)
    assert document(console, "retrain", "policy", "team-r/churn", "--set", file)
    shown = console("retrain", "policy", "team-r/churn")
    assert "pipeline: nowhere" in shown.out
    assert "never trained" in console("retrain", "list", "team-r/churn").out
    console("retrain", "now", "team-r/churn", "--reason", "prices changed")
    assert "prices changed" in console("retrain", "list", "team-r/churn").out
    assert "pipeline nowhere" in console("retrain", "show", "team-r/churn", 1).out
    console("retrain", "cancel", "team-r/churn", 1, "--reason", "bad data")
    (row,) = document(console, "retrain", "list", "team-r/churn")["retrainings"]
    assert (row["state"], row["note"]) == ("cancelled", "bad data")
    console("retrain", "policy", "team-r/churn", "--never")
    assert "not trained anew" in console("retrain", "policy", "team-r/churn").out


def test_an_endpoint_is_set_tried_and_dropped(console: Console, tmp_path: Path) -> None:
    file = tmp_path / "endpoint.yaml"
    file.write_text(ENDPOINT)
    assert "Nobody" in console("notify", "list", "team-n").out
    assert console("notify", "set", "team-n", "hook", file).code == Exit.DONE
    assert "Retraining*" in console("notify", "list", "team-n").out
    assert "url: http://127.0.0.1:9/hook" in console("notify", "show", "team-n", "hook").out
    first = document(console, "notify", "secret", "team-n", "hook")
    assert first["secret"].startswith("whsec_")
    for verb in (("test",), ("redrive",), ("rotate", "--reason", "it leaked", "--overlap", "2h")):
        ended = console("notify", verb[0], "team-n", "hook", *verb[1:])
        assert ended.code == Exit.DONE, ended
    second = document(console, "notify", "secret", "team-n", "hook")
    assert (second["rotation"], second["secret"] == first["secret"]) == (2, False)
    assert document(console, "notify", "deliveries", "team-n", "hook")["deliveries"] is not None
    assert console("notify", "drop", "team-n", "hook", "--reason", "moved").code == Exit.DONE
    assert "unknown_endpoint" in console("notify", "test", "team-n", "hook", "--json").out
