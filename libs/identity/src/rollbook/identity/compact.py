"""Signed JSON in three parts (JWS, RFC 7515): read strictly, and never believed about its key."""

import binascii
import json
import re
from base64 import urlsafe_b64encode
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeAlias

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from rollbook.domain.messages import Refused

PublicKey: TypeAlias = RSAKey | ECKey | OKPKey
SigningKey: TypeAlias = OctKey | OKPKey
Object: TypeAlias = dict[str, Any]

LEEWAY: Final = 30
"""Seconds that clocks may differ."""
LONGEST: Final = 32_768
"""Characters of a token; it is looked at before anybody has proven anything."""

_PARTS: Final = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)", re.ASCII)
_HEADER_TERMS: Final = frozenset({"crit", "b64", "zip", "jwk"})
"""What would change how a token is to be read, or bring the key that it is to be read with."""


def unproven(why: str) -> Refused:
    """The refusal of somebody who did not prove who they are; `why` never quotes the token."""
    return Refused("unauthenticated", why)


class Compact(NamedTuple):
    """A token taken apart, of which nothing is proven yet."""

    header: Object
    claims: Object
    signed: bytes
    """What the signature is over."""
    signature: bytes

    def verify(self, algorithm: str, key: PublicKey | OctKey) -> None:
        """Refuse it unless `key` signed it by `algorithm`, whatever the header says of both."""
        if self.header.get("alg") != algorithm:
            raise unproven(f"the token is not valid: it must be signed by {algorithm}")
        method = JWSRegistry.algorithms[algorithm]
        try:
            method.check_key(key)
            good = method.verify(self.signed, self.signature, key)
        except (JoseError, ValueError):
            good = False
        if not good:
            raise unproven("the token is not valid: its signature is wrong")


def parse(token: str) -> Compact:
    """The parts of a token; `Refused` unless it is exactly of the form that we write and read."""
    if len(token) > LONGEST:
        raise unproven(f"the token is not valid: it has more than {LONGEST:,} characters")
    found = _PARTS.fullmatch(token)
    if found is None:
        raise unproven("the token is not valid: it is not three parts of base64url")
    header, claims, signature = found.groups()
    said = _object(header)
    if terms := sorted(_HEADER_TERMS & said.keys()):
        raise unproven(f"the token is not valid: its header may not hold {', '.join(terms)}")
    signed = f"{header}.{claims}".encode()
    return Compact(said, _object(claims), signed, _decode(signature))


def sign(header: Object, claims: Object, key: SigningKey) -> str:
    """A token that `key` signs by the algorithm that `header` names."""
    signed = f"{_encode(_bytes(header))}.{_encode(_bytes(claims))}"
    signature = JWSRegistry.algorithms[header["alg"]].sign(signed.encode(), key)
    return f"{signed}.{_encode(signature)}"


def check_times(claims: Object, now: datetime) -> None:
    """Refuse what has expired, or is from a time to come."""
    at = now.timestamp()
    if at > number(claims, "exp") + LEEWAY:
        raise unproven("the token has expired")
    for name in ("nbf", "iat"):
        if name in claims and number(claims, name) - LEEWAY > at:
            raise unproven(f"the token is not yet valid, by its {name}")


def number(claims: Object, name: str) -> float:
    """A moment, in seconds since 1970."""
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e12:
        raise unproven(f"the token's {name} must be a number of seconds")
    return value


def text(claims: Object, name: str) -> str:
    """A name that can stand in the log: 1 to 250 characters that can be seen."""
    value = claims.get(name)
    if not isinstance(value, str) or not 1 <= len(value) <= 250 or not value.isprintable():
        raise unproven(f"the token's {name} must be 1 to 250 plain characters")
    return value


def texts(claims: Object, name: str) -> tuple[str, ...]:
    """Some names that can stand in the log; none where the claim is missing."""
    value = claims.get(name)
    if value is None:
        return ()
    found = value if isinstance(value, list) else [value]
    return tuple(text({name: one}, name) for one in found)


def _object(part: str) -> Object:
    try:
        found = json.loads(
            _decode(part).decode(), object_pairs_hook=_once, parse_constant=_no_constant
        )
    except (ValueError, RecursionError):
        raise unproven("the token is not valid: a part of it is not plain JSON") from None
    if not isinstance(found, dict):
        raise unproven("the token is not valid: a part of it is not a JSON object")
    return found


def _once(pairs: list[tuple[str, object]]) -> Object:
    found = dict(pairs)
    if len(found) != len(pairs):  # two readers might believe different ones
        raise ValueError
    return found


def _no_constant(_: str) -> object:
    raise ValueError


def _bytes(value: Object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def _encode(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(part: str) -> bytes:
    try:
        raw = binascii.a2b_base64(
            part.translate(_URLSAFE) + "=" * (-len(part) % 4), strict_mode=True
        )
    except binascii.Error:
        raise unproven("the token is not valid: a part of it is not base64url") from None
    if _encode(raw) != part:  # other spellings of the same bytes
        raise unproven("the token is not valid: a part of it is not base64url")
    return raw


_URLSAFE: Final = str.maketrans("-_", "+/")
