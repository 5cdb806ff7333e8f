from typing import Any

from rollbook.eventlog.position import Position
from rollbook.validator.book import Book
from tests.unit.validator.rows import DAY, NOW, saved


def book(*documents: dict[str, Any], namespace: str = "team") -> Book:
    """Policies that were saved on one day after the other, the last one today."""
    made = Book()
    for number, document in enumerate(documents):
        at = NOW - (len(documents) - 1 - number) * DAY
        made.saved(namespace, saved(version=number + 1, **document), Position(1, number), at)
    return made


def test_what_is_in_force_rules() -> None:
    found = book({}, {}).ruling("team/churn", "limited")
    assert (found.name, [gate.gate for gate in found.gates]) == ("release@2", ["accurate"])
    assert book({"models": ["fraud-*"]}).ruling("team/churn", "limited").empty
    assert book({"risks": ["high"]}).ruling("team/churn", "limited").empty
    assert book({}).ruling("other/churn", "limited").empty


def test_what_holds_everywhere_rules_in_every_namespace() -> None:
    assert not book({}, namespace="rollbook").ruling("other/churn", "limited").empty


def test_a_dropped_policy_does_not_rule() -> None:
    made = book({})
    made.dropped("team", {"policy": "release"}, Position(1, 1))
    assert made.ruling("team/churn", "limited").empty
    assert made.since() is None


def test_records_that_come_twice_change_nothing() -> None:
    made = book({}, {})
    made.saved("team", saved(version=1), Position(1, 0), NOW - DAY)
    made.dropped("team", {"policy": "release"}, Position(1, 0))
    assert made.ruling("team/churn", "limited").name == "release@2"
    assert made.stands(Position(1, 1))
    assert not made.stands(Position(1, 0))


def test_a_version_is_new_if_it_was_registered_under_a_policy() -> None:
    made = book({})
    assert made.looks_at_new("team/churn", "limited", NOW)
    assert not made.looks_at_new("team/churn", "limited", NOW - DAY)


def test_a_new_revision_does_not_make_versions_older() -> None:
    made = book({}, {"description": "clearer"})
    assert made.looks_at_new("team/churn", "limited", NOW - DAY)


def test_models_that_a_policy_takes_in_later_are_looked_at_from_then_on() -> None:
    made = book({"models": ["fraud"]}, {"models": ["*"]})
    assert not made.looks_at_new("team/churn", "limited", NOW - DAY)
    assert made.looks_at_new("team/fraud", "limited", NOW - DAY)
    assert made.looks_at_new("team/churn", "limited", NOW)


def test_a_policy_that_was_dropped_in_between_begins_anew() -> None:
    made = book({})
    made.dropped("team", {"policy": "release"}, Position(1, 1))
    made.saved("team", saved(version=2), Position(1, 2), NOW + DAY)
    assert not made.looks_at_new("team/churn", "limited", NOW)
    assert made.since() == NOW + DAY
