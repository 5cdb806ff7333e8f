from datetime import timedelta

from rollbook.domain.cards import Card, CardWentStale, CardWritten
from rollbook.domain.environments import (
    UNREVIEWED,
    BreakGlass,
    BreakGlassReviewed,
    ClearEnvironment,
    EnvironmentCleared,
    GlassBroken,
    PromoteVersion,
    RehearseRollback,
    ReviewBreakGlass,
    RollbackRehearsed,
    RollBackVersion,
    VersionPromoted,
    VersionRolledBack,
)
from rollbook.domain.evidence import evidence_of
from rollbook.domain.lineage import Terms
from rollbook.domain.model import ModelEvent
from rollbook.domain.rulebook import Rules
from rollbook.domain.state import KEPT_PLACES
from rollbook.domain.tenancy import Namespace
from rollbook.domain.validation import ValidationStarted
from rollbook.domain.versions import VersionRegistered
from tests.support import spec
from tests.support.spec import NOW
from tests.unit.domain.examples import (
    ARTIFACT,
    REGISTERED,
    RETIRED,
    THREE_VERSIONS,
    V1,
    archived,
    production,
    promoted,
    rejected,
    rolled_back,
    schema,
    validated,
)

ROLL_BACK = RollBackVersion(reason="worse")
STOOD_1_2_3 = (*THREE_VERSIONS, promoted(1), promoted(2, 1), promoted(3, 2))

# PromoteVersion


def test_the_first_promotion_replaces_nothing() -> None:
    spec.given(REGISTERED, V1).when(PromoteVersion(version=1)).does(
        VersionPromoted(version=1, environment="production", replaced=None)
    )


def test_a_promotion_replaces_what_stood_there() -> None:
    spec.given(*THREE_VERSIONS, promoted(1)).when(PromoteVersion(version=2)).does(
        VersionPromoted(version=2, environment="production", replaced=1)
    )


def test_environments_do_not_touch_each_other() -> None:
    past = (*THREE_VERSIONS, promoted(1), promoted(2, environment="staging"))
    spec.given(*past).when(PromoteVersion(version=1, environment="staging")).does(
        VersionPromoted(version=1, environment="staging", replaced=2)
    )
    assert spec.fold(*past).serving("production") == 1


def test_a_version_that_does_not_exist_cannot_be_promoted() -> None:
    spec.given(REGISTERED).when(PromoteVersion(version=1)).refuses("unknown_version")


def test_an_archived_version_cannot_be_promoted() -> None:
    spec.given(REGISTERED, V1, archived(1)).when(PromoteVersion(version=1)).refuses("archived")


def test_promoting_the_version_that_stands_there_stays_quiet() -> None:
    spec.given(REGISTERED, V1, promoted(1)).when(PromoteVersion(version=1)).stays_quiet(version=1)


# RollBackVersion


def test_a_roll_back_restores_the_version_before() -> None:
    spec.given(*STOOD_1_2_3).when(ROLL_BACK).does(rolled_back(3, restored=2))


def test_a_second_roll_back_goes_one_version_further() -> None:
    spec.given(*STOOD_1_2_3, rolled_back(3, 2)).when(ROLL_BACK).does(rolled_back(2, restored=1))


def test_roll_backs_end_at_the_first_version_that_stood_there() -> None:
    past = (*STOOD_1_2_3, rolled_back(3, 2), rolled_back(2, 1))
    spec.given(*past).when(ROLL_BACK).refuses("nothing_before")


def test_after_a_roll_back_a_promotion_begins_anew() -> None:
    past = (*STOOD_1_2_3, rolled_back(3, 1), promoted(3, 1))
    spec.given(*past).when(ROLL_BACK).does(rolled_back(3, restored=1))


def test_a_version_that_stood_there_twice_is_passed_twice() -> None:
    past = (*THREE_VERSIONS, promoted(1), promoted(2, 1), promoted(1, 2))
    spec.given(*past).when(ROLL_BACK).does(rolled_back(1, restored=2))
    spec.given(*past, rolled_back(1, 2)).when(ROLL_BACK).does(rolled_back(2, restored=1))


def test_a_roll_back_passes_over_archived_versions() -> None:
    spec.given(*STOOD_1_2_3, archived(2)).when(ROLL_BACK).does(rolled_back(3, restored=1))


def test_when_all_versions_before_are_archived_there_is_nothing_to_restore() -> None:
    spec.given(*STOOD_1_2_3, archived(1), archived(2)).when(ROLL_BACK).refuses("nothing_before")


def test_a_named_version_is_restored_and_what_stood_after_it_is_forgotten() -> None:
    to_first = RollBackVersion(reason="worse", to=1)
    spec.given(*STOOD_1_2_3).when(to_first).does(rolled_back(3, restored=1))
    spec.given(*STOOD_1_2_3, rolled_back(3, 1)).when(ROLL_BACK).refuses("nothing_before")


def test_a_roll_back_names_its_environment() -> None:
    past = (*THREE_VERSIONS, promoted(1, environment="eu"), promoted(2, 1, environment="eu"))
    spec.given(*past).when(RollBackVersion(reason="slow", environment="eu")).does(
        VersionRolledBack(version=2, environment="eu", restored=1, reason="slow")
    )


def test_where_nothing_serves_nothing_is_rolled_back() -> None:
    spec.given(*THREE_VERSIONS, promoted(1)).when(
        RollBackVersion(reason="worse", environment="staging")
    ).refuses("nothing_serves")


def test_a_version_that_never_stood_there_cannot_be_restored() -> None:
    past = (*THREE_VERSIONS, promoted(1), promoted(2, 1))
    spec.given(*past).when(RollBackVersion(reason="worse", to=3)).refuses("never_stood")


def test_an_archived_version_cannot_be_restored_by_name() -> None:
    spec.given(*STOOD_1_2_3, archived(1)).when(RollBackVersion(reason="worse", to=1)).refuses(
        "archived"
    )


def test_a_version_that_does_not_exist_cannot_be_restored() -> None:
    spec.given(*STOOD_1_2_3).when(RollBackVersion(reason="worse", to=9)).refuses("unknown_version")


def test_a_model_that_was_never_registered_cannot_be_rolled_back() -> None:
    spec.given().when(ROLL_BACK).refuses("unknown_model")


def test_rolling_back_to_the_version_that_stands_there_stays_quiet() -> None:
    spec.given(*STOOD_1_2_3).when(RollBackVersion(reason="worse", to=3)).stays_quiet(version=3)


def test_an_environment_remembers_a_bounded_number_of_places() -> None:
    count = KEPT_PLACES + 2
    versions = [
        VersionRegistered(version=n, registered_by="pia", artifact=ARTIFACT)
        for n in range(1, count + 1)
    ]
    places = [promoted(n, n - 1 or None) for n in range(1, count + 1)]
    past: tuple[ModelEvent, ...] = (REGISTERED, *versions, *places)
    assert len(spec.fold(*past).environments["production"]) == KEPT_PLACES
    spec.given(*past).when(RollBackVersion(reason="worse", to=2)).refuses("never_stood")
    spec.given(*past).when(RollBackVersion(reason="worse", to=3)).does(
        rolled_back(count, restored=3)
    )


# PromoteVersion, by the rules


def lets_in(*past: ModelEvent, by: Namespace) -> None:
    spec.given(*past).when(PromoteVersion(version=1), namespace=by).does(
        VersionPromoted(
            version=1,
            environment="production",
            evidence=evidence_of(spec.fold(*past), 1, "production"),
            rules=1,
        )
    )


def test_where_rules_name_environments_there_are_no_others() -> None:
    moon = PromoteVersion(version=1, environment="moon")
    told = (
        spec.given(REGISTERED, V1).when(moon, namespace=production()).refuses("unknown_environment")
    )
    assert "staging, production" in told


def test_a_rejected_version_is_promoted_nowhere_until_it_passes() -> None:
    looking = ValidationStarted(version=1)
    for past in ((rejected(1),), (rejected(1), looking)):
        spec.given(REGISTERED, V1, *past).when(PromoteVersion(version=1)).refuses("rejected")
    spec.given(REGISTERED, V1, rejected(1), looking, validated(1)).when(
        PromoteVersion(version=1)
    ).does(VersionPromoted(version=1, environment="production"))


def test_an_environment_may_ask_for_the_gates() -> None:
    gated = production(validated=True)
    spec.given(REGISTERED, V1).when(PromoteVersion(version=1), namespace=gated).refuses(
        "not_validated"
    )
    lets_in(REGISTERED, V1, validated(1), by=gated)


def test_an_environment_may_come_after_another() -> None:
    ordered = production(after="staging")
    promote = PromoteVersion(version=1)
    staged = promoted(1, environment="staging")
    spec.given(REGISTERED, V1).when(promote, namespace=ordered).refuses("wrong_order")
    lets_in(REGISTERED, V1, staged, by=ordered)
    lets_in(*THREE_VERSIONS, staged, promoted(2, 1, environment="staging"), by=ordered)
    cleared = EnvironmentCleared(version=1, environment="staging", reason="x")
    spec.given(REGISTERED, V1, staged, cleared).when(promote, namespace=ordered).refuses(
        "wrong_order"
    )


def test_an_environment_may_ask_for_sections_of_a_card_that_is_not_overdue() -> None:
    asking = production(card=["summary", "limitations"])
    promote = PromoteVersion(version=1)

    def written(**fields: object) -> CardWritten:
        card = Card.model_validate(fields)
        return CardWritten(version=1, revision=1, card=card, digest=card.digest())

    whole = {"summary": "x", "limitations": "y"}
    due = NOW + timedelta(days=1)
    stale = CardWentStale(version=1, revision=1, review_by=due)
    spec.given(REGISTERED, V1).when(promote, namespace=asking).refuses("no_card")
    told = spec.given(REGISTERED, V1, written(summary="x")).when(promote, namespace=asking)
    assert "limitations" in told.refuses("card_incomplete")
    lets_in(REGISTERED, V1, written(**whole), by=asking)
    lets_in(REGISTERED, V1, written(**whole, review_by=due), by=asking)
    overdue = spec.given(REGISTERED, V1, written(**whole, review_by=due))
    overdue.when(promote, namespace=asking, at=due).refuses("card_stale")
    spec.given(REGISTERED, V1, written(**whole, review_by=due), stale).when(
        promote, namespace=asking
    ).refuses("card_stale")


def test_an_environment_may_bar_personal_data_and_licences() -> None:
    private, licensed = production(pii="pseudonymous"), production(licences=["MIT"])
    promote = PromoteVersion(version=1)

    def under(**terms: object) -> VersionRegistered:
        return V1.model_copy(update={"terms": Terms.model_validate(terms)})

    spec.given(REGISTERED, V1).when(promote, namespace=private).refuses("privacy")
    spec.given(REGISTERED, under(pii="personal")).when(promote, namespace=private).refuses(
        "privacy"
    )
    lets_in(REGISTERED, under(pii="none"), by=private)
    spec.given(REGISTERED, V1).when(promote, namespace=licensed).refuses("licence")
    lets_in(REGISTERED, under(licence="MIT"), by=licensed)


def test_an_environment_may_ask_for_what_the_metadata_schema_asks_for() -> None:
    rules = Rules.model_validate({"environments": [{"name": "production", "metadata": True}]})
    asking = schema({"required": ["owner"]})._replace(rules=rules, rules_version=1)
    told = spec.given(REGISTERED, V1).when(PromoteVersion(version=1), namespace=asking)
    assert "owner" in told.refuses("incomplete")


def test_a_protected_environment_needs_a_request() -> None:
    spec.given(REGISTERED, V1).when(
        PromoteVersion(version=1), namespace=production(protected=True)
    ).refuses("needs_request")


def test_all_that_stands_against_a_promotion_is_said_at_once() -> None:
    strict = production(validated=True, card=["summary"], licences=["MIT"], protected=True)
    told = spec.given(REGISTERED, V1).when(PromoteVersion(version=1), namespace=strict)
    message = told.refuses("not_validated")
    assert all(word in message for word in ("card", "licence", "approver"))


def test_a_roll_back_needs_no_signature() -> None:
    strict = production(protected=True, validated=True)
    spec.given(*STOOD_1_2_3).when(ROLL_BACK, namespace=strict).does(rolled_back(3, restored=2))


# ClearEnvironment

CLEAR = ClearEnvironment(environment="production", reason="harm")
CLEARED = EnvironmentCleared(version=1, environment="production", reason="harm")


def test_what_serves_is_taken_out_and_nothing_serves() -> None:
    spec.given(REGISTERED, V1, promoted(1)).when(CLEAR).does(CLEARED)
    assert not spec.fold(REGISTERED, V1, promoted(1), CLEARED).environments
    spec.given(REGISTERED, V1, promoted(1), CLEARED).when(ROLL_BACK).refuses("nothing_serves")


def test_an_environment_of_a_model_that_was_never_registered_cannot_be_cleared() -> None:
    spec.given().when(CLEAR).refuses("unknown_model")


def test_clearing_where_nothing_serves_stays_quiet() -> None:
    spec.given(REGISTERED, V1).when(CLEAR).stays_quiet()


# RehearseRollback


def test_a_rehearsal_says_what_a_roll_back_would_restore_and_changes_nothing() -> None:
    event = RollbackRehearsed(version=3, environment="production", restored=2, note="drill")
    spec.given(*STOOD_1_2_3).when(RehearseRollback(note="drill")).does(event)
    assert spec.fold(*STOOD_1_2_3, event) == spec.fold(*STOOD_1_2_3)


def test_where_nothing_stood_before_nothing_can_be_rehearsed() -> None:
    spec.given(REGISTERED, V1, promoted(1)).when(RehearseRollback(note="drill")).refuses(
        "nothing_before"
    )


# BreakGlass

BREAK = BreakGlass(version=1, reason="outage")


def broken(number: int = 1, *bypassed: str, rules: int = 0) -> GlassBroken:
    return GlassBroken(
        version=1,
        environment="production",
        reason="outage",
        number=number,
        bypassed=bypassed,
        broken_by="ola",
        rules=rules,
    )


def test_a_broken_glass_names_all_rules_that_it_went_past() -> None:
    strict = production(protected=True, card=["summary"])
    spec.given(REGISTERED, V1, rejected(1)).when(BREAK, by="ola", namespace=strict).does(
        broken(1, "rejected", "no_card", "needs_request", rules=1)
    )


def test_no_emergency_lets_an_archived_version_in_or_makes_an_environment() -> None:
    spec.given(REGISTERED, V1, archived(1)).when(BREAK, by="ola").refuses("archived")
    moon = BreakGlass(version=1, environment="moon", reason="outage")
    spec.given(REGISTERED, V1).when(moon, namespace=production()).refuses("unknown_environment")


def test_broken_glasses_do_not_pile_up() -> None:
    pile = [broken(n).model_copy(update={"environment": f"e{n}"}) for n in range(1, UNREVIEWED + 1)]
    spec.given(REGISTERED, V1, *pile).when(BREAK, by="ola").refuses("unreviewed")


def test_breaking_the_glass_for_what_serves_stays_quiet() -> None:
    spec.given(REGISTERED, V1, promoted(1)).when(BREAK, by="ola").stays_quiet(version=1)


# ReviewBreakGlass

REVIEW = ReviewBreakGlass(number=1, verdict="justified", note="it was")
REVIEWED = BreakGlassReviewed(number=1, verdict="justified", note="it was")


def test_somebody_else_reviews_a_broken_glass_even_of_a_retired_model() -> None:
    spec.given(REGISTERED, V1, broken()).when(REVIEW, by="ada").does(REVIEWED)
    cleared = (CLEARED, RETIRED)
    spec.given(REGISTERED, V1, broken(), *cleared).when(REVIEW, by="ada").does(REVIEWED)


def test_who_broke_a_glass_does_not_review_it() -> None:
    spec.given(REGISTERED, V1, broken()).when(REVIEW, by="ola").refuses("own_work")


def test_a_glass_that_was_never_broken_cannot_be_reviewed() -> None:
    spec.given(REGISTERED, V1).when(REVIEW, by="ada").refuses("unknown_break")


def test_reviewing_a_broken_glass_again_stays_quiet() -> None:
    spec.given(REGISTERED, V1, broken(), REVIEWED).when(REVIEW, by="ada").stays_quiet()
