"""Kafka or Postgres goes away: the monitor waits, goes on, and does nothing twice."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from rollbook.embedded import Stack
from rollbook.eventlog.topics import LogAddress
from tests.integration.monitor.watching import Tables, carded, events
from tests.integration.query.system import Caller, running, until


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that may be hurt."""
    with Stack(tmp_path_factory.mktemp("hurt"), allow_fallback=False) as started:
        yield started


@pytest.fixture(scope="module")
def tables(stack: Stack) -> Iterator[Tables]:
    postgres = stack.endpoints.postgres
    with running(LogAddress(stack.endpoints.kafka, "hurt"), postgres, "hurt") as system:
        yield Tables(system, postgres, "hurt")


def test_a_paused_kafka_is_waited_for(tables: Tables, stack: Stack, caller: Caller) -> None:
    with tables.watched() as monitor:
        until(lambda: monitor.ready)
        carded(caller, timedelta(seconds=8))  # not over before Kafka is paused
        until(lambda: caller.read("/versions/1").json().get("card_revision") == 1)
        stack.kafka.pause()
        try:
            until(lambda: not monitor.ready)
        finally:
            stack.kafka.resume()
        until(lambda: bool(events(caller, "CardWentStale")), 60)
        until(lambda: monitor.ready)
    assert len(events(caller, "CardWentStale")) == 1


def test_a_killed_postgres_is_waited_for(tables: Tables, stack: Stack, caller: Caller) -> None:
    until(lambda: caller.client.get("/readyz").is_success)  # Kafka was paused before
    with tables.watched() as monitor:
        until(lambda: monitor.ready)
        carded(caller, timedelta(seconds=8))
        until(lambda: caller.read("/versions/1").json().get("card_revision") == 1)
        stack.postgres.kill()
        try:
            until(lambda: not monitor.ready)
        finally:
            stack.postgres.start()
        until(lambda: bool(events(caller, "CardWentStale")), 60)
        until(lambda: monitor.ready)
    assert len(events(caller, "CardWentStale")) == 1


def test_it_may_start_before_the_tables_are_made(tables: Tables) -> None:
    with tables.watched(db_schema="nobody_made_it") as monitor, tables.watched() as other:
        until(lambda: other.ready)
        assert not monitor.ready
