"""Namespaces' streams: chained and parked as models' are, and each without harm to the other."""

from uuid import UUID

import pytest

from rollbook.domain.catalog import ModelDescribed, ModelRegistered
from rollbook.domain.erasure import PersonalDataErased, person
from rollbook.domain.grants import RoleGranted, RoleRevoked
from rollbook.domain.messages import Event
from rollbook.domain.rulebook import Rules
from rollbook.domain.rules import RulesSet
from rollbook.domain.tenancy import Role
from rollbook.readmodel import erasures, grants, history
from tests.unit.projector.books import Book
from tests.unit.projector.tables import projected

RULES = RulesSet(version=1, rules=Rules(default_risk="high"))


def governed() -> Book:
    """A namespace with rules, and a model in it."""
    book = Book()
    book.claims()
    book.says("team", RULES)
    book.says("team/one", ModelRegistered())
    return book


def test_a_poison_event_of_a_namespace_parks_only_the_namespace() -> None:
    book = governed()
    book.says("team", RulesSet(version=2, rules=Rules()))
    book.spoils(b"no json")
    book.says("team/one", ModelDescribed(description="goes on"))
    book.says("other", RULES)
    tables = projected([book.records])
    assert tables.parked.keys() == {"team"}
    assert tables.namespaces["team"].rules_version == 1
    assert tables.models["team/one"].description == "goes on"
    assert tables.namespaces["other"].rules.default_risk == "high"


@pytest.mark.parametrize(
    ("key", "event"),
    [
        ("team", ModelRegistered()),
        ("team/one", RULES),
        ("team/new", RULES),
        ("team", RoleRevoked(grant=7, subject="ann", role=Role.ADMIN, reason="left")),
    ],
)
def test_an_event_that_does_not_belong_into_its_stream_parks_it(key: str, event: Event) -> None:
    book = governed()
    book.says(key, event)
    assert projected([book.records]).parked.keys() == {key}


def test_an_event_that_breaks_the_chain_of_a_namespace_parks_it() -> None:
    book = governed()
    book.says("team", RULES, seq=3)
    book.says("other", RULES, prev="0" * 64)
    tables = projected([book.records[:4], book.records[4:]])
    assert "seq 3, not 2" in tables.parked["team"].reason
    assert "prev" in tables.parked["other"].reason


def test_a_grant_that_was_revoked_stays_with_who_did_it_and_why() -> None:
    book = governed()
    granted = RoleGranted(grant=1, subject="bob", role=Role.VIEWER, reason="new here")
    book.says("team", granted, actor="ada")
    revoked = RoleRevoked(grant=1, subject="bob", role=Role.VIEWER, reason="left")
    book.says("team", revoked, actor="eva")
    row = projected([book.records]).rows[grants.VIEW]["team", 1]
    assert (row.granted_by, row.reason) == ("ada", "new here")
    assert (row.revoked_by, row.revoked_reason, row.revoked_at) == ("eva", "left", row.granted_at)


def test_what_is_no_reference_erases_nothing() -> None:
    book = governed()
    one = f"personal:{UUID(int=1)}"
    references = (one, one, person("ann"), "personal:" + "-" * 36, "s3://x")
    book.says("team", PersonalDataErased(references=references, reason="asked for"))
    rows = projected([book.records]).added[erasures.VIEW]
    assert [(row.namespace, row.reference) for row in rows] == [
        ("team", one),
        ("team", person("ann")),
    ]


def test_what_was_imported_says_from_where_and_when_it_was() -> None:
    book = governed()
    origin = ("mlflow:7", "2019-05-05T10:00:00+00:00")
    book.says("team/old", ModelRegistered(), origin=origin)
    tables = projected([book.records])
    row = tables.models["team/old"]
    assert row.origin_time is not None
    assert (row.origin, row.origin_time.isoformat()) == origin
    assert row.created_at > row.origin_time
    shown = dict(zip(history.COLUMNS, tables.history[-1], strict=True))
    assert (shown["origin"], shown["origin_time"]) == (row.origin, row.origin_time)
    assert tables.models["team/one"].origin is None
