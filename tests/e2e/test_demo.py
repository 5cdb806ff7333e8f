"""The whole story, as a person runs it."""

import re
from pathlib import Path

import pytest

from rollbook.cli.exits import Exit
from tests.e2e.program import nothing_runs_below, started

PATIENCE = 400.0
"""Seconds for a story that takes about a minute on a quiet machine."""


@pytest.mark.timeout(2 * PATIENCE + 120)
def test_the_demo_tells_its_story_twice_and_leaves_nothing_running(folder: Path) -> None:
    with started(folder, "demo", environment={"CI": "true"}) as first:
        assert first.ended(PATIENCE) == Exit.DONE, first.errors
    assert "The model demo/breast-cancer is in the book now" in first.out
    assert "confirmed, still version 1" in first.out
    assert "Serving now: version 1." in first.out
    assert "version 2, from " in first.out
    assert "refused (own_work)" in first.out
    assert "Version 2 serves in the clinic" in first.out
    _the_loop_closes(first.out, good=3, bad=4, retrained=5)
    assert "every table is identical" in first.out
    assert "DIFFERENT" not in first.out
    nothing_runs_below(folder)

    with started(folder, "demo", "--exit") as second:
        assert second.ended(PATIENCE) == Exit.DONE, second.errors
    assert "is in the book already" in second.out
    assert "Version 6: logistic-regression" in second.out
    assert "Serving now: version 6." in second.out
    assert "Version 7 serves in the clinic" in second.out
    _the_loop_closes(second.out, good=8, bad=9, retrained=10)
    assert "every table is identical" in second.out
    nothing_runs_below(folder)


def _the_loop_closes(out: str, *, good: int, bad: int, retrained: int) -> None:
    assert f"Version {good} serves in production in place of {good - 2}" in out
    assert re.search(r"errors passed: 0 in [\d,]+ requests, of version", out)
    assert f"Version {bad}: by-size" in out
    assert re.search(r"errors breached: 0\.\d+ in [\d,]+ requests", out)
    assert re.search(r"Aborted by itself at .*: [\d.]+ s after its first failed answer", out)
    assert "feature:mean texture: psi" in out
    assert f"registered version {retrained}" in out
    assert f"Version {retrained} is validated" in out
    assert f"Version {retrained} serves in production in place of {good}" in out
    assert "it is still one alarm" in out
    assert f"version {retrained} serves in production" in out
    assert re.search(r"[\d,]+ answered, 0 without an answer", out)


@pytest.mark.timeout(PATIENCE + 60)
def test_where_real_kafka_cannot_be_had_the_demo_still_runs_and_says_so_loudly(
    folder: Path,
) -> None:
    nowhere = {
        "ROLLBOOK_CACHE": str(folder / "cache"),
        "ROLLBOOK_MAVEN": (folder / "nowhere").as_uri(),
        "CI": "true",
    }
    with started(folder, "demo", environment=nowhere) as demo:
        assert demo.ended(PATIENCE) == Exit.DONE, demo.errors
    assert "NOT REAL KAFKA" in demo.out
    assert "NOT DURABLE" in demo.out
    assert "ROLLBOOK_MAVEN" in demo.out
    assert "Left out here, with all that needs it: the stand-in for Kafka" in demo.out
    assert "every table is identical" in demo.out
    nothing_runs_below(folder)
