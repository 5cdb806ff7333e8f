"""Where a subscriber stands, as text."""

import pytest

from rollbook.query import cursor


def test_a_cursor_is_read_as_it_was_written() -> None:
    places = {3: 1042, 0: 7}
    assert cursor.written(places) == "0:7,3:1042"
    assert cursor.parsed(cursor.written(places)) == places


@pytest.mark.parametrize("text", ["", "now", "0", "0:", "0:1,", "0:1,0:2", "0:-1", "0:1 ,1:2"])
def test_what_is_no_cursor_is_none(text: str) -> None:
    assert cursor.parsed(text) is None
