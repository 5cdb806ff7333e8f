"""What the demo waits for, and what its traffic asks."""

import pytest

from rollbook.cli.exits import Failure
from rollbook.cli.screen import Screen
from rollbook.cli.telling import Telling
from rollbook.cli.traffic import measured


def test_a_wait_ends_with_what_was_looked_for() -> None:
    looks = iter((None, None, "it"))
    assert Telling(Screen(), "demo/x").until(lambda: next(looks), "it", 30) == "it"


def test_a_wait_that_is_in_vain_fails_and_says_what_for() -> None:
    with pytest.raises(Failure, match=r"in vain for an alarm \(3 windows\)"):
        Telling(Screen(), "demo/x").until(lambda: None, "an alarm", 0, lambda: "(3 windows)")


def test_a_shifted_column_never_goes_beyond_what_was_seen() -> None:
    assert measured((1.0, 5.0), {}) == (1.0, 5.0)
    assert measured((1.0, 5.0), {1: (4.0, 20.0)}) == (1.0, 9.0)
    assert measured((1.0, 18.0), {1: (4.0, 20.0)}) == (1.0, 20.0)
