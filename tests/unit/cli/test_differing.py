from typing import Any

import pytest

from rollbook.cli.differing import differences


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ({}, {}, []),
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": True}, [("a", 1, True)]),
        ({"a": 1}, {"b": 2}, [("a", 1, None), ("b", None, 2)]),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}}, [("a.c", 2, 3)]),
        ({}, {"a": {"b": 1, "c": 2}}, [("a.b", None, 1), ("a.c", None, 2)]),
        ({"a": [1, 2]}, {"a": [1, 3]}, [("a", [1, 2], [1, 3])]),
        ({"a": {"b": 1}}, {"a": 5}, [("a", {"b": 1}, 5)]),
    ],
)
def test_each_leaf_that_differs_is_named(before: Any, after: Any, found: list[Any]) -> None:
    assert [tuple(difference) for difference in differences(before, after)] == found


def test_one_more_environment_is_no_change_of_the_others() -> None:
    before = [{"name": "production", "protected": True}]
    after = [{"name": "staging", "region": "eu"}, {"name": "production", "protected": False}]
    assert [tuple(d) for d in differences({"environments": before}, {"environments": after})] == [
        ("environments.production.protected", True, False),
        ("environments.staging.name", None, "staging"),
        ("environments.staging.region", None, "eu"),
    ]
