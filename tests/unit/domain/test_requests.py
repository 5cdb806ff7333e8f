from datetime import datetime, timedelta

from rollbook.domain.catalog import ModelClassified, ModelRestored
from rollbook.domain.environments import (
    EnvironmentCleared,
    PromoteVersion,
    VersionPromoted,
    VersionRolledBack,
)
from rollbook.domain.evidence import evidence_of
from rollbook.domain.model import ModelEvent
from rollbook.domain.requests import (
    OPEN,
    ApprovePromotion,
    CommentOnPromotion,
    EscalatePromotion,
    ExpirePromotion,
    PromotionApproved,
    PromotionCommented,
    PromotionEscalated,
    PromotionExpired,
    PromotionRejected,
    PromotionRequested,
    PromotionWithdrawn,
    RejectPromotion,
    RequestPromotion,
    WithdrawPromotion,
)
from rollbook.domain.rulebook import Rules
from tests.support import spec
from tests.support.spec import NOW
from tests.unit.domain.examples import (
    REGISTERED,
    RETIRED,
    THREE_VERSIONS,
    V1,
    archived,
    production,
    promoted,
    rolled_back,
    validated,
)

ASK = RequestPromotion(version=1, reason="better", rollback_plan="back to 0")
TWO = production(approvals={"limited": {"approver": 2}})
EXPIRES, ESCALATES = NOW + timedelta(days=14), NOW + timedelta(hours=24)


def evidence(*past: ModelEvent) -> str:
    return evidence_of(spec.fold(*past), 1, "production")


def requested(
    evidence: str, request: int = 1, escalates_at: datetime | None = ESCALATES, **quorum: int
) -> PromotionRequested:
    return PromotionRequested(
        request=request,
        version=1,
        environment="production",
        requested_by="rex",
        reason="better",
        rollback_plan="back to 0",
        risk="limited",
        quorum=quorum,
        expires_at=EXPIRES,
        escalates_at=escalates_at,
        evidence=evidence,
        rules=1,
    )


SEEN = evidence(REGISTERED, V1)
ASKED = (REGISTERED, V1, requested(SEEN, approver=2))


def approved(
    by: str, evidence: str = SEEN, title: str = "approver", **missing: int
) -> PromotionApproved:
    return PromotionApproved(
        request=1,
        version=1,
        environment="production",
        approved_by=by,
        title=title,
        evidence=evidence,
        missing=missing,
        rules=1,
    )


SIGNED = (*ASKED, approved("ada", approver=1), approved("abe"))

# RequestPromotion


def test_who_must_sign_is_fixed_when_it_is_asked_for() -> None:
    spec.given(REGISTERED, V1).when(ASK, by="rex", namespace=TWO).does(requested(SEEN, approver=2))


def test_reviewers_come_beside_those_of_the_rules() -> None:
    more = ASK.model_copy(update={"reviewers": {"legal": 1, "approver": 1}})
    spec.given(REGISTERED, V1).when(more, by="rex", namespace=TWO).does(
        requested(SEEN, approver=2, legal=1)
    )


def test_a_request_that_nobody_must_sign_never_escalates() -> None:
    spec.given(REGISTERED, V1).when(ASK, by="rex", namespace=production()).does(
        requested(SEEN, escalates_at=None)
    )


def test_a_request_names_an_environment_that_there_is() -> None:
    elsewhere = ASK.model_copy(update={"environment": "moon"})
    spec.given(REGISTERED, V1).when(elsewhere, namespace=TWO).refuses("unknown_environment")


def test_an_archived_version_is_not_asked_for() -> None:
    spec.given(REGISTERED, V1, archived(1)).when(ASK).refuses("archived")


def test_a_request_that_has_expired_is_closed_before_another() -> None:
    spec.given(*ASKED).when(ASK, namespace=TWO, at=EXPIRES).refuses("expired")


def test_a_model_has_a_bounded_number_of_open_requests() -> None:
    open_ = [
        requested(SEEN, request=n).model_copy(update={"environment": f"e{n}"})
        for n in range(1, OPEN + 1)
    ]
    spec.given(REGISTERED, V1, *open_).when(ASK).refuses("too_many")


def test_asking_for_what_is_asked_for_or_serves_stays_quiet() -> None:
    spec.given(*ASKED).when(ASK, namespace=TWO).stays_quiet(version=1)
    spec.given(REGISTERED, V1, promoted(1)).when(ASK, namespace=TWO).stays_quiet(version=1)


# ApprovePromotion


def test_a_signature_says_how_many_are_missing_and_the_last_lets_the_version_in() -> None:
    sign = ApprovePromotion(request=1)
    spec.given(*ASKED).when(sign, by="ada", namespace=TWO).does(approved("ada", approver=1))
    spec.given(*ASKED, approved("ada", approver=1)).when(sign, by="abe", namespace=TWO).does(
        approved("abe")
    )
    spec.given(*SIGNED).when(PromoteVersion(version=1), namespace=TWO).does(
        VersionPromoted(
            version=1,
            environment="production",
            request=1,
            approved_by=("ada", "abe"),
            evidence=SEEN,
            rules=1,
        )
    )


def test_nobody_signs_their_own_work() -> None:
    for who in ("rex", "pia"):  # who asked, and who registered it
        spec.given(*ASKED).when(ApprovePromotion(request=1), by=who, namespace=TWO).refuses(
            "own_work"
        )


def test_nobody_signs_what_they_have_not_seen() -> None:
    old = ApprovePromotion(request=1, evidence=SEEN)
    spec.given(*ASKED, validated(1)).when(old, by="ada", namespace=TWO).refuses("evidence_changed")


def test_nobody_signs_in_the_name_of_others() -> None:
    legal = production(approvals={"limited": {"legal": 1}})
    past = (REGISTERED, V1, requested(SEEN, legal=1))
    sign = ApprovePromotion(request=1)
    told = (
        spec.given(*past)
        .when(sign, by="ada", namespace=legal, titles=frozenset({"product"}))
        .refuses("wrong_title")
    )
    assert "legal" in told
    spec.given(*past).when(
        sign, by="abe", namespace=legal, titles=frozenset({"legal", "product"})
    ).does(approved("abe", title="legal"))


def test_who_signed_under_a_title_that_nobody_asked_for_can_sign_under_another() -> None:
    legal = production(approvals={"limited": {"legal": 1}})
    past = (REGISTERED, V1, requested(SEEN, legal=1), approved("abe", legal=1))
    as_legal = ApprovePromotion(request=1, title="legal")
    spec.given(*past).when(as_legal, by="abe", namespace=legal).does(approved("abe", title="legal"))


def test_one_person_with_two_titles_counts_once() -> None:
    both = production(approvals={"limited": {"legal": 1, "product": 1}})
    past = (
        *(REGISTERED, V1, requested(SEEN, legal=1, product=1)),
        approved("abe", title="legal", product=1),
    )
    spec.given(*past).when(
        ApprovePromotion(request=1, title="product"), by="abe", namespace=both
    ).does(approved("abe", title="product", legal=1))
    again = spec.fold(*past, approved("abe", title="product", legal=1))
    assert again.requests[1].missing(SEEN) == {"legal": 1}


def test_a_request_that_has_expired_is_not_signed() -> None:
    spec.given(*ASKED).when(
        ApprovePromotion(request=1), by="ada", namespace=TWO, at=EXPIRES
    ).refuses("expired")


def test_signing_twice_stays_quiet() -> None:
    spec.given(*ASKED, approved("ada", approver=1)).when(
        ApprovePromotion(request=1), by="ada", namespace=TWO
    ).stays_quiet(version=1)


# What signatures are worth


def test_signatures_on_other_facts_do_not_count() -> None:
    for changed in (validated(1), ModelClassified(risk="limited", reason="x")):
        spec.given(*SIGNED, changed).when(PromoteVersion(version=1), namespace=TWO).refuses(
            "needs_approval"
        )
    again = spec.given(*SIGNED, validated(1)).when(
        ApprovePromotion(request=1), by="ada", namespace=TWO
    )
    again.does(approved("ada", evidence(REGISTERED, V1, validated(1)), approver=1))


def test_rules_that_have_become_stricter_hold_for_open_requests() -> None:
    strict = production(approvals={"limited": {"approver": 2, "legal": 1}})
    spec.given(*SIGNED).when(PromoteVersion(version=1), namespace=strict).refuses("needs_approval")
    spec.given(*SIGNED).when(
        ApprovePromotion(request=1), by="eva", namespace=strict, titles=frozenset({"legal"})
    ).does(approved("eva", title="legal"))


def test_rules_that_have_become_weaker_do_not_let_an_open_request_off() -> None:
    spec.given(*ASKED).when(PromoteVersion(version=1), namespace=production()).refuses(
        "needs_approval"
    )


def test_signatures_are_used_up_by_what_they_let_in() -> None:
    past: tuple[ModelEvent, ...] = (
        *THREE_VERSIONS,
        *(promoted(1), promoted(2, 1)),
        requested(SEEN, approver=1),
    )
    rolled: VersionRolledBack = rolled_back(2, restored=1)
    assert not spec.fold(*past, rolled).requests
    assert not spec.fold(*SIGNED, promoted(1)).requests


def test_signatures_for_reviewers_are_told_where_no_rules_are_set() -> None:
    past = (REGISTERED, V1, requested(SEEN, approver=1), approved("ada"))
    spec.given(*past).when(PromoteVersion(version=1)).does(
        VersionPromoted(
            version=1, environment="production", request=1, approved_by=("ada",), evidence=SEEN
        )
    )


def test_an_expired_request_lets_nobody_in() -> None:
    spec.given(*SIGNED).when(PromoteVersion(version=1), namespace=TWO, at=EXPIRES).refuses(
        "expired"
    )


def test_signatures_do_not_outlive_what_served_beside_them() -> None:
    past = (*THREE_VERSIONS, requested(SEEN, approver=2), *SIGNED[-2:], promoted(2))
    spec.given(*past).when(PromoteVersion(version=1), namespace=TWO).refuses("needs_approval")
    cleared = EnvironmentCleared(version=2, environment="production", reason="x")
    assert spec.fold(*past, cleared).requests[1].missing(SEEN) == {}


def test_a_request_survives_retirement_but_is_not_signed_meanwhile() -> None:
    sign = ApprovePromotion(request=1)
    spec.given(*ASKED, RETIRED).when(sign, by="ada", namespace=TWO).refuses("retired")
    spec.given(*ASKED, RETIRED, ModelRestored(reason="x")).when(sign, by="ada", namespace=TWO).does(
        approved("ada", approver=1)
    )


# RejectPromotion


def test_a_no_closes_a_request_with_the_reason() -> None:
    no = PromotionRejected(
        request=1,
        version=1,
        environment="production",
        rejected_by="ada",
        evidence=SEEN,
        reason="unfair",
        rules=1,
    )
    reject = RejectPromotion(request=1, reason="unfair")
    spec.given(*SIGNED).when(reject, by="ada", namespace=TWO).does(no)
    spec.given(*SIGNED, no).when(PromoteVersion(version=1), namespace=TWO).refuses("needs_request")
    spec.given(*SIGNED, no).when(reject, by="ada").refuses("closed")


# CommentOnPromotion


def test_somebody_says_something() -> None:
    spec.given(*ASKED).when(CommentOnPromotion(request=1, comment="why?")).does(
        PromotionCommented(request=1, comment="why?")
    )


def test_nobody_comments_on_what_nobody_asked_for() -> None:
    spec.given(*ASKED).when(CommentOnPromotion(request=2, comment="why?")).refuses(
        "unknown_request"
    )


# WithdrawPromotion


def test_a_request_is_taken_back_of_a_retired_model_as_well() -> None:
    back = PromotionWithdrawn(request=1, version=1, environment="production", reason="bug")
    take_back = WithdrawPromotion(request=1, reason="bug")
    spec.given(*ASKED).when(take_back).does(back)
    spec.given(*ASKED, RETIRED).when(take_back).does(back)
    spec.given(*ASKED, back).when(take_back).refuses("closed")


def test_what_is_asked_for_a_version_is_closed_when_it_is_archived() -> None:
    staging = requested(SEEN, request=2).model_copy(update={"environment": "staging"})
    other = requested(SEEN, request=3).model_copy(update={"version": 2})
    past = (*THREE_VERSIONS, requested(SEEN), staging, other, archived(1))
    assert set(spec.fold(*past).requests) == {3}
    spec.given(*past).when(WithdrawPromotion(request=1, reason="x")).refuses("closed")


# EscalatePromotion

ESCALATED = PromotionEscalated(request=1, version=1, environment="production", to="admin")


def test_a_request_that_nobody_decides_escalates() -> None:
    spec.given(*ASKED).when(EscalatePromotion(request=1), at=ESCALATES, namespace=TWO).does(
        ESCALATED
    )


def test_a_request_does_not_escalate_before_its_time() -> None:
    spec.given(*ASKED).when(EscalatePromotion(request=1), namespace=TWO).refuses("not_due")


def test_a_request_escalates_once() -> None:
    spec.given(*ASKED, ESCALATED).when(EscalatePromotion(request=1), at=ESCALATES).stays_quiet(
        version=1
    )


def test_a_request_that_expires_first_never_escalates() -> None:
    slow = spec.govern()._replace(
        rules=Rules(
            request_expires=timedelta(days=1),
            request_escalates=timedelta(days=1),
        ),
        rules_version=1,
    )
    asked = ASK.model_copy(update={"reviewers": {"approver": 1}})
    answer = spec.given(REGISTERED, V1).when(asked, namespace=slow).answer
    assert isinstance(answer, PromotionRequested)
    assert answer.escalates_at is None


# ExpirePromotion

EXPIRED = PromotionExpired(request=1, version=1, environment="production", expires_at=EXPIRES)


def test_a_request_whose_time_is_over_is_closed() -> None:
    spec.given(*ASKED).when(ExpirePromotion(request=1), at=EXPIRES).does(EXPIRED)


def test_a_request_whose_time_is_not_over_is_not_closed() -> None:
    spec.given(*ASKED).when(ExpirePromotion(request=1)).refuses("not_due")


def test_a_request_that_is_closed_expires_quietly() -> None:
    spec.given(*ASKED, EXPIRED).when(ExpirePromotion(request=1), at=EXPIRES).stays_quiet()
