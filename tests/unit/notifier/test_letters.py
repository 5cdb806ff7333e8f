"""What is sent, and when again."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from rollbook.eventlog.position import Position
from rollbook.notifier import handlers, keys, letters
from rollbook.notifier.handlers import Owner
from rollbook.readmodel.history import HistoryRow

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def happened(type_: str = "VersionArchived", **data: Any) -> HistoryRow:
    return HistoryRow(
        position=Position(2, 345),
        id="5f0c4a4e-9a55-4d0e-8d7c-6b1f0b9c7d34",
        type=type_,
        model="payments/fraud",
        seq=7,
        time=NOW,
        actor="ada@example.com",
        command_id=None,
        correlation_id=None,
        causation_id=None,
        claim=0,
        prev=None,
        origin=None,
        origin_time=None,
        data=data or {"version": 3, "reason": "old"},
    )


def test_a_webhook_gets_the_event_with_a_sentence_and_who_answers_for_the_model() -> None:
    body = json.loads(letters.webhook(happened(), Owner("joan", "risk")))
    assert body["type"] == "VersionArchived"
    assert body["timestamp"] == "2026-03-02T12:00:00+00:00"
    assert body["data"]["sentence"] == "version 3 archived: old"
    assert body["data"]["owner"] == "joan"
    assert body["data"]["position"] == "2:345"
    assert body["data"]["event"] == {"version": 3, "reason": "old"}


def test_slack_gets_a_line_for_each_event_and_nobody_is_called_by_it() -> None:
    rows = [
        happened(version=3, reason="<!channel> & more"),
        happened("EndpointTested", endpoint="x"),
    ]
    text = json.loads(letters.slack(rows))["text"]
    assert text.splitlines() == [
        "*payments/fraud*: version 3 archived: &lt;!channel&gt; &amp; more",
        "*payments/fraud*: this is a test",
    ]


def test_mail_holds_its_events_and_no_header_that_somebody_smuggled_in() -> None:
    rows = [happened(version=3, reason="old\r\nBcc: eve@example.com"), happened()]
    message = letters.mail(rows, "rollbook@example.com", ["joan@example.com"])
    assert message["Bcc"] is None
    assert message["Subject"].startswith("[rollbook] payments/fraud: version 3 archived: old Bcc:")
    assert message["Subject"].endswith("(and 1 more)")
    assert message["Message-ID"] == "<5f0c4a4e-9a55-4d0e-8d7c-6b1f0b9c7d34@rollbook>"
    assert len(message.get_content().splitlines()) == 2


def test_a_secret_is_of_one_endpoint_and_one_rotation() -> None:
    master = "m" * 32
    made = {
        keys.key(master, *name)
        for name in (("a", "b", 1), ("a", "b", 2), ("a", "c", 1), ("b", "b", 1))
    }
    assert len(made) == 4
    assert keys.shown(keys.key(master, "a", "b", 1)).startswith("whsec_")


def test_two_secrets_make_two_signatures() -> None:
    made = keys.headers(b"{}", [b"new", b"old"], "id-1", NOW)
    one, other = made["webhook-signature"].split()
    assert one != other
    assert made["webhook-id"] == "id-1"


def test_both_secrets_count_until_the_overlap_is_over() -> None:
    assert handlers.rotations(2, NOW + timedelta(hours=1), NOW) == [2, 1]
    assert handlers.rotations(2, NOW, NOW) == [2]
    assert handlers.rotations(1, None, NOW) == [1]


def test_pauses_grow_to_eight_hours() -> None:
    first = timedelta(seconds=5)
    grown = [handlers.pause(first, attempts) for attempts in range(1, 12)]
    assert grown[0] == first
    assert grown == sorted(grown)
    assert grown[-1] <= timedelta(hours=8)
    assert sum(grown, timedelta(0)) > timedelta(hours=12)
