import pytest

from rollbook.query.ranges import Range, Unsatisfiable, wanted


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("bytes=0-0", Range(0, 1)),
        ("bytes=2-5", Range(2, 6)),
        ("Bytes = 2 - 5", Range(2, 6)),
        ("bytes=7-", Range(7, 10)),
        ("bytes=7-99", Range(7, 10)),
        ("bytes=-3", Range(7, 10)),
        ("bytes=-99", Range(0, 10)),
        ("bytes=0-9", Range(0, 10)),
    ],
)
def test_one_range_is_given(header: str, found: Range) -> None:
    assert wanted(header, 10) == found


@pytest.mark.parametrize(
    "header",
    [None, "", "bytes=", "bytes=-", "bytes=5-2", "bytes=0-1,3-4", "lines=0-1", "bytes=a-b"],
)
def test_anything_else_is_answered_with_all(header: str | None) -> None:
    assert wanted(header, 10) is None


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-12", "bytes=-0"])
def test_bytes_that_are_not_there_are_refused(header: str) -> None:
    with pytest.raises(Unsatisfiable):
        wanted(header, 10)


def test_of_nothing_no_range_can_be_given() -> None:
    with pytest.raises(Unsatisfiable):
        wanted("bytes=0-", 0)
