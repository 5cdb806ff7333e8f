from datetime import timedelta

import pytest

from rollbook.domain.cards import CardWentStale
from rollbook.eventlog.outcomes import CommandConfirmed, CommandRefused
from rollbook.monitor.handlers import Deadline, stale
from rollbook.monitor.patience import FIRST_PAUSE, LONGEST_PAUSE, ROOM, Patience
from tests.unit.monitor.rows import DAY, NOW, card

KIND = "MarkCardStale"
STALE = CardWentStale(version=1, revision=1, review_by=NOW)


def of(model: str = "team/churn", version: int = 1) -> Deadline:
    return stale([card(model, version)], NOW)[0]


def refused(code: str) -> CommandRefused:
    return CommandRefused(command=KIND, code=code, message="no")


@pytest.fixture
def patience() -> Patience:
    return Patience()


@pytest.mark.parametrize(
    "outcome",
    [STALE, CommandConfirmed(command=KIND), refused("closed"), refused("unknown_request")],
)
def test_what_is_settled_is_not_asked_again_while_the_tables_lag(
    patience: Patience, outcome: CardWentStale | CommandConfirmed | CommandRefused
) -> None:
    assert patience.timely([of()], NOW) == [of()]
    patience.heard(of(), outcome, NOW, NOW)
    assert patience.timely([of()], NOW + DAY) == []


def test_what_the_tables_do_not_show_any_more_is_forgotten(patience: Patience) -> None:
    patience.heard(of(), STALE, NOW, NOW)
    patience.heard(of(version=2), refused("forbidden"), NOW, NOW)
    assert patience.timely([], NOW) == []
    assert patience.timely([of()], NOW) == [of()]
    assert patience.attempt(of(version=2)) == 0


def test_a_refusal_is_tried_again_under_another_id_after_ever_longer_pauses(
    patience: Patience,
) -> None:
    now, pauses = NOW, []
    for attempt in range(14):
        assert patience.attempt(of()) == attempt
        patience.heard(of(), refused("not_due"), now, now)
        began = now
        while not patience.may(of(), now):
            now += timedelta(seconds=1)
        pauses.append(now - began)
    assert pauses[:3] == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE]
    assert pauses[-1] == LONGEST_PAUSE


def test_a_refusal_of_before_a_restart_holds_nothing_back(patience: Patience) -> None:
    patience.heard(of(), refused("forbidden"), NOW - DAY, NOW)
    assert patience.may(of(), NOW)
    assert patience.attempt(of()) == 1


def test_a_series_of_old_refusals_is_walked_through_at_once(patience: Patience) -> None:
    at = NOW - DAY
    for attempt in range(8):
        assert (patience.attempt(of()), patience.may(of(), NOW)) == (attempt, True)
        patience.heard(of(), refused("forbidden"), at, NOW)
        at += FIRST_PAUSE * 2**attempt
    assert patience.may(of(), NOW)


def test_a_clock_that_is_hours_slow_does_not_make_it_ask_without_end(patience: Patience) -> None:
    asked, now = 0, NOW
    while patience.may(of(), now):
        now += timedelta(milliseconds=10)
        patience.heard(of(), refused("not_due"), now - 5 * timedelta(hours=1), now)
        asked += 1
    assert asked == 2
    assert not patience.may(of(), now + FIRST_PAUSE)


def test_after_forbidden_the_namespace_waits_and_the_others_do_not(patience: Patience) -> None:
    found = [of(), of(version=2), of("other/churn")]
    patience.heard(of(), refused("forbidden"), NOW, NOW)
    assert patience.timely(found, NOW) == [of("other/churn")]
    # Whose turn has not come yet goes first.
    assert patience.timely(found, NOW + FIRST_PAUSE)[-1] == of()


def test_after_unauthenticated_all_wait(patience: Patience) -> None:
    patience.heard(of(), refused("unauthenticated"), NOW, NOW)
    assert patience.timely([of("other/churn")], NOW) == []
    assert patience.timely([of("other/churn")], NOW + FIRST_PAUSE) == [of("other/churn")]


def test_another_refusal_holds_back_only_its_own(patience: Patience) -> None:
    patience.heard(of(), refused("stream_broken"), NOW, NOW)
    assert patience.timely([of(), of(version=2)], NOW) == [of(version=2)]


def test_what_waits_does_not_hide_what_comes_after_it(patience: Patience) -> None:
    found = [of(version=n) for n in range(1, ROOM + 1)]
    patience.heard(found[0], refused("forbidden"), NOW, NOW)
    assert patience.timely(found, NOW) == []
    assert patience.room(KIND) == 2 * ROOM
    assert patience.room("ExpirePromotion") == ROOM
