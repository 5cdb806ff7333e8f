"""Who asks must be proven where the registry has a secret."""

from collections.abc import Callable, Iterator
from time import time
from uuid import uuid4

import pytest

from rollbook.identity.accounts import AccountToken, mint
from tests.integration.access.secured import (
    ADMIN,
    IDP,
    SECRET,
    THEIRS,
    Secured,
    person,
    secured,
)
from tests.integration.query.system import Caller, until
from tests.support.stack import Cluster
from tests.unit.identity.forging import hs256


@pytest.fixture(scope="module")
def guarded(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    with secured(cluster, tmp_path_factory.mktemp("idp"), oidc_amr="mfa") as started:
        started.grant("team", "ann", "publisher")
        started.grant("team", "group:scientists", "publisher")
        yield started


@pytest.fixture(scope="module")
def machine(guarded: Secured) -> AccountToken:
    guarded.grant("team", "account:team/ci", "publisher")
    return guarded.account("team", "ci")


def register(guarded: Secured, token: str | None, **headers: str) -> tuple[int, dict[str, object]]:
    with guarded.client(token) as client:
        path = f"/api/v1/models/team/m{uuid4().hex[:12]}/commands/RegisterModel"
        response = client.post(path, json={}, headers=headers)
    if response.status_code == 401:
        assert response.headers["www-authenticate"] == "Bearer"
    assert token is None or len(token) < 8 or token not in response.text
    return response.status_code, response.json()


def actor(answer: dict[str, object]) -> object:
    event = answer["event"]
    assert isinstance(event, dict)
    return event["actor"]


def test_a_person_s_token_names_the_actor_whatever_the_caller_says(guarded: Secured) -> None:
    status, answer = register(guarded, person(), **{"X-Actor": "somebody else"})
    assert (status, actor(answer)) == (200, "ann")


def test_a_person_may_what_their_group_may(guarded: Secured) -> None:
    status, answer = register(guarded, person("bob", groups=["scientists"]))
    assert (status, actor(answer)) == (200, "bob")
    assert register(guarded, person("bob", groups=["others"]))[0] == 403


def test_a_machine_s_token_names_its_account(guarded: Secured, machine: AccountToken) -> None:
    status, answer = register(guarded, machine.reveal())
    assert (status, actor(answer)) == (200, "account:team/ci")


def test_the_administrator_s_token_needs_no_grant(guarded: Secured) -> None:
    status, answer = register(guarded, ADMIN.reveal())
    assert (status, actor(answer)) == (200, "account:rollbook/admin")


def test_a_revoked_key_opens_nothing(guarded: Secured) -> None:
    lost = guarded.account("team", "lost")
    guarded.grant("team", lost.subject, "publisher")
    until(lambda: register(guarded, lost.reveal())[0] == 200)
    guarded.done("team", "RevokeKey", {"key": lost.key_id, "reason": "lost"})
    until(lambda: register(guarded, lost.reveal())[0] == 401)


def shared(secret: str) -> str:
    """What this registry took before: a token that anybody who knows the secret can make."""
    claims = {"sub": "ann", "aud": "rollbook", "exp": int(time()) + 60}
    return hs256({"alg": "HS256", "kid": "one"}, claims, secret.encode())


# Made when they are used: what is made here would have expired by then.
BAD: dict[str, tuple[Callable[[], str] | None, str]] = {
    "none": (None, "a token is needed"),
    "forged": (lambda: person(key=THEIRS), "signature"),
    "expired": (lambda: person(lives=-3600), "expired"),
    "alg none": (lambda: person(alg="none"), "not valid"),
    "another algorithm": (lambda: person(alg="PS256"), "signature"),
    "wrong audience": (lambda: person(aud="elsewhere"), "aud"),
    "no audience": (lambda: person(aud=None), "aud"),
    "wrong issuer": (lambda: person(iss="https://evil.example"), "issuer"),
    "not yet": (lambda: person(nbf=int(time()) + 3600), "not yet valid"),
    "one factor": (lambda: person(amr=["pwd"]), "second factor"),
    "a machine's name": (lambda: person("account:team/ci"), "meaning"),
    "a person's reference": (lambda: person("person:" + "0" * 64), "meaning"),
    "cut": (lambda: person()[:-3], "not valid"),
    "noise": (lambda: "broken", "not valid"),
    "the shared secret": (lambda: shared(SECRET), "signed by one of"),
    "the provider's public key": (
        lambda: shared(IDP.as_pem(private=False).decode()),
        "signed by one of",
    ),
    "a key that nobody issued": (lambda: mint("team", "ci").reveal(), "never issued"),
    "a cut account token": (lambda: mint("team", "ci").reveal()[:-1], "not valid"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_token_that_proves_nothing_is_refused_and_the_refusal_recorded(
    guarded: Secured, name: str
) -> None:
    make, says = BAD[name]
    status, problem = register(guarded, make() if make is not None else None)
    assert (status, problem["code"]) == (401, "unauthenticated")
    with guarded.client(ADMIN.reveal()) as admin:
        stands = admin.get(
            f"/api/v1/events/{problem['position']}",
            params={"min_position": str(problem["position"])},
        ).json()
    assert (stands["type"], stands["actor"]) == ("CommandRefused", "unknown")
    assert (stands["data"]["code"], stands["data"]["message"]) == (
        "unauthenticated",
        problem["detail"],
    )
    assert says in str(problem["detail"])


@pytest.mark.parametrize("authorization", ["Basic YW5uOnNlY3JldA==", "Bearer", "Bearer a b", ""])
def test_another_kind_of_authorization_is_refused(guarded: Secured, authorization: str) -> None:
    status, problem = register(guarded, None, Authorization=authorization)
    assert (status, problem["code"]) == (401, "unauthenticated")
    assert "must be 'Bearer ' and a token" in str(problem["detail"])


def test_an_open_registry_says_that_it_cannot_verify_a_token(caller: Caller) -> None:
    response = caller.send("RegisterModel", {}, Authorization=f"Bearer {person()}")
    assert response.status_code == 401
    assert "open" in response.json()["detail"]
    assert "ROLLBOOK_TOKEN_SECRET" in response.json()["detail"]
