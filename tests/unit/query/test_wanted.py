"""Which events a subscriber wants, and what of it the tables can tell."""

from datetime import UTC, datetime, timedelta

import pytest

from rollbook.domain.catalog import ModelRegistered
from rollbook.domain.environments import VersionPromoted
from rollbook.domain.messages import Event
from rollbook.eventlog.envelope import EventEnvelope
from rollbook.eventlog.position import Position
from rollbook.query.wanted import Wanted
from rollbook.readmodel.since import Sieve

NOW = datetime(2026, 3, 1, tzinfo=UTC)
PROMOTED = VersionPromoted(version=1, environment="production")
REGISTERED = ModelRegistered()


def event(message: Event, model: str | None = "payments/fraud") -> EventEnvelope:
    return EventEnvelope(
        position=Position(0, 1),
        id="",
        model=model,
        message=message,  # type: ignore[arg-type]
        time=NOW,
        seq=1,
        prev="",
        command_id=None,
        cmd_offset=None,
        claim=0,
        actor="ann",
        correlation_id=None,
        causation_id=None,
        traceparent=None,
    )


@pytest.mark.parametrize(
    ("wanted", "has"),
    [
        (Wanted(), True),
        (Wanted(types=frozenset({"VersionPromoted"})), True),
        (Wanted(types=frozenset({"ModelRegistered"})), False),
        (Wanted(models=("payments/fraud",)), True),
        (Wanted(models=("payments/*",)), True),
        (Wanted(models=("lending/*", "*/fraud")), True),
        (Wanted(models=("lending/*",)), False),
        (Wanted(namespaces=frozenset({"payments"})), True),
        (Wanted(namespaces=frozenset({"pay"})), False),
        (Wanted(environments=frozenset({"production"})), True),
        (Wanted(environments=frozenset({"staging"})), False),
        (Wanted(since=NOW), True),
        (Wanted(since=NOW + timedelta(microseconds=1)), False),
    ],
)
def test_an_event_is_wanted_by_every_filter(wanted: Wanted, has: bool) -> None:
    assert wanted.has(event(PROMOTED)) is has


def test_an_event_without_an_environment_is_in_none() -> None:
    assert not Wanted(environments=frozenset({"production"})).has(event(REGISTERED))


def test_a_namespace_has_its_own_events_and_those_of_its_models() -> None:
    wanted = Wanted(namespaces=frozenset({"payments"}))
    assert wanted.has(event(REGISTERED, "payments"))
    assert not wanted.has(event(REGISTERED, None))


def test_the_tables_look_for_one_model_by_its_key_and_for_others_by_pattern() -> None:
    assert Wanted(models=("a/b",)).sieve == Sieve(model="a/b")
    assert Wanted(models=("a/b", "c_d/*")).sieve == Sieve(likes=["a/b", "c\\_d/%"])
    assert Wanted(namespaces=frozenset({"a"})).sieve == Sieve(likes=["a/%", "a"])
    assert Wanted(models=("*",)).sieve == Sieve()
