"""A chain is drawn so that it fits on a screen, and so that nothing in it steers the terminal."""

from datetime import UTC, datetime

import pytest

from rollbook.cli import explaining, output
from rollbook.client import Link, Why

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def link(number: int, because: str, explains: str | None = None, sentence: str = "") -> Link:
    return Link(
        sentence=sentence or f"event {number}",
        type="X",
        time=NOW,
        actor="ann",
        position=f"0:{number}",
        id=str(number),
        seq=number,
        because=because,
        explains=explains,
    )


def drawn(*links: Link, capsys: pytest.CaptureFixture[str]) -> str:
    found = Why(
        model="team/churn",
        environment="production",
        version=1,
        label=None,
        since=NOW,
        summary="",
        links=links,
    )
    output.console().print(explaining._tree(found), soft_wrap=False)
    return capsys.readouterr().out


def test_of_many_events_of_one_sort_the_newest_are_drawn(
    capsys: pytest.CaptureFixture[str],
) -> None:
    measured = [link(number, "measured by", "0:0") for number in range(1, 9)]
    text = drawn(link(0, "put there by"), *measured, capsys=capsys)
    assert [f"event {n}" in text for n in range(1, 9)] == [False] * 3 + [True] * 5
    assert "measured by others, earlier: see --json" in text
    few = drawn(link(0, "put there by"), *measured[:5], capsys=capsys)
    assert "others, earlier" not in few


def test_nothing_that_anybody_wrote_steers_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    hostile = link(0, "put there by", sentence="[red]all\x1b[2J is \u202ewell[/]")
    text = drawn(hostile, capsys=capsys)
    assert "[red]all" in text
    assert "\x1b[2J" not in text
    assert "\u202e" not in text
