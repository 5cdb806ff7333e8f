from datetime import timedelta

from rollbook.domain.cards import (
    Card,
    CardReviewed,
    CardWentStale,
    CardWritten,
    Impact,
    MarkCardStale,
    ReviewCard,
    WriteCard,
)
from tests.support import spec
from tests.support.spec import NOW
from tests.unit.domain.examples import REGISTERED, V1

DUE = NOW + timedelta(days=90)
CARD = Card(summary="who leaves", review_by=DUE)
WRITTEN = CardWritten(version=1, revision=1, card=CARD, digest=CARD.digest())
STALE = CardWentStale(version=1, revision=1, review_by=DUE)

# WriteCard


def test_a_card_is_written_and_then_revised() -> None:
    spec.given(REGISTERED, V1).when(WriteCard(version=1, card=CARD)).does(WRITTEN)
    other = Card(summary="who leaves soon")
    spec.given(REGISTERED, V1, WRITTEN).when(WriteCard(version=1, card=other)).does(
        CardWritten(version=1, revision=2, card=other, digest=other.digest())
    )


def test_a_version_that_does_not_exist_has_no_card() -> None:
    spec.given(REGISTERED).when(WriteCard(version=1, card=CARD)).refuses("unknown_version")


def test_writing_the_card_that_stands_there_stays_quiet() -> None:
    spec.given(REGISTERED, V1, WRITTEN).when(WriteCard(version=1, card=CARD)).stays_quiet(version=1)


def test_what_is_empty_is_no_section() -> None:
    empty = Card(summary="  \n", environmental_impact=Impact())
    assert empty.sections() == ()
    full = Card(limitations="old people", environmental_impact=Impact(co2_kg=1.5))
    assert full.sections() == ("limitations", "environmental_impact")


# ReviewCard


def test_a_card_is_confirmed_until_another_day() -> None:
    later = DUE + timedelta(days=90)
    spec.given(REGISTERED, V1, WRITTEN, STALE).when(
        ReviewCard(version=1, review_by=later, note="holds")
    ).does(CardReviewed(version=1, revision=1, review_by=later, note="holds"))


def test_a_card_cannot_be_confirmed_until_yesterday() -> None:
    yesterday = NOW - timedelta(days=1)
    spec.given(REGISTERED, V1, WRITTEN).when(
        ReviewCard(version=1, review_by=yesterday, note="holds")
    ).refuses("in_the_past")


def test_a_card_that_was_never_written_cannot_be_confirmed() -> None:
    spec.given(REGISTERED, V1).when(ReviewCard(version=1, review_by=DUE, note="holds")).refuses(
        "no_card"
    )


def test_confirming_a_card_until_the_same_day_stays_quiet_unless_it_is_stale() -> None:
    again = ReviewCard(version=1, review_by=DUE, note="holds")
    spec.given(REGISTERED, V1, WRITTEN).when(again).stays_quiet(version=1)
    spec.given(REGISTERED, V1, WRITTEN, STALE).when(again).does(
        CardReviewed(version=1, revision=1, review_by=DUE, note="holds")
    )


# MarkCardStale


def test_a_card_goes_stale_when_its_review_is_due() -> None:
    spec.given(REGISTERED, V1, WRITTEN).when(MarkCardStale(version=1), at=DUE).does(STALE)


def test_a_card_does_not_go_stale_before() -> None:
    told = spec.given(REGISTERED, V1, WRITTEN).when(MarkCardStale(version=1)).refuses("not_due")
    assert "2026-05-31" in told


def test_a_card_without_a_review_never_goes_stale() -> None:
    card = Card(summary="x")
    written = CardWritten(version=1, revision=1, card=card, digest=card.digest())
    told = spec.given(REGISTERED, V1, written).when(MarkCardStale(version=1)).refuses("not_due")
    assert "never" in told


def test_a_stale_card_stays_so_quietly() -> None:
    spec.given(REGISTERED, V1, WRITTEN, STALE).when(MarkCardStale(version=1), at=DUE).stays_quiet(
        version=1
    )
