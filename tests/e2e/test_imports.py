"""Models from elsewhere come into a running registry, with their history, once."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from rollbook.cli.exits import Exit
from tests.e2e.conftest import Console, Ended
from tests.unit.imports.mlflow_server import Books, serving
from tests.unit.imports.test_mlflow import books

STRICT = "environments: [{name: production, approvals: {limited: {ml-ops: 1}}}]\n"


@pytest.fixture
def space() -> str:
    """A namespace of its own for each test."""
    return f"n{uuid4().hex[:8]}"


@pytest.fixture
def mlflow() -> Iterator[tuple[str, Books]]:
    """The address of a tracking server, and what it has."""
    found = books()
    with serving(found) as address:
        yield address, found


@pytest.fixture
def tree(folder: Path) -> Path:
    """One model of three versions: one archived, one replaced, one that serves."""
    for number, facts in {
        1: "registered_at: 2024-03-01T09:30:00Z\nregistered_by: Hedy L.\n"
        "promotions: [{environment: production, at: 2024-03-04T08:00:00Z, by: Grace H.}]\n",
        2: "registered_at: 2024-05-01T09:30:00Z\nregistered_by: Hedy L.\n"
        "archived: {reason: leaked labels, at: 2024-05-02T08:00:00Z}\n",
        3: "registered_at: 2024-09-12T14:00:00Z\nmetrics: {auc: 0.88}\n"
        "promotions: [{environment: production, at: 2024-09-20T08:00:00Z, by: Grace H.}]\n"
        "aliases: [champion]\n",
    }.items():
        version = folder / "models" / "churn" / str(number)
        version.mkdir(parents=True)
        (version / "model.bin").write_bytes(b"weights %d" % number)
        (version / "rollbook.yaml").write_text(facts)
    return folder / "models"


def found(ended: Ended) -> Any:
    assert ended.code == Exit.DONE, ended
    return json.loads(ended.out)


def report(ended: Ended) -> Any:
    assert ended.code in (Exit.DONE, Exit.ERROR), ended
    return json.loads(ended.out)


def records(console: Console, model: str) -> list[Any]:
    listed: list[Any] = found(console("history", model, "--json"))["records"]
    return listed


def test_models_of_mlflow_come_over_with_versions_aliases_stages_and_times(
    console: Console, space: str, mlflow: tuple[str, Books]
) -> None:
    address, _ = mlflow
    told = report(console("import", "mlflow", address, "--namespace", space, "--json"))
    assert {(v["theirs"], v["ours"]) for v in told["versions"]} == {("1", 1), ("3", 2), ("4", 3)}
    assert [one["what"] for one in told["skipped"] if one["what"].startswith("alias")] == [
        "alias v1"
    ]

    name = f"{space}/fraud"
    model = found(console("show", name, "--json"))
    assert {stay["environment"]: stay["version"] for stay in model["environments"]} == {
        "production": 2,
        "staging": 3,
    }
    assert model["aliases"] == {"champion": 2}
    assert model["origin"] == f"mlflow+{address}/models/fraud"
    first = found(console("show", f"{name}@1", "--json"))
    assert first["archived_reason"] == "archived in MLflow"
    assert first["origin"] == f"mlflow+{address}/models/fraud/versions/1"
    assert first["origin_time"].startswith("2026-11-21T05:23:56")
    assert first["created_at"] > first["origin_time"]

    said = console("history", name).out
    assert "from mlflow+" in said
    assert "#stage=Production" in said
    assert "imported" in console("show", f"{name}@1").out


def test_an_import_of_mlflow_is_done_once(
    console: Console, space: str, mlflow: tuple[str, Books]
) -> None:
    address, _ = mlflow
    first = report(console("import", "mlflow", address, "--namespace", space, "--json"))
    before = records(console, f"{space}/fraud")
    assert len(first["imported"]) == len(before) == 8

    again = report(console("import", "mlflow", address, "--namespace", space, "--json"))
    assert (again["imported"], again["known"]) == ([], 8)
    assert again["versions"] == first["versions"]
    assert records(console, f"{space}/fraud") == before


def test_a_folder_comes_over_in_the_order_of_its_history_and_once(
    console: Console, space: str, tree: Path
) -> None:
    told = found(console("import", "directory", tree, "--namespace", space, "--json"))
    assert told["skipped"] == []
    name = f"{space}/churn"
    before = records(console, name)
    assert [(record["type"], record["data"].get("version")) for record in before] == [
        ("ModelRegistered", None),
        ("VersionRegistered", 1),
        ("VersionPromoted", 1),
        ("VersionRegistered", 2),
        ("VersionArchived", 2),
        ("VersionRegistered", 3),
        ("VersionPromoted", 3),
        ("AliasSet", 3),
    ]
    promoted = before[6]
    assert promoted["data"]["replaced"] == 1
    assert promoted["origin"].startswith("directory:models/churn/3/rollbook.yaml?by=personal%3A")
    assert promoted["origin_time"] == "2024-09-20T08:00:00+00:00"
    assert promoted["time"] > promoted["origin_time"]

    again = found(console("import", "directory", tree, "--namespace", space, "--json"))
    assert (again["imported"], again["known"]) == ([], 8)
    assert records(console, name) == before


def test_names_go_into_the_vault_and_can_be_erased(
    console: Console, space: str, tree: Path
) -> None:
    found(console("import", "directory", tree, "--namespace", space, "--json"))
    name = f"{space}/churn"
    written = json.dumps(records(console, name))
    assert "Hedy" not in written
    assert "Grace" not in written
    one, two = (found(console("show", f"{name}@{n}", "--json"))["tags"] for n in (1, 2))
    assert one["imported.by"] == two["imported.by"]
    reference = one["imported.by"]
    assert console("personal", "show", space, reference).out == "Hedy L.\n"

    found(console("personal", "erase", space, reference, "-r", "she asked", "--json"))
    assert console("personal", "show", space, reference).code == Exit.REFUSED
    assert json.dumps(records(console, name)) == written


def test_names_stay_away_or_in_the_log_on_demand(console: Console, space: str, tree: Path) -> None:
    names = {}
    for people in ("drop", "keep"):
        there = f"{space}-{people}"
        done = console(
            *("import", "directory", tree, "--namespace", there, "--people", people, "--json")
        )
        found(done)
        tags = found(console("show", f"{there}/churn@1", "--json"))["tags"]
        names[people] = (
            tags.get("imported.by"),
            "Grace" in json.dumps(records(console, f"{there}/churn")),
        )
    assert names == {"drop": (None, False), "keep": ("Hedy L.", True)}


def test_what_the_rules_forbid_is_left_out_and_says_why(
    console: Console, space: str, tree: Path, folder: Path
) -> None:
    rules = folder / "rules.yaml"
    rules.write_text(STRICT)
    found(console("rules", "set", space, rules, "--json"))

    ended = console("import", "directory", tree, "--namespace", space, "--json")
    assert ended.code == Exit.ERROR
    told = json.loads(ended.out)
    assert [(one["what"], one["reason"].rpartition(" ")[2]) for one in told["skipped"]] == [
        ("PromoteVersion of version 1", "(needs_request)"),
        ("PromoteVersion of version 3", "(needs_request)"),
    ]
    assert "ml-ops" in told["skipped"][0]["reason"]
    assert len(told["versions"]) == 3
    assert found(console("show", f"{space}/churn", "--json"))["environments"] == []

    said = console("import", "directory", tree, "--namespace", space)
    assert said.code == Exit.ERROR
    assert "0 commands imported" in said.out
    assert "left out" in said.out
    assert "(needs_request)" in said.out
