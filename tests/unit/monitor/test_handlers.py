from datetime import timedelta, timezone

from rollbook.domain.access import WHO_MAY
from rollbook.domain.cards import MarkCardStale
from rollbook.domain.requests import EscalatePromotion, ExpirePromotion
from rollbook.monitor.effects import ROLES
from rollbook.monitor.handlers import KINDS, Deadline, escalated, expired, oldest, stale
from tests.unit.monitor.rows import DAY, NOW, card, request


def test_a_card_whose_review_is_overdue_goes_stale() -> None:
    (deadline,) = stale([card(version=3, card_revision=2)], NOW)
    assert deadline == Deadline("team/churn", MarkCardStale(version=3), NOW - DAY, 2)
    assert (deadline.kind, deadline.namespace, deadline.number) == ("MarkCardStale", "team", 3)


def test_a_card_that_holds_or_is_stale_or_needs_no_review_is_left_alone() -> None:
    rows = [card(review_by=NOW + DAY), card(card_stale=True), card(review_by=None)]
    assert stale(rows, NOW) == []


def test_a_request_is_escalated_from_its_moment_on_until_it_expires() -> None:
    (deadline,) = escalated([request(escalates_at=NOW)], NOW)
    assert deadline == Deadline("team/churn", EscalatePromotion(request=1), NOW)
    early, done, never = (
        request(escalates_at=NOW + DAY),
        request(escalated_at=NOW),
        request(escalates_at=None),
    )
    assert escalated([early, done, never, request(expires_at=NOW)], NOW) == []


def test_a_request_expires_at_its_moment() -> None:
    (deadline,) = expired([request(expires_at=NOW)], NOW)
    assert deadline == Deadline("team/churn", ExpirePromotion(request=1), NOW)
    assert expired([request(), request(expires_at=NOW, state="rejected")], NOW) == []


def test_every_deadline_has_an_id_of_its_own_which_never_changes() -> None:
    found = [
        *stale([card(), card(version=2), card(card_revision=2), card(model="team/other")], NOW),
        *stale([card(review_by=NOW - 2 * DAY)], NOW),
        *escalated([request(), request(number=2)], NOW),
        *expired([request(expires_at=NOW - DAY), request(expires_at=NOW)], NOW),
    ]
    ids = [deadline.command_id() for deadline in found]
    assert len(set(ids)) == len(found)
    # As it stands in logs by now: with another one, every deadline would be acted on anew.
    assert ids[0] == "225e862f-f6f2-5567-a4b0-1ae3b9bff50d"


def test_the_id_does_not_depend_on_the_zone_but_on_the_attempt() -> None:
    (deadline,) = stale([card()], NOW)
    east = timezone(timedelta(hours=3))
    (again,) = stale([card(review_by=(NOW - DAY).astimezone(east))], NOW)
    assert again.command_id() == deadline.command_id()
    assert deadline.command_id(1) != deadline.command_id(0)


def test_the_oldest_tells_for_how_long_nobody_has_acted() -> None:
    found = stale([card(), card(version=2, review_by=NOW - 3 * DAY)], NOW)
    assert oldest(found, "MarkCardStale", NOW) == 3 * DAY
    assert oldest(found, "ExpirePromotion", NOW) == timedelta(0)


def test_the_roles_it_limits_itself_to_suffice_and_none_is_in_vain() -> None:
    by_name = {command.__name__: roles for command, roles in WHO_MAY.items()}
    assert all(ROLES & by_name[kind] for kind in KINDS)
    assert len(ROLES) == 1
