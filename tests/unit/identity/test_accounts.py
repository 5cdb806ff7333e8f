from base64 import urlsafe_b64decode
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from rollbook.domain.access import Principal
from rollbook.domain.grants import PublicKey, key_id
from rollbook.domain.messages import Refused
from rollbook.domain.tenancy import Role
from rollbook.identity import accounts
from rollbook.identity.accounts import AccountToken, mint, parse, present
from tests.unit.identity.forging import NOW, UNTIL, Keys, issued

TOKEN = mint("team-a", "ci")


def test_a_minted_token_is_read_back() -> None:
    read = parse(TOKEN.reveal())
    assert (read.namespace, read.account, read.reveal()) == ("team-a", "ci", TOKEN.reveal())
    assert read.public_key == TOKEN.public_key
    assert read.subject == "account:team-a/ci"


def test_its_public_half_is_one_that_can_be_issued() -> None:
    assert TypeAdapter(PublicKey).validate_python(TOKEN.public_key) == TOKEN.public_key
    assert TOKEN.key_id == key_id(TOKEN.public_key)


def test_no_two_tokens_are_alike() -> None:
    assert len({mint("a", "b").reveal() for _ in range(50)}) == 50


def test_a_token_never_shows_its_secret() -> None:
    seed = TOKEN.reveal().split("_", 3)[3]
    for shown in (repr(TOKEN), str(TOKEN), f"{TOKEN}", repr([TOKEN]), TOKEN.public_key):
        assert seed not in shown
    assert len(urlsafe_b64decode(seed + "=")) == 32


@pytest.mark.parametrize("name", ["", "A", "a_b", "-a", "a" * 64, "a/b", "ü", "a\n"])
def test_a_name_that_breaks_the_rules_gets_no_token(name: str) -> None:
    with pytest.raises(ValueError, match="lower-case"):
        mint(name, "ci")
    with pytest.raises(ValueError, match="lower-case"):
        mint("team", name)


GOOD = TOKEN.reveal()


@pytest.mark.parametrize(
    "token",
    [
        *("", "rbk_", "rbk___", "xxx_a_b_c", GOOD[:-1], GOOD + "A", GOOD + "=", " " + GOOD),
        *(GOOD.upper(), GOOD + "\n", GOOD.replace("rbk_", "rbk_x_"), "é" * 60, GOOD[:-1] + "!"),
    ],
    ids=lambda token: f"{len(token)} characters",
)
def test_a_malformed_token_is_refused_and_not_quoted(token: str) -> None:
    with pytest.raises(Refused) as caught:
        parse(token)
    assert caught.value.code == "unauthenticated"
    assert len(token) < 10 or token not in caught.value.message


def test_a_key_has_one_spelling_only() -> None:
    good = AccountToken("a", "b", "A" * 43).reveal()
    with pytest.raises(Refused):
        parse(good[:-1] + "B")


@given(st.text(max_size=120))
def test_garbage_is_refused_and_breaks_nothing(garbage: str) -> None:
    with pytest.raises(Refused):
        present("rbk_" + garbage, Keys({}), NOW)


# Presenting it over HTTP


def test_who_presents_a_token_of_an_issued_key_is_its_account() -> None:
    keys = Keys(issued(TOKEN))
    assert present(TOKEN.reveal(), keys, NOW) == Principal("account:team-a/ci")


def test_a_key_for_some_roles_limits_its_account() -> None:
    keys = Keys(issued(TOKEN, roles=(Role.PUBLISHER,)))
    assert present(TOKEN.reveal(), keys, NOW).limit == frozenset({Role.PUBLISHER})


def refusal(token: AccountToken, keys: Keys, after: timedelta = timedelta()) -> str:
    with pytest.raises(Refused) as caught:
        present(token.reveal(), keys, NOW + after)
    assert caught.value.code == "unauthenticated"
    assert token.reveal().split("_", 3)[3] not in caught.value.message
    return caught.value.message


def test_a_token_that_nobody_issued_is_refused() -> None:
    assert "never issued, or was revoked" in refusal(mint("team-a", "ci"), Keys(issued(TOKEN)))


def test_a_key_is_good_until_it_expires_and_not_a_moment_longer() -> None:
    keys = Keys(issued(TOKEN))
    almost = UNTIL - NOW - timedelta(seconds=1)
    present(TOKEN.reveal(), keys, NOW + almost)
    assert "expired" in refusal(TOKEN, keys, UNTIL - NOW)


@pytest.mark.parametrize(("namespace", "account"), [("team-b", "ci"), ("team-a", "release")])
def test_a_key_does_not_open_another_namespace_or_account(namespace: str, account: str) -> None:
    seed = TOKEN.reveal().split("_", 3)[3]
    refusal(AccountToken(namespace, account, seed), Keys(issued(TOKEN)))


def test_a_key_of_the_same_name_is_not_the_same_key() -> None:
    other = mint("team-a", "ci")
    found = issued(other)[other.namespace, other.key_id]
    assert "not one of" in refusal(TOKEN, Keys({("team-a", TOKEN.key_id): found}))


def test_a_subject_names_its_namespace() -> None:
    assert accounts.subject("team-a", "ci") == "account:team-a/ci"
