"""Every field is explained by an example that works, and orders say what they are."""

import pytest

from rollbook.readmodel.search import cursor, fields
from rollbook.readmodel.search.check import read
from rollbook.readmodel.search.cursor import Cursor, InvalidCursorError
from rollbook.readmodel.search.errors import InvalidQueryError
from rollbook.readmodel.search.fields import FIELDS, Field


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_the_example_of_a_field_means_something(field: Field) -> None:
    read(field.example)
    if field.order:
        assert fields.order(field.order).name == field.order


@pytest.mark.parametrize("text", ["stage", "-tags.a", "metrics.", "", "-", "--created", "nothing"])
def test_what_nothing_can_be_ordered_by_is_refused_with_what_can(text: str) -> None:
    with pytest.raises(InvalidQueryError, match="metrics"):
        fields.order(text)


def test_a_cursor_leads_back_to_where_it_was() -> None:
    order = fields.order("-metrics.auc")
    place = Cursor(order.name, 0.25, "team/ä", 7)
    assert cursor.read(str(place), order) == place


@pytest.mark.parametrize("text", ["", "x", "ä", "e30", "bnVsbA", "=" * 9, "W10", "1" * 5000])
def test_a_cursor_that_no_page_gave_is_refused(text: str) -> None:
    with pytest.raises(InvalidCursorError):
        cursor.read(text, fields.order("created"))


def test_a_cursor_of_another_order_is_refused() -> None:
    text = str(Cursor("created", "2026-01-01T00:00:00+00:00", "a/b", 1))
    with pytest.raises(InvalidCursorError, match="in order of created"):
        cursor.read(text, fields.order("-created"))
