"""From headers to an envelope, from an outcome to an answer."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from rollbook.domain.catalog import RegisterModel
from rollbook.domain.environments import VersionPromoted, VersionRolledBack
from rollbook.domain.messages import Refused
from rollbook.eventlog.envelope import CommandEnvelope, EventEnvelope
from rollbook.eventlog.outcomes import CommandConfirmed, CommandRefused, LogMessage
from rollbook.eventlog.position import Position
from rollbook.query import handlers
from rollbook.query.problems import Problem

ID = "7b0f7c1e-5a55-4c5c-9d2b-0d7b5ff5a001"


def envelope(**headers: str) -> CommandEnvelope:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return handlers.envelope(
        id=ID, stream="a/b", command=RegisterModel(), headers=named, traceparent=None
    )


def outcome(message: LogMessage) -> EventEnvelope:
    return EventEnvelope(
        position=Position(3, 1042),
        id="e",
        model="a/b",
        message=message,
        time=datetime(2026, 1, 1, tzinfo=UTC),
        seq=7,
        prev="",
        command_id=ID,
        cmd_offset=5,
        claim=1,
        actor="ann",
        correlation_id=ID,
        causation_id=ID,
        traceparent=None,
    )


def test_an_accepted_command_is_answered_with_its_event() -> None:
    body = handlers.answer(outcome(VersionPromoted(version=2, environment="production")))
    assert body["event"].pop("data")["version"] == 2
    assert {k: v for k, v in body.items() if k != "event"} == {
        "outcome": "accepted",
        "type": "VersionPromoted",
        "version": 2,
        "position": "3:1042",
        "seq": 7,
        "command_id": ID,
    }


def test_the_version_of_a_roll_back_is_the_one_that_serves_again() -> None:
    event = VersionRolledBack(version=2, environment="production", restored=1, reason="worse")
    assert handlers.answer(outcome(event))["version"] == 1


def test_a_confirmed_command_says_that_nothing_changed() -> None:
    body = handlers.answer(outcome(CommandConfirmed(command="RegisterModel")))
    assert body["outcome"] == "confirmed"
    assert "version" not in body


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("unauthenticated", 401),
        ("unknown_model", 404),
        ("unknown_version", 404),
        ("unknown_request", 404),
        ("own_work", 403),
        ("protected", 403),
        ("needs_approval", 409),
        ("conflict", 409),
        ("archived", 409),
        ("oversize", 413),
        ("invalid", 422),
    ],
)
def test_a_refusal_is_a_problem_with_the_status_of_its_code(code: str, status: int) -> None:
    refused = CommandRefused(command="TagModel", code=code, message="no")
    with pytest.raises(Problem) as caught:
        handlers.answer(outcome(refused))
    assert (caught.value.status, caught.value.code, caught.value.detail) == (status, code, "no")
    assert caught.value.extensions == {"position": "3:1042", "command_id": ID}


def test_headers_say_who_asks_and_what_is_expected() -> None:
    made = envelope(if_match='"12"', x_actor="ann")
    assert (made.expected_seq, made.actor, made.token) == (12, "ann", None)
    assert envelope(if_match="12").expected_seq == 12
    assert envelope() == CommandEnvelope(
        id=ID, model="a/b", command=RegisterModel(), source="/rollbook/query"
    )


def test_an_actor_may_have_any_name_that_utf_8_can_write() -> None:
    assert envelope(x_actor="Zoë".encode().decode("latin-1")).actor == "Zoë"
    assert envelope(x_actor="Zo\xeb").actor == "Zoë"


@pytest.mark.parametrize(
    ("headers", "field"),
    [
        ({"if_match": "*"}, "If-Match"),
        ({"if_match": 'W/"1"'}, "If-Match"),
        ({"if_match": "-1"}, "If-Match"),
        ({"x_actor": ""}, "X-Actor"),
        ({"x_actor": "a\tb"}, "X-Actor"),
        ({"x_origin": ""}, "X-Origin"),
        ({"x_origin_time": "2024-01-01T00:00:00Z"}, "X-Origin-Time"),
        ({"x_origin": "mlflow", "x_origin_time": "2024-01-01"}, "X-Origin-Time"),
        ({"x_origin": "mlflow", "x_origin_time": "2024-02-30T00:00:00Z"}, "X-Origin-Time"),
    ],
)
def test_a_header_that_breaks_a_rule_is_named(headers: dict[str, str], field: str) -> None:
    with pytest.raises(Problem) as caught:
        envelope(**headers)
    assert caught.value.status == 422
    (error,) = caught.value.extensions["errors"]
    assert error["field"] == field


def test_an_import_says_where_it_comes_from_and_when_that_was() -> None:
    made = envelope(x_origin="mlflow/7", x_origin_time="2024-01-01T01:00:00+01:00")
    assert made.origin == "mlflow/7"
    assert made.origin_time == datetime(2024, 1, 1, tzinfo=UTC)


def test_another_kind_of_authorization_is_unauthenticated_without_repeating_it() -> None:
    with pytest.raises(Refused) as caught:
        handlers.bearer({"authorization": "Basic c2VjcmV0"})
    assert caught.value.code == "unauthenticated"
    assert "c2VjcmV0" not in caught.value.message


def test_a_command_has_the_callers_id_or_a_fresh_one() -> None:
    fresh = UUID(int=1)
    assert handlers.command_id({}, fresh) == str(fresh)
    assert handlers.command_id({"idempotency-key": f'"{ID.upper()}"'}, fresh) == ID
    with pytest.raises(Problem):
        handlers.command_id({"idempotency-key": "mine"}, fresh)
