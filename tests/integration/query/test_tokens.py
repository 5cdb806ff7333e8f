"""Who asks must be proven where the registry has a secret."""

import base64
import json
from collections.abc import Iterator
from time import time

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from tests.integration.query.system import Caller, System, calling, running
from tests.support.stack import Cluster

SECRET = "a secret of this test that is long enough"


@pytest.fixture(scope="module")
def guarded(cluster: Cluster) -> Iterator[System]:
    with running(cluster.log(), cluster.postgres, cluster.schema(), token_secret=SECRET) as started:
        yield started


@pytest.fixture
def stranger(guarded: System) -> Iterator[Caller]:
    with calling(guarded) as made:
        yield made


def token(secret: str = SECRET, *, lives: int = 60, sub: str = "ann") -> str:
    claims = {"sub": sub, "exp": int(time()) + lives}
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(secret))


def unsigned() -> str:
    parts = ({"alg": "none"}, {"sub": "ann", "exp": int(time()) + 60})
    encoded = (
        base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=").decode() for p in parts
    )
    return ".".join(encoded) + "."


def test_a_valid_token_names_the_actor_whatever_the_caller_says(stranger: Caller) -> None:
    answer = stranger.done(
        "RegisterModel", {}, Authorization=f"Bearer {token()}", X_Actor="somebody else"
    )
    assert answer["event"]["actor"] == "ann"


@pytest.mark.parametrize(
    ("authorization", "says"),
    [
        (None, "a token is needed"),
        (f"Bearer {token('another secret that is also long enough')}", "not valid"),
        (f"Bearer {token(lives=-3600)}", "not valid"),
        (f"Bearer {unsigned()}", "not valid"),
        (f"Bearer {token()[:-3]}", "not valid"),
        ("Bearer broken", "not valid"),
        ("Basic YW5uOnNlY3JldA==", "must be 'Bearer ' and a token"),
        ("Bearer", "must be 'Bearer ' and a token"),
    ],
    ids=["none", "forged", "expired", "alg none", "cut", "noise", "basic", "empty"],
)
def test_a_token_that_proves_nothing_is_unauthenticated(
    stranger: Caller, authorization: str | None, says: str
) -> None:
    headers = {"Authorization": authorization} if authorization is not None else {}
    response = stranger.send("RegisterModel", {}, **headers)
    assert (response.status_code, response.json()["code"]) == (401, "unauthenticated")
    assert response.headers["www-authenticate"] == "Bearer"
    assert says in response.json()["detail"]
    if authorization is not None:
        assert authorization.partition(" ")[2] not in response.text or authorization == "Bearer"


def test_an_open_registry_says_that_it_cannot_verify_a_token(caller: Caller) -> None:
    response = caller.send("RegisterModel", {}, Authorization=f"Bearer {token()}")
    assert response.status_code == 401
    assert "open" in response.json()["detail"]
    assert "ROLLBOOK_TOKEN_SECRET" in response.json()["detail"]
