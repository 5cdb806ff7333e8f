from typing import Any

from rollbook.cli import output
from rollbook.cli.comparison import LONGEST, NAMED, changes, drawn, measure, shown

EMPTY: dict[str, Any] = {
    "model": "team/churn",
    "old": 1,
    "new": 2,
    "label": None,
    "description": None,
    "metrics": [],
    "measured": [],
    "latency": [],
    **{name: {} for name in NAMED},
    **{
        name: {"added": [], "removed": [], "changed": {}}
        for name in ("variants", "datasets", "features", "parents", "inputs", "outputs")
    },
}


def page(**found: Any) -> str:
    console = output.console()
    with console.capture() as written:
        for part in drawn(EMPTY | found):
            console.print(part)
    return written.get()


def test_two_versions_that_are_alike_say_so() -> None:
    assert page().strip() == "Nothing else is different."


def test_a_figure_is_shown_with_how_far_it_moved() -> None:
    text = page(
        metrics=[
            {"name": "auc", "old": 0.8, "new": 0.9, "delta": 0.1},
            {"name": "loss", "old": 2.0, "new": 2.0, "delta": 0.0},
            {"name": "recall", "old": None, "new": 0.5, "delta": None},
        ]
    )
    rows = [line.split() for line in text.splitlines()]
    assert ["auc", "0.8", "0.9", "+0.1", "(+12.5%)"] in rows
    assert ["loss", "2", "2", "same"] in rows
    assert ["recall", "-", "0.5"] in rows


def test_a_figure_on_a_part_of_the_data_says_which_part() -> None:
    text = page(
        measured=[
            {
                "kind": "offline",
                "split": "test",
                "slice": {"country": "DE"},
                "metric": "auc",
                "old": None,
                "new": {"value": 0.9, "low": 0.88, "high": None, "confidence": 0.95},
                "delta": None,
            }
        ]
    )
    assert "auc (offline, test, country=DE)" in text
    assert "0.9 (0.88 to -)" in text


def test_what_came_went_or_changed_is_named_by_what_it_is() -> None:
    found = changes(
        EMPTY
        | {
            "label": {"old": "1.0.0", "new": "1.1.0"},
            "params": {"depth": {"old": "6", "new": None}},
            "datasets": {
                "removed": [{"uri": "s3://jan"}],
                "added": [{"uri": "s3://feb"}],
                "changed": {"s3://x": {"old": {"role": "train"}, "new": {"role": "test"}}},
            },
        }
    )
    assert list(found) == [
        ("label", "1.0.0", "1.1.0"),
        ("parameter depth", "6", "-"),
        ("data", "uri s3://jan", "-"),
        ("data", "-", "uri s3://feb"),
        ("data s3://x", "role train", "role test"),
    ]


def test_what_somebody_wrote_cannot_repaint_the_page() -> None:
    text = page(
        params={"depth": {"old": "\x1b[2J\x1b[32m[green]signed[/]", "new": "\u202eneerg\x9b1m"}}
    )
    assert "[green]signed[/]" in text
    assert not set(text) & set("\x1b\x9b\u202e")


def test_a_long_value_is_cut_and_a_digest_is_short() -> None:
    assert len(shown("x" * 1000)) == LONGEST
    assert shown("sha256:" + "0123456789ab" * 5) == "sha256:0123456789ab…"
    assert shown([True, 1, None]) == "true, 1, -"
    assert measure(None) == "-"
