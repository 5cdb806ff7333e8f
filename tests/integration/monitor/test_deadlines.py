"""What is overdue is put on record by itself, once, whatever becomes of the monitors."""

from pathlib import Path
from time import sleep

from prometheus_client import REGISTRY

from tests.integration.monitor.watching import (
    Tables,
    asked,
    carded,
    commands,
    events,
    outcomes,
    soon,
)
from tests.integration.query.system import Caller, until


def test_a_card_goes_stale_by_itself(tables: Tables, caller: Caller) -> None:
    with tables.watched() as monitor:
        until(lambda: monitor.ready)
        carded(caller)
        until(lambda: bool(events(caller, "CardWentStale")))
    (event,) = events(caller, "CardWentStale")
    assert event["actor"] == "account:rollbook/monitor"
    assert caller.read("/versions/1").json()["card_stale"] is True


def test_a_card_that_was_reviewed_goes_stale_again(tables: Tables, caller: Caller) -> None:
    with tables.watched():
        carded(caller)
        until(lambda: bool(events(caller, "CardWentStale")))
        caller.done("ReviewCard", {"version": 1, "review_by": soon(), "note": "it holds"})
        until(lambda: len(events(caller, "CardWentStale")) == 2, 10)


def test_a_request_is_escalated_and_expires_by_itself(tables: Tables, caller: Caller) -> None:
    with tables.watched():
        asked(caller)
        until(lambda: bool(events(caller, "PromotionEscalated")))
        until(lambda: caller.read("/requests/1").json()["request"]["state"] == "expired", 10)
    shown = caller.read("/requests/1").json()["request"]
    assert (shown["escalated_to"], shown["closed_by"]) == (
        "head-of-ml",
        "account:rollbook/monitor",
    )
    assert len(events(caller, "PromotionEscalated")) == 1
    assert len(events(caller, "PromotionExpired")) == 1


def test_what_it_did_and_what_waits_is_measured(tables: Tables, caller: Caller) -> None:
    def done() -> float:
        labels = {"kind": "MarkCardStale", "result": "done"}
        return REGISTRY.get_sample_value("rollbook_deadlines_total", labels) or 0

    before = done()
    with tables.watched():
        carded(caller)
        until(lambda: done() == before + 1, 10)
        age = {"kind": "MarkCardStale"}
        until(lambda: REGISTRY.get_sample_value("rollbook_overdue_seconds", age) == 0, 10)


def test_two_monitors_make_one_event(tables: Tables, caller: Caller) -> None:
    with tables.watched(), tables.watched():
        asked(caller)
        carded(caller)
        for kind in ("PromotionEscalated", "PromotionExpired", "CardWentStale"):
            until(lambda kind=kind: bool(events(caller, kind)), 10)  # type: ignore[misc]
    for kind in ("PromotionEscalated", "PromotionExpired", "CardWentStale"):
        assert len(events(caller, kind)) == 1
    assert events(caller, "CommandRefused") == []


def test_tables_that_lag_make_it_neither_act_nor_ask_twice(tables: Tables, caller: Caller) -> None:
    system = tables.system
    carded(caller)
    before = outcomes(system)
    until(lambda: caller.read("/versions/1").json()["card_revision"] == 1)
    system.run(system.projector.stop())
    try:
        with tables.watched():
            until(lambda: outcomes(system)["CardWentStale"] == before["CardWentStale"] + 1, 15)
            asked_for = system.run(commands(system.log))
            sleep(1.5)
            assert system.run(commands(system.log)) == asked_for
        with tables.watched():  # a restart asks once more and hears the same
            until(lambda: outcomes(system)["CommandRepeated"] > before["CommandRepeated"], 15)
            assert outcomes(system)["CardWentStale"] == before["CardWentStale"] + 1
    finally:
        system.run(system.projector.start())
    until(lambda: caller.read("/versions/1").json()["card_stale"] is True)


def test_killed_between_sending_and_hearing_it_has_sent_once(
    tables: Tables, caller: Caller, tmp_path: Path
) -> None:
    system = tables.system
    asked(caller, request_expires="PT1H")
    until(lambda: caller.read("/requests/1").is_success)
    system.run(system.command.stop())
    try:
        before = system.run(commands(system.log))
        with tables.process(tmp_path / "first.log"):
            until(lambda: system.run(commands(system.log)) == before + 1)
        assert events(caller, "PromotionEscalated") == []
    finally:
        system.run(system.command.start())
    with tables.process(tmp_path / "second.log"):
        until(lambda: bool(events(caller, "PromotionEscalated")), 30)
        sleep(1)
    assert len(events(caller, "PromotionEscalated")) == 1
    assert events(caller, "CommandRefused") == []
