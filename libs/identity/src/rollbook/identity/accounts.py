"""Machines: an account token holds a private key, of which the registry knows the public half."""

import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Final, TypeAlias

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc.jwk import OKPKey

from rollbook.domain.access import Principal
from rollbook.domain.grants import key_id
from rollbook.domain.tenancy import Key, Role
from rollbook.identity.compact import unproven

KeyOf: TypeAlias = Callable[[str, str], Key | None]
"""Namespace and key id -> the key, if it was issued there and not revoked."""

PREFIX: Final = "rbk_"
"""How an account token begins, so that scanners for leaked secrets find it."""

_TOKEN: Final = re.compile(
    r"rbk_([a-z0-9][a-z0-9-]{0,62})_([a-z0-9][a-z0-9-]{0,62})_([A-Za-z0-9_-]{43})", re.ASCII
)
_MALFORMED = "the account token is not valid: it must be 'rbk_NAMESPACE_ACCOUNT_SECRET'"


class AccountToken:
    """What a machine holds; whoever holds it is the account."""

    def __init__(self, namespace: str, account: str, seed: str) -> None:
        """`seed`: the 32 bytes of an Ed25519 private key, base64url without padding."""
        self.namespace = namespace
        self.account = account
        self._seed = seed

    @property
    def subject(self) -> str:
        """Who the machine is, as grants and the log name it."""
        return subject(self.namespace, self.account)

    @cached_property
    def public_key(self) -> str:
        """What the registry is told: base64url without padding."""
        private = Ed25519PrivateKey.from_private_bytes(urlsafe_b64decode(self._seed + "="))
        return urlsafe_b64encode(private.public_key().public_bytes_raw()).rstrip(b"=").decode()

    @property
    def key_id(self) -> str:
        """The name of its key."""
        return key_id(self.public_key)

    @cached_property
    def signing_key(self) -> OKPKey:
        """Signs statements."""
        return OKPKey.import_key(
            {"kty": "OKP", "crv": "Ed25519", "x": self.public_key, "d": self._seed}
        )

    def reveal(self) -> str:
        """The token itself: for its holder, once."""
        return f"{PREFIX}{self.namespace}_{self.account}_{self._seed}"

    def __repr__(self) -> str:
        return f"AccountToken({self.subject})"


def mint(namespace: str, account: str) -> AccountToken:
    """A token that nobody had before; ValueError when a name breaks the rules."""
    seed = secrets.token_urlsafe(32)
    if _TOKEN.fullmatch(f"{PREFIX}{namespace}_{account}_{seed}") is None:
        raise ValueError("namespace and account: 1 to 63 lower-case letters, digits and '-'")
    return AccountToken(namespace, account, seed)


def parse(token: str) -> AccountToken:
    """What a token says; `Refused`, without quoting it, when it is malformed."""
    found = _TOKEN.fullmatch(token)
    if found is None:
        raise unproven(_MALFORMED)
    seed = found[3]
    # The last of 43 characters holds four bits only: each key has one spelling.
    if urlsafe_b64encode(urlsafe_b64decode(seed + "=")).rstrip(b"=").decode() != seed:
        raise unproven(_MALFORMED)
    return AccountToken(found[1], found[2], seed)


def subject(namespace: str, account: str) -> str:
    """The subject of an account."""
    return f"account:{namespace}/{account}"


def present(token: str, key_of: KeyOf, now: datetime) -> Principal:
    """Who presents this token; `Refused` unless its key is one that may be used."""
    held = parse(token)
    key = usable(held.namespace, held.account, held.key_id, key_of, now)
    if key.public_key != held.public_key:  # a key's name is only the beginning of its digest
        raise unproven(f"the key is not one of {held.subject}")
    return Principal(held.subject, limit=limit_of(key))


def usable(namespace: str, account: str, name: str, key_of: KeyOf, now: datetime) -> Key:
    """The key of an account; `Refused` unless it is that account's, and may be used now."""
    key = key_of(namespace, name)
    if key is None or key.account != account:
        who = subject(namespace, account)
        raise unproven(f"the key is not one of {who}: it was never issued, or was revoked")
    if now >= key.until:
        raise unproven(f"the key {name} of {subject(namespace, account)} has expired")
    return key


def limit_of(key: Key) -> frozenset[Role] | None:
    """The roles that a key may be used as; None: all that its account is granted."""
    return frozenset(key.roles) if key.roles else None


@lru_cache(maxsize=4096)
def verifying_key(public_key: str) -> OKPKey:
    """The public half of an account's key, ready to verify with."""
    return OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": public_key})
