"""Searching from the command line: what is found, how it spreads, and where a query is wrong."""

import json
from typing import Any

import pytest

from rollbook.cli.exits import Exit
from rollbook.client import Registry
from tests.e2e.conftest import Console, Ended, System

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def filled(system: System) -> str:
    """A namespace with three versions of two models."""
    with Registry(system.url, actor="ann") as registry:
        for model in ("team-a/churn", "team-a/limits"):
            registry.register_model(
                model, description="Churn: who leaves us." if "churn" in model else ""
            )
        for number, (model, auc, team) in enumerate(
            (
                ("team-a/churn", 0.91, "fraud"),
                ("team-a/churn", 0.95, "fraud"),
                ("team-a/limits", 0.80, "credit"),
            )
        ):
            registry.register_version(
                model,
                {"uri": f"s3://m/{number}", "digest": f"sha256:{number:064x}"},
                metrics={"auc": auc, "loss": 0.3},
                tags={"team": team},
            )
    return "team-a"


def document(ended: Ended) -> Any:
    assert ended.code == Exit.DONE, ended
    return json.loads(ended.out)


def found(console: Console, *arguments: object) -> list[str]:
    shown = document(console("search", *arguments, "--json"))
    return [f"{v['model']}@{v['version']}" for v in shown["versions"]]


def test_versions_are_found_in_order(console: Console, filled: str) -> None:
    query = 'namespace = team-a and metrics.auc >= 0.9 and tags.team = "fraud"'
    assert found(console, query, "--order", "-metrics.auc") == ["team-a/churn@2", "team-a/churn@1"]
    assert found(console, query, "--order", "metrics.auc", "--limit", 1) == ["team-a/churn@1"]
    said = console("search", query)
    assert said.code == Exit.DONE
    assert "team-a/churn@2" in said.out
    assert "auc=0.95" in said.out
    assert "loss" not in said.out, "only the metrics that were asked for are shown"


def test_a_search_is_answered_as_of_a_moment(console: Console, filled: str) -> None:
    everything = f"namespace = {filled}"
    assert len(found(console, everything)) == 3
    assert found(console, everything, "--as-of", "2020-01-01") == []
    assert document(console("show", "--as-of", "2020-01-01", "--json"))["models"] == []


def test_facets_are_drawn_as_bars(console: Console, filled: str) -> None:
    said = console("search", f"namespace = {filled}", "--facets", "tags.team", "--facets", "stage")
    assert said.code == Exit.DONE
    fraud, credit = (
        next(line for line in said.out.splitlines() if line.startswith(f"  {team} "))
        for team in ("fraud", "credit")
    )
    assert fraud.count("█") == 2 * credit.count("█") > 0
    shown = document(
        console("search", f"namespace = {filled}", "--facets", "tags.team,stage", "--json")
    )
    assert shown["facets"]["stage"] == [{"value": "registered", "count": 3}]
    assert shown["counted"] == {"rows": 3, "exact": True}


def test_a_query_that_cannot_be_read_is_shown_with_a_caret_below(console: Console) -> None:
    query = "metrics.auc >= 0.9 and tims.team = fraud"
    said = console("search", query)
    assert said.code == Exit.USAGE
    lines = said.err.splitlines()
    at = next(number for number, line in enumerate(lines) if line.strip() == "^")
    assert lines[at].index("^") - lines[at - 1].index(query) == query.index("tims")
    assert "did you mean tags.team?" in said.err
    assert json.loads(console("search", query, "--json").out)["error"]["code"] == "invalid_query"


def test_the_fields_that_can_be_asked_for_are_listed(console: Console) -> None:
    said = console("search", "--fields")
    assert said.code == Exit.DONE
    assert "metrics.*" in said.out
    names = [field["name"] for field in document(console("search", "--fields", "--json"))["fields"]]
    assert {"stage", "trained", "tags.*"} <= set(names)


def test_a_query_is_saved_asked_listed_and_dropped(console: Console, filled: str) -> None:
    text = f"namespace = {filled} and metrics.auc >= 0.9"
    said = console("query", "save", filled, "good", text, "--order", "metrics.auc")
    assert said.code == Exit.DONE
    assert f"query good saved: {text}" in said.out
    assert found(console, "--saved", f"{filled}/good") == ["team-a/churn@1", "team-a/churn@2"]
    [kept] = document(console("query", "list", filled, "--json"))["queries"]
    assert (kept["text"], kept["order"], kept["problem"]) == (text, "metrics.auc", None)
    assert text in console("query", "list", filled).out.replace("\n", " ")
    assert console("query", "drop", filled, "good").code == Exit.DONE
    assert "There are no saved queries." in console("query", "list", filled).out
    gone = console("search", "--saved", f"{filled}/good", "--json")
    assert json.loads(gone.out)["error"]["code"] == "unknown_query"


def test_what_cannot_be_asked_cannot_be_saved(console: Console, filled: str) -> None:
    said = console("query", "save", filled, "bad", "stage = ")
    assert said.code == Exit.USAGE
    assert said.err.splitlines()[-1].strip() == "^"
    assert console("query", "save", filled, "bad", "x", "--order", "color").code == Exit.USAGE


def test_words_that_mean_the_same_find_the_same(console: Console, filled: str) -> None:
    query = f"namespace = {filled} and attrition"
    assert found(console, query) == []
    assert console("synonyms", "set", filled, "churn", "attrition").code == Exit.DONE
    assert set(found(console, query)) == {"team-a/churn@1", "team-a/churn@2"}
    assert found(console, "attrition") == [], "elsewhere nobody has said so"
    assert "attrition" in console("synonyms", "list", filled).out
    assert console("synonyms", "set", filled, "churn").code == Exit.DONE
    assert found(console, query) == []


def test_several_registries_are_asked_and_the_silent_ones_named(
    console: Console, filled: str, system: System
) -> None:
    arguments = ("search", f"namespace = {filled}", "--at", system.url, "--at", NOWHERE)
    said = console(*arguments, "--timeout", 3)
    assert said.code == Exit.DONE
    assert "team-a/limits@1" in said.out
    assert f"{NOWHERE} did not answer" in said.out
    shown = document(console(*arguments, "--timeout", 3, "--json"))
    assert shown["registries"] == {system.url: 3}
    assert list(shown["silent"]) == [NOWHERE]
    assert {row["registry"] for row in shown["versions"]} == {system.url}
    nobody = console("search", "x", "--at", NOWHERE, "--timeout", 1)
    assert nobody.code == Exit.UNAVAILABLE


def test_help_teaches_by_examples(console: Console) -> None:
    said = console("search", "--help")
    assert said.code == Exit.DONE
    assert "metrics.auc >= 0.9" in said.out


def test_what_makes_no_sense_together_is_refused(console: Console) -> None:
    for wrong in (
        ("x", "--saved", "team-a/good"),
        ("x", "--limit", 0),
        ("--saved", "a/b", "--at", NOWHERE),
    ):
        assert console("search", *wrong).code == Exit.USAGE
