"""Following the log over HTTP: an async iterator of typed events that resumes by itself."""

import asyncio
import json
import os
import random
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self, TypeAlias

import httpx
from httpx_sse import ServerSentEvent, SSEError, aconnect_sse

from rollbook.client.errors import Invalid, Refused, RegistryError, Unavailable
from rollbook.client.messages import decoded
from rollbook.client.results import FieldError, Record
from rollbook.client.session import API, moment
from rollbook.client.transport import AGAIN, HERE
from rollbook.domain.messages import Event

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 10.0
"""Seconds between two attempts to connect, before jitter."""
SILENCE = 60.0
"""Seconds without a word, even that it is still there, after which a connection counts as dead."""
CONNECTING = 10.0
"""Seconds that the registry may take to begin."""
FOR_GOOD = frozenset({"unauthenticated"})
"""Reasons for the end of a stream after which nobody need come again."""

Kind: TypeAlias = type[Event] | str
Some: TypeAlias = Sequence[str] | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Received(Record):
    """A record of the log, with the place behind it."""

    cursor: str = ""
    """Keep it with what you made of the event: `subscribe(url, from_=cursor)` goes on behind it."""

    @property
    def message(self) -> Event | None:
        """What happened, such as a `VersionPromoted`; None where nothing changed (a refusal)."""
        return decoded(self.type, self.data)


class Subscription:
    """Events as they come, each once and in the order of its stream; see `subscribe`."""

    def __init__(
        self, url: str, headers: Mapping[str, str], params: Mapping[str, Any], begin: str
    ) -> None:
        self.cursor = begin
        """Where it goes on: behind the last event given out, or further where nothing fitted."""
        self._url = url.rstrip("/")
        self._headers = dict(headers)
        self._params = dict(params)
        self._events = self._follow()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Received:
        return await anext(self._events)

    async def close(self) -> None:
        """Disconnect."""
        await self._events.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _follow(self) -> AsyncGenerator[Received, None]:
        pause = FIRST_PAUSE
        here = httpx.URL(self._url).host in HERE
        timeout = httpx.Timeout(CONNECTING, read=SILENCE)
        async with httpx.AsyncClient(timeout=timeout, trust_env=not here) as client:
            while True:
                try:
                    async with aclosing(self._once(client)) as events:
                        async for event in events:
                            pause = FIRST_PAUSE
                            yield event
                except (httpx.TransportError, SSEError, Unavailable):
                    pass
                # Jitter, so that those who lost an instance do not come back together.
                await asyncio.sleep(random.uniform(pause / 2, pause))  # noqa: S311
                pause = min(pause * 2, LONGEST_PAUSE)

    async def _once(self, client: httpx.AsyncClient) -> AsyncGenerator[Received, None]:
        """Events of one connection, until it ends."""
        url = f"{self._url}{API}/events/stream"
        params = {**self._params, "from": self.cursor}
        async with aconnect_sse(client, "GET", url, params=params, headers=self._headers) as source:
            if not source.response.is_success:
                await source.response.aread()
                raise _error(source.response)
            async for event in source.aiter_sse():
                if event.event == "end":
                    raise _end(event)
                if event.data:
                    received = Received.of({**event.json(), "cursor": event.id})
                    self.cursor = event.id
                    yield received
                elif event.id:
                    self.cursor = event.id


def subscribe(
    url: str,
    *,
    from_: datetime | str = "now",
    types: Sequence[Kind] = (),
    model: Some = (),
    namespace: Some = (),
    environment: Some = (),
    token: str | None = None,
) -> Subscription:
    """Follow the log of the registry at `url`, by filter and from any place.

        async for event in subscribe(url, types=[VersionPromoted], model="payments/*"):
            print(event.model, event.message)

    `from_`: `now`, `start`, a time, or the `cursor` of an event received before: behind it. `types`
    are classes of `rollbook.domain`, or names. `model` takes keys and patterns.

    A lost connection is made anew, for as long as it takes, and goes on where it was: nothing is
    lost, nothing comes twice. Only the cursor must outlive this process, and it is yours to keep.
    Raises `Refused` for who may not listen, or no longer, and `Invalid` for a wrong filter.
    """
    token = (token if token is not None else os.environ.get("ROLLBOOK_TOKEN", "")).strip()
    params = {
        "type": [kind if isinstance(kind, str) else kind.__name__ for kind in types],
        "model": _several(model),
        "namespace": _several(namespace),
        "environment": _several(environment),
    }
    begin = moment(from_) if isinstance(from_, datetime) else from_
    return Subscription(url, {"Authorization": f"Bearer {token}"} if token else {}, params, begin)


def _several(some: Some) -> list[str]:
    return [some] if isinstance(some, str) else list(some)


def _end(event: ServerSentEvent) -> RegistryError:
    said = event.json()
    if said["code"] in FOR_GOOD:
        return Refused(said["code"], said["detail"])
    return Unavailable(said["detail"], code=said["code"])


def _error(response: httpx.Response) -> RegistryError:
    try:
        problem = response.json()
        code, detail = str(problem["code"]), str(problem["detail"])
    except (json.JSONDecodeError, KeyError, TypeError):
        problem, code = {}, "http_error"
        detail = f"{response.status_code} {response.reason_phrase}"
    if response.status_code in AGAIN:
        return Unavailable(detail, code=code)
    if code == "invalid":
        return Invalid(detail, [FieldError(e["field"], e["rule"]) for e in problem["errors"]])
    return Refused(code, detail)
