"""Tokens made by hand, so that they can be wrong in every way."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta

from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from rollbook.domain.tenancy import Key, Role
from rollbook.identity.accounts import AccountToken

NOW = datetime(2030, 1, 1, tzinfo=UTC)
AT = int(NOW.timestamp())
UNTIL = NOW + timedelta(days=90)
SECRET = "a secret that is long enough for HS256"


def part(content: object) -> str:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def unpart(text: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return found


def hs256(header: object, claims: object, secret: bytes = SECRET.encode()) -> str:
    signed = f"{part(header)}.{part(claims)}"
    return f"{signed}.{part(hmac.new(secret, signed.encode(), hashlib.sha256).digest())}"


def signed_by(header: object, claims: object, alg: str, key: OKPKey | RSAKey | ECKey) -> str:
    signed = f"{part(header)}.{part(claims)}"
    return f"{signed}.{part(JWSRegistry.algorithms[alg].sign(signed.encode(), key))}"


def issued(
    *tokens: AccountToken, until: datetime = UNTIL, roles: tuple[Role, ...] = ()
) -> dict[tuple[str, str], Key]:
    """The keys of some machines as their namespaces would issue them."""
    return {(t.namespace, t.key_id): Key(t.account, t.public_key, until, roles) for t in tokens}


class Keys:
    """Namespace and key id to key, as governance knows them."""

    def __init__(self, keys: dict[tuple[str, str], Key]) -> None:
        self._keys = keys

    def __call__(self, namespace: str, name: str) -> Key | None:
        return self._keys.get((namespace, name))
