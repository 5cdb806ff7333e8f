"""Policies through the SDK and the command line: kept, compared, and held against the past."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from rollbook.cli import pastlog
from rollbook.cli.__main__ import run
from rollbook.cli.exits import Exit
from rollbook.client import Refused, Registry
from tests.integration.query.system import System

POLICY = """\
gates:
  - gate: auc
    kind: metric
    metric: auc
    least: {}
"""

Call = Callable[..., tuple[int, Any]]


@pytest.fixture
def registry(system: System) -> Iterator[Registry]:
    with Registry(system.url, actor="ann") as made:
        yield made


@pytest.fixture
def space() -> str:
    return f"p{uuid4().hex[:12]}"


@pytest.fixture
def call(
    system: System,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Call:
    """Runs `rollbook policy … --json` beside the system."""
    monkeypatch.setenv("ROLLBOOK_KAFKA", system.log.kafka)
    monkeypatch.setenv("ROLLBOOK_APP", system.log.app)
    monkeypatch.setenv("ROLLBOOK_URL", system.url)
    monkeypatch.setenv("ROLLBOOK_ACTOR", "ann")
    monkeypatch.chdir(tmp_path)

    def called(*arguments: object) -> tuple[int, Any]:
        code = run(["policy", *map(str, arguments), "--json"])
        return code, json.loads(capsys.readouterr().out)

    return called


def written(folder: Path, least: float) -> Path:
    file = folder / f"least-{least}.yaml"
    file.write_text(POLICY.format(least))
    return file


def test_a_policy_is_saved_listed_shown_and_dropped(
    registry: Registry, space: str, tmp_path: Path, call: Call
) -> None:
    first, second = written(tmp_path, 0.8), written(tmp_path, 0.9)
    assert call("diff", space, "release", first)[0] == Exit.ERROR, "there is none yet"
    saved = call("save", space, "release", first)
    assert saved[1]["type"] == "PolicySaved"
    assert call("diff", space, "release", first) == (Exit.DONE, {"changes": []})
    (changed,) = call("diff", space, "release", second)[1]["changes"]
    assert changed == {"place": "gates.auc.least", "before": 0.8, "after": 0.9}
    call("save", space, "release", second)

    (listed,) = call("list", space)[1]["policies"]
    assert (listed["policy"], listed["version"], listed["actor"]) == ("release", 2, "ann")
    shown = call("show", space, "release")[1]
    assert shown["document"]["gates"][0]["least"] == 0.9
    before = call("show", space, "release", "--version", 1)[1]
    assert before["document"]["gates"][0]["least"] == 0.8
    assert registry.policy(space, "release", as_of=before["position"]).version == 1

    call("drop", space, "release", "--reason", "tried enough")
    assert call("list", space)[1]["policies"] == []
    assert [r["type"] for r in call("history", space, "release")[1]["records"]] == [
        "PolicySaved",
        "PolicySaved",
        "PolicyDropped",
    ]
    with pytest.raises(Refused) as refusal:
        registry.policy(space, "release")
    assert refusal.value.code == "unknown_policy"


def test_a_policy_is_held_against_the_past(
    registry: Registry,
    space: str,
    tmp_path: Path,
    call: Call,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = f"{space}/churn"
    registry.register_model(model)
    for number, metrics in enumerate(({"auc": 0.91}, {"auc": 0.84}, {"f1": 0.5}), 1):
        registry.register_version(
            model,
            {"uri": f"s3://m/{number}", "digest": f"sha256:{number:064x}"},
            metrics=metrics,
        )
    for number in (1, 2):
        passed = [{"gate": "auc", "outcome": "passed"}]
        registry.record_validation(model, number, passed)
        registry.promote(model, number)
    registry.roll_back(model, "declines doubled")

    code, found = call("backtest", written(tmp_path, 0.9), space)
    assert code == Exit.DONE
    assert found["candidates"] == 3
    assert {(v["then"], v["now"]): v["candidates"] for v in found["verdicts"]} == {
        ("passed", "passed"): 1,
        ("passed", "failed"): 1,
        (None, "failed"): 1,
    }
    (flip,) = found["flips"]
    assert (flip["model"], flip["version"]) == (model, 2)
    assert [because["gate"] for because in flip["because"]] == ["auc"]
    (incident,) = found["incidents"]
    assert (incident["version"], incident["reason"]) == (2, "declines doubled")
    assert [stopped["gate"] for stopped in incident["stopped"]] == ["auc"]
    assert [(lack["version"], lack["gate"]) for lack in found["lacks"]] == [(3, "auc")]

    def but_for_seconds(document: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in document.items() if name != "seconds"}

    kept = tmp_path / "log.tar"
    assert run(["log", "export", str(kept)]) == Exit.DONE
    capsys.readouterr()
    again = call("backtest", written(tmp_path, 0.9), space, "--log", kept)[1]
    assert but_for_seconds(again) == but_for_seconds(found)
    monkeypatch.setattr(pastlog, "WORTH_A_PROCESS", 1)
    side_by_side = call("backtest", written(tmp_path, 0.9), space)[1]
    assert but_for_seconds(side_by_side) == but_for_seconds(found)

    assert call("backtest", written(tmp_path, 0.8), space)[1]["flips"] == []
    assert [r.type for r in registry.history(model)][-1] == "VersionRolledBack", (
        "nothing is written"
    )


def test_a_version_of_the_registry_is_explained_gate_by_gate(
    registry: Registry, space: str, tmp_path: Path, call: Call
) -> None:
    model = f"{space}/churn"
    registry.register_model(model)
    registry.register_version(
        model, {"uri": "s3://m/1", "digest": f"sha256:{1:064x}"}, metrics={"auc": 0.85}
    )
    code, said = call("explain", written(tmp_path, 0.9), "--facts", f"{model}@1")
    assert code == Exit.DONE
    assert said["facts"]["metrics"] == {"auc": 0.85}
    (gate,) = said["gates"]
    assert (gate["gate"], gate["outcome"]) == ("auc", "failed")
    registry.save_policy(space, "release", {"gates": [{"gate": "card", "kind": "card"}]})
    assert [g["gate"] for g in call("explain", f"{space}/release")[1]["gates"]] == ["card"]
