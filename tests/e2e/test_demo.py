"""The whole story, as a person runs it."""

from pathlib import Path

from rollbook.cli.exits import Exit
from tests.e2e.program import nothing_runs_below, started


def test_the_demo_tells_its_story_twice_and_leaves_nothing_running(folder: Path) -> None:
    with started(folder, "demo", environment={"CI": "true"}) as first:
        assert first.ended() == Exit.DONE, first.errors
    assert "The model demo/breast-cancer is in the book now" in first.out
    assert "confirmed, still version 1" in first.out
    assert "Serving now: version 1." in first.out
    assert "version 2, from " in first.out
    assert "refused (own_work)" in first.out
    assert "Version 2 serves in the clinic" in first.out
    assert "every table is identical" in first.out
    assert "DIFFERENT" not in first.out
    nothing_runs_below(folder)

    with started(folder, "demo", "--exit") as second:
        assert second.ended() == Exit.DONE, second.errors
    assert "is in the book already" in second.out
    assert "Version 3: logistic-regression" in second.out
    assert "Serving now: version 3." in second.out
    assert "Version 4 serves in the clinic" in second.out
    assert "every table is identical" in second.out
    nothing_runs_below(folder)


def test_where_real_kafka_cannot_be_had_the_demo_still_runs_and_says_so_loudly(
    folder: Path,
) -> None:
    nowhere = {
        "ROLLBOOK_CACHE": str(folder / "cache"),
        "ROLLBOOK_MAVEN": (folder / "nowhere").as_uri(),
        "CI": "true",
    }
    with started(folder, "demo", environment=nowhere) as demo:
        assert demo.ended() == Exit.DONE, demo.errors
    assert "NOT REAL KAFKA" in demo.out
    assert "NOT DURABLE" in demo.out
    assert "ROLLBOOK_MAVEN" in demo.out
    assert "every table is identical" in demo.out
    nothing_runs_below(folder)
