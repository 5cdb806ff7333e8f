"""Questions and service levels as people type them."""

import json
from pathlib import Path
from typing import Any

import pytest

from rollbook.cli.exits import Exit
from tests.e2e.conftest import Console, Ended


@pytest.fixture
def served(console: Console, tmp_path: Path) -> str:
    """A model of a namespace of its own: two versions, and a roll-back."""
    name = "asking/served"
    if console("show", name, "--json").code == Exit.DONE:
        return name
    for number, auc in enumerate(("0.94", "0.91"), start=1):
        file = tmp_path / f"model-{number}.bin"
        file.write_text(auc)
        done(console("register", name, file, "--metric", f"auc={auc}"))
        done(console("promote", name, number))
    done(console("rollback", name, "--reason", "declines doubled"))
    return name


def done(ended: Ended) -> Ended:
    assert ended.code == Exit.DONE, ended.err
    return ended


def rows(console: Console, *words: object) -> list[dict[str, Any]]:
    found: dict[str, Any] = json.loads(done(console("ask", *words, "--json")).out)
    items: list[dict[str, Any]] = found["items"]
    return items


def test_the_questions_are_listed_with_what_they_take(console: Console) -> None:
    shown = done(console("ask")).out
    assert "trained-before" in shown
    assert "date (needed)" in shown
    names = [row["question"] for row in json.loads(done(console("ask", "--json")).out)]
    assert "slo-m10" in names


def test_a_question_is_answered_now_and_as_of_then(console: Console, served: str) -> None:
    (now,) = rows(console, "serving", "namespace=asking")
    assert (now["model"], now["version"], now["reason"]) == (served, 1, "declines doubled")
    history = json.loads(done(console("history", served, "--json")).out)["records"]
    (second,) = [r for r in history if r["data"] == {"version": 2, "replaced": 1, **r["data"]}]
    (then,) = rows(console, "serving", "namespace=asking", "--as-of", second["position"])
    assert then["version"] == 2
    assert rows(console, "serving", "namespace=asking", "--as-of", "2020-01-01") == []
    shown = done(console("ask", "rolled-back", "namespace=asking")).out
    assert "declines doubled" in shown
    nothing = done(console("ask", "serving", "namespace=asking", "--as-of", "2020-01-01"))
    assert nothing.out.startswith("Nothing")


def test_what_is_wrong_with_a_question_is_said(console: Console) -> None:
    assert console("ask", "why").code == Exit.REFUSED
    ended = console("ask", "serving", "colour=blue")
    assert ended.code == Exit.USAGE
    assert "colour" in ended.err
    assert console("ask", "serving", "blue").code == Exit.USAGE


def test_a_missed_service_level_ends_with_one_when_it_is_checked(
    console: Console, served: str
) -> None:
    shown = done(console("slo", "--namespace", "asking")).out
    assert "50.0% (1 of 2)" in shown
    assert f"M1 manual  {served}@2: declines doubled" in shown
    assert "no data" in shown
    assert console("slo", "--namespace", "asking", "--check").code == Exit.ERROR
    nothing = console("slo", "--namespace", "asking", "--check", "--until", "2020-01-01")
    assert nothing.code == Exit.DONE
    levels = json.loads(done(console("slo", "--namespace", "asking", "--json")).out)
    (manual,) = [row for row in levels if (row["slo"], row["part"]) == ("M1", "manual")]
    assert (manual["state"], manual["value"]) == ("missed", 0.5)
