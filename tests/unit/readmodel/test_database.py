"""What goes into Postgres: names of schemas, and JSON that jsonb would refuse."""

import pytest

from rollbook.readmodel.database import checked, decode_json, encode_json
from rollbook.readmodel.schema import migrations


@pytest.mark.parametrize("name", ["", "Rollbook", "a-b", 'a"b', "a b", "1a", "x" * 51, "a;drop"])
def test_what_is_no_schema_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="schema name"):
        checked(name)


def test_values_come_back_as_they_went_in() -> None:
    value = {"a": [1, 2.5, None, True, "ü"], "NaN": "Infinity", "deep": {"x": []}}
    assert decode_json(encode_json(value)) == value
    assert decode_json(encode_json(b'{"a": 1}')) == {"a": 1}


@pytest.mark.parametrize(
    ("log", "table"),
    [
        (b'{"a\\u0000b": "c\\u0000"}', {"a\ufffdb": "c\ufffd"}),
        (b'{"a": NaN, "b": [Infinity, -Infinity]}', {"a": "NaN", "b": ["Infinity", "-Infinity"]}),
        (b'"no \\\\u0000 at all"', "no \\u0000 at all"),
    ],
)
def test_what_jsonb_cannot_hold_is_put_in_other_words(log: bytes, table: object) -> None:
    assert decode_json(encode_json(log)) == table


def test_migrations_are_numbered_without_a_gap() -> None:
    numbers = [number for number, _, _ in migrations()]
    assert numbers == list(range(1, len(numbers) + 1))
