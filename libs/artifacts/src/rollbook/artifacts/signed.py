"""URLs that let whoever has them do one thing to one path until they expire, and nothing else."""

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final, NamedTuple

MARK: Final = 12
"""Characters of a signature that tell one URL from another in a log."""


class BadSignature(Exception):
    """Nobody of us has signed this: another method, path, expiry or size, or another key."""


class Expired(Exception):
    """It was right, once."""


class Grant(NamedTuple):
    """What a signed URL allows."""

    expires: datetime
    size: int | None
    """Bytes that may be sent; None where nothing is."""
    mark: str
    """Which URL it was, for logs: no secret."""


class Urls:
    """Signs and checks, with a key that all instances of a service share."""

    def __init__(self, key: bytes) -> None:
        self._key = hmac.digest(key, b"rollbook signed urls", sha256)

    def sign(self, method: str, path: str, expires: datetime, size: int | None = None) -> str:
        """`path` with what makes it a signed URL."""
        until = int(expires.timestamp())
        query = f"expires={until}" + ("" if size is None else f"&size={size}")
        return f"{path}?{query}&signature={self._signature(method, path, until, size)}"

    def check(self, method: str, path: str, query: Mapping[str, str], now: datetime) -> Grant:
        """What the URL of a request allows; `BadSignature`, or `Expired`."""
        until, size = _number(query, "expires"), _number(query, "size")
        given = query.get("signature", "")
        if until is None or not given.isascii():
            raise BadSignature("the URL is not signed")
        if not hmac.compare_digest(given, self._signature(method, path, until, size)):
            raise BadSignature("the URL was not signed for this")
        expires = datetime.fromtimestamp(until, UTC)
        if expires <= now:
            raise Expired(f"the URL expired at {expires.isoformat()}")
        return Grant(expires, size, mark(given))

    def _signature(self, method: str, path: str, until: int, size: int | None) -> str:
        signed = f"{method}\n{path}\n{until}\n{'' if size is None else size}"
        return hmac.digest(self._key, signed.encode(), sha256).hex()


def mark(url: str) -> str:
    """What tells a signed URL from others in a log, and lets nobody use it."""
    return url.rpartition("signature=")[2][:MARK]


def _number(query: Mapping[str, str], name: str) -> int | None:
    text = query.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 15):
        raise BadSignature(f"{name} is no number")
    return int(text)
