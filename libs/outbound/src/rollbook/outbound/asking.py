"""One request to somebody else's server, within bounds, and how sure its failure is."""

import asyncio
import json
import ssl
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import httpx

from rollbook.probes.addresses import Forbidden, Network, target

LONGEST: Final = 4_000_000
"""Bytes of an answer."""
PATIENCE: Final = 30.0
"""Seconds for a request with its answer."""


class Unsent(Exception):
    """It was certainly not carried out: nobody was there, or nobody may be asked."""


class Unanswered(Exception):
    """It may have been carried out: no whole answer came."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: bytes

    @property
    def good(self) -> bool:
        """Whether the server says that it has done it."""
        return 200 <= self.status < 300

    def json(self) -> Any:
        """The body; an empty map where it is not a map in JSON."""
        try:
            found = json.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def said(self) -> str:
        """Status and the beginning of the body, for people."""
        text = self.body[:300].decode(errors="replace")
        text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
        return f"{self.status}{f': {text}' if text else ''}"


@dataclass(frozen=True, slots=True)
class Way:
    """How we go out: which private networks we may ask, and whose certificates we trust."""

    allowed: Collection[Network] = ()
    ca: Path | None = None
    """Certificates in PEM, in place of the public ones."""
    patience: float = PATIENCE

    async def ask(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        json_: Any = None,
        params: Mapping[str, str] | None = None,
    ) -> Answer:
        """Ask once; `Unsent` or `Unanswered`. What it answers is not looked at."""
        sent = {"accept-encoding": "identity", **(headers or {})}
        if json_ is not None:
            body = json.dumps(json_, separators=(",", ":")).encode()
            sent.setdefault("content-type", "application/json")
        try:
            async with asyncio.timeout(self.patience):
                return await self._asked(method, url, sent, body, params)
        except TimeoutError:
            raise Unanswered(f"no answer within {self.patience:g} s") from None
        except (httpx.ConnectError, httpx.UnsupportedProtocol) as error:
            raise Unsent(f"it cannot be reached: {str(error) or 'no connection'}") from None
        except httpx.HTTPError as error:
            raise Unanswered(f"the connection broke: {str(error) or repr(error)}") from None

    async def _asked(
        self,
        method: str,
        url: str,
        headers: dict[str, str],
        body: bytes | None,
        params: Mapping[str, str] | None,
    ) -> Answer:
        try:
            to = await target(url, self.allowed)
        except Forbidden as forbidden:
            raise Unsent(str(forbidden)) from None
        headers["host"] = to.host
        where = to.url.copy_merge_params(dict(params)) if params else to.url
        # Proxies and credentials of this machine are not for somebody else's URL.
        async with (
            httpx.AsyncClient(
                trust_env=False,
                follow_redirects=False,
                timeout=None,  # noqa: S113  # the deadline is ours
                verify=_trusted(self.ca),
            ) as client,
            client.stream(
                method, where, content=body, headers=headers, extensions={"sni_hostname": to.name}
            ) as response,
        ):
            answer = bytearray()
            async for piece in response.aiter_raw(65_536):
                answer += piece
                if len(answer) > LONGEST:
                    raise Unanswered(f"the answer is longer than {LONGEST:,} bytes")
        return Answer(response.status_code, bytes(answer))


@cache
def _trusted(ca: Path | None) -> ssl.SSLContext:
    """Reading certificates takes longer than most answers."""
    if ca is None:
        return httpx.create_ssl_context(trust_env=False)
    try:
        return ssl.create_default_context(cafile=ca)
    except (OSError, ssl.SSLError):
        raise Unsent(f"{ca} holds no certificates") from None
