"""The moments that `as_of` can name."""

from datetime import UTC, datetime

import pytest

from rollbook.eventlog.position import Position
from rollbook.query.problems import Problem
from rollbook.query.reading import moment


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01T12:00:00Z",
        "2026-03-01t12:00:00z",
        "2026-03-01 12:00:00Z",
        "2026-03-01T13:00:00+01:00",
        "2026-03-01T13:00:00 01:00",
        "2026-03-01T07:00:00.000000-05:00",
    ],
)
def test_a_moment_can_be_an_rfc_3339_time(text: str) -> None:
    assert moment(text) == datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_moment_can_have_more_digits_than_a_clock() -> None:
    assert moment("2026-03-01T12:00:00.123456789Z") == datetime(
        2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC
    )


def test_a_moment_can_be_a_place_in_the_log() -> None:
    assert moment("3:1042") == Position(3, 1042)


@pytest.mark.parametrize(
    "text",
    ["", "now", "2026-03-01", "2026-03-01T12:00:00", "2026-13-01T12:00:00Z", "3:", "-1:2", "٣:٤"],
)
def test_anything_else_is_invalid(text: str) -> None:
    with pytest.raises(Problem) as caught:
        moment(text)
    assert caught.value.status == 422
    (error,) = caught.value.extensions["errors"]
    assert error["field"] == "as_of"
