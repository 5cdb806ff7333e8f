from dataclasses import replace
from datetime import UTC, datetime, timedelta

from rollbook.domain.alarms import ClearDrift, DetectDrift, DriftFinding
from rollbook.eventlog.position import Position
from rollbook.monitor import strays
from rollbook.readmodel.alarms import AlarmRow
from rollbook.readmodel.intake import KEPT_NUMBERS, Seen
from rollbook.readmodel.presence import Stray

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
STRAY = Stray(
    model="shop/churn",
    environment="production",
    version=3,
    digest="sha256:b",
    known=True,
    registered="sha256:a",
    servers=2,
    source="pod-1",
    since=NOW - timedelta(minutes=5),
)
ALARM = AlarmRow(
    model="shop/churn",
    alarm=1,
    version=3,
    environment="production",
    kind="serving",
    findings=(DriftFinding(subject="pod-1", measure="unwanted", value=1),),
    pictures=(),
    begin_=NOW,
    end_=NOW,
    rows=0,
    windows=1,
    profile=None,
    raised_at=NOW,
    raised_by="account:rollbook/monitor",
    position=Position(0, 1),
)


def test_bytes_that_were_not_registered_raise_an_alarm() -> None:
    (deadline,) = strays.due([STRAY], [], True, NOW)
    assert isinstance(deadline.command, DetectDrift)
    (finding,) = deadline.command.findings
    assert (finding.measure, finding.value) == ("unregistered", 2)
    assert "sha256:b" in finding.note


def test_a_version_that_stands_elsewhere_raises_an_alarm() -> None:
    (deadline,) = strays.due([replace(STRAY, digest="sha256:a")], [], True, NOW)
    assert isinstance(deadline.command, DetectDrift)
    assert deadline.command.findings[0].measure == "unwanted"


def test_every_monitor_asks_under_the_same_id_at_any_time() -> None:
    (first,) = strays.due([STRAY], [], True, NOW)
    (second,) = strays.due([STRAY], [], True, NOW + timedelta(minutes=1))
    assert first == second
    assert first.command_id() == second.command_id()
    (other,) = strays.due([replace(STRAY, environment="staging")], [], True, NOW)
    assert other.command_id() != first.command_id()


def test_an_open_alarm_is_not_raised_again_and_ends_when_all_is_well() -> None:
    assert strays.due([STRAY], [ALARM], True, NOW) == []
    (deadline,) = strays.due([], [ALARM], True, NOW)
    assert isinstance(deadline.command, ClearDrift)
    assert strays.due([], [ALARM], False, NOW) == [], "nobody tells what is served"
    assert strays.due([], [replace(ALARM, kind="feature")], True, NOW) == []


def test_of_models_that_nobody_registered_there_is_no_stream_to_tell_it_in() -> None:
    unknown = replace(STRAY, known=False, registered=None)
    assert strays.due([unknown], [], True, NOW) == []
    assert strays.unknown([STRAY, unknown]) == [unknown]


def test_a_batch_is_taken_once_in_whatever_order_batches_come() -> None:
    seen = Seen()
    assert [seen.take(number) for number in (3, 1, 3, 2, 1, 4)] == [
        *(True, True, False, True, False, True)
    ]
    assert seen.take(4 + KEPT_NUMBERS)
    assert not seen.take(4), "too far back to know"
    assert seen.take(5)
    assert Seen(seen.number, int.from_bytes(seen.mask.to_bytes(KEPT_NUMBERS // 8))) == seen
