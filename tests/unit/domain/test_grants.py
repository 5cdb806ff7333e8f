from base64 import urlsafe_b64encode
from datetime import timedelta

import pytest
from pydantic import ValidationError

from rollbook.domain.grants import (
    GrantRole,
    IssueKey,
    KeyIssued,
    KeyRevoked,
    RevokeKey,
    RevokeRole,
    RoleGranted,
    RoleRevoked,
    key_id,
)
from rollbook.domain.tenancy import Role
from tests.support import spec
from tests.support.spec import NOW

GRANT = GrantRole(subject="ada", role=Role.APPROVER, title="legal", reason="lawyer")
GRANTED = RoleGranted(grant=1, subject="ada", role=Role.APPROVER, title="legal", reason="lawyer")
REVOKED = RoleRevoked(grant=1, subject="ada", role=Role.APPROVER, reason="left")
LATER = NOW + timedelta(days=30)
PUBLIC = urlsafe_b64encode(b"\x01" * 32).decode().rstrip("=")
NAME = key_id(PUBLIC)
ISSUE = IssueKey(account="ci", public_key=PUBLIC, until=LATER)
ISSUED = KeyIssued(key=NAME, account="ci", public_key=PUBLIC, until=LATER)
KEY_REVOKED = KeyRevoked(key=NAME, account="ci", reason="leaked")

# GrantRole


def test_a_role_is_granted() -> None:
    spec.given().when(GRANT).does(GRANTED)


def test_the_number_of_a_revoked_grant_is_not_given_again() -> None:
    spec.given(GRANTED, REVOKED).when(GRANT).does(GRANTED.model_copy(update={"grant": 2}))


def test_only_an_approver_has_a_title() -> None:
    wrong = GrantRole(subject="ada", role=Role.VIEWER, title="legal", reason="x")
    spec.given().when(wrong).refuses("title_without_approver")


def test_a_role_cannot_be_granted_until_yesterday() -> None:
    wrong = GrantRole(subject="ada", role=Role.VIEWER, until=NOW, reason="x")
    spec.given().when(wrong).refuses("in_the_past")


def test_granting_what_somebody_has_stays_quiet() -> None:
    spec.given(GRANTED).when(GRANT).stays_quiet()


# RevokeRole


def test_a_grant_is_taken_back() -> None:
    spec.given(GRANTED).when(RevokeRole(grant=1, reason="left")).does(REVOKED)


def test_what_was_never_granted_cannot_be_taken_back() -> None:
    spec.given(GRANTED).when(RevokeRole(grant=2, reason="left")).refuses("unknown_grant")


def test_taking_back_a_grant_twice_stays_quiet() -> None:
    spec.given(GRANTED, REVOKED).when(RevokeRole(grant=1, reason="left")).stays_quiet()


# IssueKey


def test_a_key_may_be_used_until_a_moment_and_issued_for_longer() -> None:
    spec.given().when(ISSUE).does(ISSUED)
    longer = LATER + timedelta(days=30)
    spec.given(ISSUED).when(ISSUE.model_copy(update={"until": longer})).does(
        ISSUED.model_copy(update={"until": longer})
    )


def test_a_key_belongs_to_one_account() -> None:
    other = ISSUE.model_copy(update={"account": "bot"})
    spec.given(ISSUED).when(other).refuses("key_in_use")


def test_a_key_that_was_revoked_does_not_come_back() -> None:
    spec.given(ISSUED, KEY_REVOKED).when(ISSUE).refuses("revoked")


def test_a_key_cannot_be_issued_until_yesterday() -> None:
    spec.given().when(ISSUE, at=LATER).refuses("in_the_past")


def test_issuing_a_key_again_stays_quiet() -> None:
    spec.given(ISSUED).when(ISSUE).stays_quiet()


def test_a_public_key_has_one_text() -> None:
    for wrong in (
        PUBLIC + "=",
        PUBLIC[:-1],
        PUBLIC[:-1] + "F",
        PUBLIC[:-2] + "!!",
        PUBLIC + "\x00",
    ):
        with pytest.raises(ValidationError):
            IssueKey(account="ci", public_key=wrong, until=LATER)


# RevokeKey


def test_a_key_is_taken_out_of_use() -> None:
    spec.given(ISSUED).when(RevokeKey(key=NAME, reason="leaked")).does(KEY_REVOKED)
    assert not spec.govern(ISSUED, KEY_REVOKED).keys


def test_a_key_that_was_never_issued_cannot_be_revoked() -> None:
    spec.given().when(RevokeKey(key=NAME, reason="leaked")).refuses("unknown_key")


def test_revoking_a_key_twice_stays_quiet() -> None:
    spec.given(ISSUED, KEY_REVOKED).when(RevokeKey(key=NAME, reason="leaked")).stays_quiet()
