from datetime import timedelta
from typing import get_args

import pytest

from rollbook.domain import access
from rollbook.domain.access import WHO_MAY, WHO_SEES, Principal, Read
from rollbook.domain.aliases import SetAlias
from rollbook.domain.catalog import ClassifyModel
from rollbook.domain.environments import GlassBroken, PromoteVersion, ReviewBreakGlass
from rollbook.domain.grants import GrantRole, RoleGranted
from rollbook.domain.messages import Message, Refused
from rollbook.domain.requests import ApprovePromotion, RejectPromotion, WithdrawPromotion
from rollbook.domain.rulebook import Rules
from rollbook.domain.rules import SetRules
from rollbook.domain.streams import StreamCommand, beginning
from rollbook.domain.tenancy import Namespace, Role
from rollbook.domain.versions import RegisterVersion
from tests.support import spec
from tests.support.spec import NOW
from tests.unit.domain.examples import ARTIFACT, REGISTERED, V1
from tests.unit.domain.test_requests import ASKED

REGISTER = RegisterVersion(artifact=ARTIFACT)
PROMOTE = PromoteVersion(version=1)
ADA = Principal("ada")
NOBODYS = Namespace()


def granting(*grants: dict[str, object]) -> Namespace:
    return spec.govern(
        *(
            RoleGranted.model_validate({"grant": n, "subject": "ada", "reason": "x", **grant})
            for n, grant in enumerate(grants, 1)
        )
    )


def may(
    principal: Principal,
    command: Message,
    own: Namespace,
    registry: Namespace = NOBODYS,
    key: str = "team/churn",
) -> bool:
    state = spec.fold(*ASKED) if "/" in key else beginning(key)
    try:
        access.check(principal, command, key, state, (own, registry), NOW)
    except Refused as refused:
        if refused.code != "forbidden":
            raise
        return False
    return True


def test_every_command_and_every_read_has_a_rule() -> None:
    assert set(WHO_MAY) == set(get_args(StreamCommand))
    assert set(WHO_SEES) == set(Read)
    assert all(WHO_MAY.values())
    assert all(WHO_SEES.values())


@pytest.mark.parametrize("role", list(Role))
def test_a_role_may_do_what_the_table_says_and_nothing_in_another_namespace(role: Role) -> None:
    own = granting({"role": role})
    for command, roles in WHO_MAY.items():
        wish = command.model_construct(None, number=1, alarm=1)  # type: ignore[call-arg]
        assert may(ADA, wish, own) == (role in roles), command
        assert not may(ADA, wish, NOBODYS)
        assert not may(Principal("eve"), wish, own)


def test_who_is_granted_nothing_may_do_nothing_and_an_open_registry_lets_everybody() -> None:
    assert not may(ADA, REGISTER, NOBODYS)
    assert may(Principal("ada", everything=True), REGISTER, NOBODYS)


def test_a_refusal_says_what_is_needed() -> None:
    with pytest.raises(Refused, match=r"PromoteVersion on team/churn in production .* releaser"):
        access.check(ADA, PROMOTE, "team/churn", spec.fold(REGISTERED), (NOBODYS, NOBODYS), NOW)


def test_what_is_granted_in_the_registry_holds_everywhere() -> None:
    assert may(ADA, REGISTER, NOBODYS, granting({"role": "publisher"}))


def test_groups_hold_roles_under_their_own_name() -> None:
    own = granting({"role": "publisher", "subject": "group:ml"})
    assert may(Principal("ada", groups=("ml",)), REGISTER, own)
    assert not may(Principal("ml"), REGISTER, own)


def test_a_grant_ends_at_its_moment() -> None:
    hour = timedelta(hours=1)
    assert may(ADA, REGISTER, granting({"role": "publisher", "until": NOW + hour}))
    assert not may(ADA, REGISTER, granting({"role": "publisher", "until": NOW}))


def test_everything_within_a_limit_is_what_these_roles_may_do() -> None:
    limited = Principal("a service", limit=frozenset({Role.PUBLISHER}), everything=True)
    assert may(limited, REGISTER, NOBODYS)
    assert not may(limited, PROMOTE, NOBODYS)
    assert not access.is_releaser(limited, "team/churn", (NOBODYS, NOBODYS), NOW)
    sees = {read for read in Read if access.may_see(limited, read, "churn", (NOBODYS,), NOW)}
    assert sees == {Read.RECORD}


def test_a_key_may_be_limited_to_some_of_the_roles() -> None:
    own = granting({"role": "publisher"}, {"role": "releaser"})
    limited = Principal("ada", limit=frozenset({Role.PUBLISHER}))
    assert may(limited, REGISTER, own)
    assert not may(limited, PROMOTE, own)
    assert not access.is_releaser(limited, "team/churn", (own, NOBODYS), NOW)


@pytest.mark.parametrize(
    ("glob", "name", "fits"),
    [
        ("*", "churn", True),
        ("ch*", "churn", True),
        ("ch*", "xchurn", False),
        ("chur?", "churn", True),
        ("Churn", "churn", False),
        ("churn[1]", "churn1", False),
        ("churn[1]", "churn[1]", True),
    ],
)
def test_a_grant_is_for_the_models_whose_names_match(glob: str, name: str, fits: bool) -> None:
    own = granting({"role": "publisher", "models": glob})
    assert may(ADA, REGISTER, own, key=f"team/{name}") == fits


def test_a_grant_for_some_models_is_none_for_the_namespace() -> None:
    command = SetRules(rules=Rules())
    assert may(ADA, command, granting({"role": "admin"}), key="team")
    assert not may(ADA, command, granting({"role": "admin", "models": "ch*"}), key="team")


def test_a_grant_for_some_environments_is_for_commands_about_these() -> None:
    own = granting({"role": "releaser", "environments": "stag*"})
    assert may(ADA, PromoteVersion(version=1, environment="staging"), own)
    assert not may(ADA, PROMOTE, own)
    assert not may(ADA, SetAlias(alias="champion", version=1), own)
    assert not access.is_releaser(ADA, "team/churn", (own, NOBODYS), NOW)


def test_who_may_sign_in_staging_does_not_judge_the_risk_in_production() -> None:
    staging = granting({"role": "approver", "environments": "staging"})
    assert not may(ADA, ClassifyModel(risk="minimal", reason="x"), staging)
    assert may(ADA, ClassifyModel(risk="minimal", reason="x"), granting({"role": "approver"}))


def test_a_signature_is_about_the_environment_of_its_request() -> None:
    sign = ApprovePromotion(request=1)
    assert may(ADA, sign, granting({"role": "approver", "environments": "production"}))
    assert not may(ADA, sign, granting({"role": "approver", "environments": "staging"}))


def test_a_review_is_about_the_environment_of_its_broken_glass() -> None:
    broken = GlassBroken(version=1, environment="eu", reason="x", number=1, broken_by="ola")
    command = ReviewBreakGlass(number=1, verdict="justified", note="x")
    assert access.environment_of(command, spec.fold(REGISTERED, V1, broken)) == "eu"


def test_titles_are_those_of_the_grants_that_hold_there() -> None:
    own = granting(
        {"role": "approver", "title": "legal"},
        {"role": "approver", "title": "product", "environments": "staging"},
        {"role": "approver", "title": "late", "until": NOW},
        {"role": "viewer"},
    )
    both = (own, NOBODYS)
    assert access.titles(ADA, "team/churn", "production", both, NOW) == frozenset(("legal",))
    assert access.titles(ADA, "team/churn", "staging", both, NOW) == frozenset(("legal", "product"))
    assert access.titles(Principal("eve"), "team/churn", "staging", both, NOW) == frozenset()
    anybody = Principal("ada", everything=True)
    assert access.titles(anybody, "team/churn", "staging", both, NOW) is None


def test_reads_are_seen_by_the_roles_of_the_table() -> None:
    for read, roles in WHO_SEES.items():
        for role in Role:
            own = granting({"role": role, "models": "ch*"})
            seen = access.may_see(ADA, read, "churn", (own, NOBODYS), NOW)
            assert seen == (role in roles)
            assert not access.may_see(ADA, read, "other", (own, NOBODYS), NOW)
            assert access.sees(ADA, (own, NOBODYS), NOW) == {"ch*"}
    assert access.sees(Principal("eve"), (NOBODYS, NOBODYS), NOW) == frozenset()


def test_an_admin_grants_roles_in_its_own_namespace_only() -> None:
    command = GrantRole(subject="eve", role=Role.ADMIN, reason="x")
    assert may(ADA, command, granting({"role": "admin"}), key="team")
    assert not may(ADA, command, NOBODYS, NOBODYS, key="rollbook")


# What goes beyond the table

TAKE_BACK = WithdrawPromotion(request=1, reason="late")


def test_a_publisher_takes_back_their_own_requests_only() -> None:
    publishes = granting({"role": "publisher"}, {"role": "publisher", "subject": "rex"})
    assert not may(ADA, TAKE_BACK, publishes)
    assert may(Principal("rex"), TAKE_BACK, publishes)  # who asked
    for role in ("releaser", "admin"):
        assert may(ADA, TAKE_BACK, granting({"role": "publisher"}, {"role": role}))


def test_who_is_refused_does_not_learn_whether_there_is_such_a_request() -> None:
    told = set()
    for command in (ApprovePromotion, RejectPromotion, WithdrawPromotion):
        for number in (1, 2):
            wish = command.model_validate(
                {"request": number} | ({"reason": "x"} if command is not ApprovePromotion else {})
            )
            with pytest.raises(Refused) as refused:
                access.check(
                    Principal("eve"), wish, "team/churn", spec.fold(*ASKED), (NOBODYS, NOBODYS), NOW
                )
            told.add(refused.value.message)
    assert len(told) == 3


def test_who_may_keep_personal_data_may_write_a_text_that_refers_to_it() -> None:
    assert set(Role) - {Role.VIEWER, Role.AUDITOR} == access.WHO_KEEPS
