"""The identity provider's keys: fetched when they are needed, kept while it is away."""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey
from pydantic import JsonValue
from pydantic_core import from_json

from rollbook.domain.access import Principal
from rollbook.identity import oidc
from rollbook.identity.compact import PublicKey, unproven
from rollbook.identity.oidc import OidcSettings

PATIENCE: Final = 5.0
"""Seconds that the provider may take to answer."""
MOST: Final = 1_000_000
"""Bytes of an answer."""
AGAIN_AFTER: Final = 10.0
"""Seconds between two fetches, so that noise in a token's `kid` floods nobody."""
STALE_AFTER: Final = 300.0
"""Seconds after which keys are fetched again: a key that the provider took back ends."""
SHORTEST_RSA: Final = 2048
"""Bits."""

_KINDS: Final[dict[str, type[PublicKey]]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}


class NoKeysError(Exception):
    """The provider's keys were never had, so that nobody's token can be judged."""


class Provider:
    """Judges people's tokens by the keys of their identity provider."""

    def __init__(
        self,
        settings: OidcSettings,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.trouble: str | None = "its keys were not fetched yet"
        """Why the last fetch failed; None when it did not. Old keys hold meanwhile."""
        self._settings = settings
        self._client = httpx.AsyncClient(
            transport=transport,
            timeout=PATIENCE,
            follow_redirects=False,
            trust_env=transport is None,
        )
        self._clock = clock
        self._keys: dict[str | None, PublicKey] = {}
        self._tried: float | None = None
        self._had: float | None = None
        self._one_at_a_time = asyncio.Lock()

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def person(self, token: str, now: datetime) -> Principal:
        """Whom the token names; `Refused` when it does not prove it, `NoKeysError` at a loss."""
        return oidc.person(token, await self._key(oidc.key_name(token)), self._settings, now)

    async def refresh(self) -> None:
        """Fetch the keys, unless that was tried a moment ago; `trouble` tells of a failure."""
        async with self._one_at_a_time:
            now = self._clock()
            if self._tried is not None and now - self._tried < AGAIN_AFTER:
                return
            self._tried = now
            try:
                async with asyncio.timeout(PATIENCE * 2):
                    self._keys = _usable(await self._fetch())
            except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, TimeoutError) as error:
                self.trouble = f"{type(error).__name__}: {error}"
            else:
                self._had, self.trouble = now, None

    async def _key(self, name: str | None) -> PublicKey:
        stale = self._had is None or self._clock() - self._had > STALE_AFTER
        if stale or self._find(name) is None:
            await self.refresh()
        if self._had is None:
            raise NoKeysError(f"the identity provider's keys cannot be had: {self.trouble}")
        found = self._find(name)
        if found is None:
            raise unproven("the token is not valid: the identity provider has no such key")
        return found

    def _find(self, name: str | None) -> PublicKey | None:
        if name is None:  # a token may leave it out where there is no choice
            return next(iter(self._keys.values())) if len(self._keys) == 1 else None
        return self._keys.get(name)

    async def _fetch(self) -> JsonValue:
        source = self._settings.keys
        if source is None:
            source = await self._discover()
        if "://" not in source:
            return _json(await asyncio.to_thread(Path(source).read_bytes))
        return await self._get(source)

    async def _discover(self) -> str:
        issuer = self._settings.issuer
        document = await self._get(issuer.rstrip("/") + "/.well-known/openid-configuration")
        if not isinstance(document, dict) or document.get("issuer") != issuer:
            raise ValueError("the discovery document is another issuer's")
        named = str(document.get("jwks_uri"))
        if urlsplit(named)[:2] != urlsplit(issuer)[:2]:
            raise ValueError(
                f"the discovery document names keys at {urlsplit(named).hostname}, which is not the"
                " issuer: if they are to be believed, set ROLLBOOK_OIDC_KEYS to their URL"
            )
        return named

    async def _get(self, url: str) -> JsonValue:
        plain = {"accept": "application/json", "accept-encoding": "identity"}
        async with self._client.stream("GET", url, headers=plain) as got:
            if got.status_code != httpx.codes.OK:  # a redirect, too
                raise ValueError(f"{urlsplit(url).hostname} answered {got.status_code}")
            if "content-encoding" in got.headers:  # it may unpack to more than it seems
                raise ValueError("the answer is packed, which was not asked for")
            body = bytearray()
            async for part in got.aiter_bytes():
                body += part
                if len(body) > MOST:
                    raise ValueError(f"the answer has more than {MOST:,} bytes")
        return _json(bytes(body))


def _json(raw: bytes) -> JsonValue:
    found: JsonValue = from_json(raw)
    return found


def _usable(document: JsonValue) -> dict[str | None, PublicKey]:
    """The keys of a set that signatures can be verified with, by name."""
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise ValueError("it is no set of keys: a JSON object with a list 'keys'")
    found: dict[str | None, PublicKey] = {}
    for number, jwk in enumerate(listed):
        key = _public(jwk)
        if key is not None:
            found.setdefault(key.kid or f"#{number}", key)
    if not found:
        raise ValueError("it has no key that a signature can be verified with")
    return found


def _public(jwk: JsonValue) -> PublicKey | None:
    """The key, or None for one of a kind that we do not use: others may be of use to others."""
    if not isinstance(jwk, dict) or jwk.get("use", "sig") != "sig":
        return None
    kind = _KINDS.get(str(jwk.get("kty")))
    if kind is None:
        return None
    try:
        key = kind.import_key(jwk)  # type: ignore[arg-type]  # it looks at the values itself
    except (JoseError, ValueError, KeyError, TypeError):
        return None
    if isinstance(key, RSAKey) and key.public_key.key_size < SHORTEST_RSA:
        return None
    return key
