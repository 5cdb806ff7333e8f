"""One caller's conversation with a registry: what it did, its reads see."""

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from types import TracebackType
from typing import Any, Self, TypeAlias
from urllib.parse import quote
from uuid import uuid4

from rollbook.client.results import Outcome
from rollbook.client.transport import Transport

AsOf: TypeAlias = datetime | str | None
"""A moment: a time with its time zone, a log position, or an event's id; None: now."""

API = "/api/v1"

TOKEN = re.compile(r"[!-~]+")
"""What a bearer token may consist of."""

Params: TypeAlias = Mapping[str, str | int | None] | Iterable[tuple[str, str | int | None]]

LATE = frozenset({"behind"})
"""Codes of answers to reads of what is not there yet."""


class Session:
    """Sends commands and reads; remembers how far in the log its own commands went."""

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        actor: str | None = None,
        timeout: float = 30.0,
    ) -> None:
        headers: dict[str, str] = {}
        token = (token if token is not None else os.environ.get("ROLLBOOK_TOKEN", "")).strip()
        if token:
            if not TOKEN.fullmatch(token):  # the HTTP client would quote it
                raise ValueError("the token has characters that no token has")
            headers["Authorization"] = f"Bearer {token}"
        if actor is not None:
            headers["X-Actor"] = actor
        self._transport = Transport(url, headers, timeout)
        self._seen: dict[str, int] = {}
        """Partition -> the offset that reads must show."""
        self._made: dict[str, int] = {}
        """Partition -> the offset of our own newest outcome: so much is surely in the log."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r})"

    @property
    def url(self) -> str:
        """Where the registry listens."""
        return self._transport.url

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def wait(self, position: str) -> None:
        """Let every read from now on show the record at `position`.

        What a command of this session did, its reads show anyway; this is for positions that came
        from elsewhere.
        """
        partition, _, offset = position.partition(":")
        self._seen[partition] = max(int(offset), self._seen.get(partition, 0))

    def command(
        self,
        kind: str,
        stream: str,
        body: bytes,
        *,
        command_id: str | None = None,
        expected_seq: int | None = None,
        traceparent: str | None = None,
        origin: str | None = None,
        origin_time: datetime | None = None,
    ) -> Outcome:
        """Send a command's JSON and return its outcome, which then stands in the log.

        `command_id`, a UUID, makes a repeat the same command; without one, one is made, which
        covers the repeats of this call. With `expected_seq` it is refused (`conflict`) unless the
        stream, a model or a namespace, is just there. `origin` and `origin_time` say where an
        imported fact comes from and when it happened there.

        Raises `Refused`, `Invalid` or `Unavailable`.
        """
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": command_id or str(uuid4()),
        }
        if expected_seq is not None:
            headers["If-Match"] = f'"{expected_seq}"'
        if traceparent is not None:
            headers["traceparent"] = traceparent
        if origin is not None:
            headers["X-Origin"] = origin
        if origin_time is not None:
            headers["X-Origin-Time"] = moment(origin_time)
        path = f"{stream_path(stream)}/commands/{kind}"
        answer = self._transport.send("POST", path, content=body, headers=headers)
        outcome = Outcome.of(answer)
        self.wait(outcome.position)
        partition, _, offset = outcome.position.partition(":")
        self._made[partition] = max(int(offset), self._made.get(partition, 0))
        return outcome

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """The JSON that answers something that is no command: it stands outside of the log."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": str(uuid4())}
        content = json.dumps(body).encode()
        return self._transport.send("POST", path, content=content, headers=headers)

    def read(self, path: str, params: Params = ()) -> Any:
        """The JSON at `path`, which shows what this session did."""
        pairs = params.items() if isinstance(params, Mapping) else params
        given = [(key, value) for key, value in pairs if value is not None]
        return self._transport.send(
            "GET", path, params=[*given, *self._shown()], final=self._late()
        )

    def enquire(self, path: str, body: bytes, headers: Mapping[str, str]) -> Any:
        """The JSON that answers a question whose terms are a body; it changes nothing."""
        return self._transport.send(
            "POST",
            path,
            params=self._shown(),
            content=body,
            headers=headers,
            final=self._late(),
        )

    def _shown(self) -> list[tuple[str, str]]:
        """What reads must show."""
        return [("min_position", f"{n}:{offset}") for n, offset in self._seen.items()]

    def _late(self) -> frozenset[str]:
        # A position that we were told may never come: the registry has waited for it already.
        told = any(offset > self._made.get(n, -1) for n, offset in self._seen.items())
        return LATE if told else frozenset()

    def pages(self, path: str, params: Mapping[str, str | int | None]) -> Iterator[dict[str, Any]]:
        """Every row at `path`, page by page."""
        after = params.get("after")
        while True:
            page = self.read(path, {**params, "after": after})
            yield from page["items"]
            after = page["next"]
            if after is None:
                return


def moment(time: datetime) -> str:
    """A moment as the registry reads it; ValueError where it has no time zone."""
    if time.tzinfo is None:
        raise ValueError("a moment needs a time zone, such as datetime.now(UTC)")
    return time.isoformat(timespec="microseconds")


def asked(as_of: AsOf) -> str | None:
    """What `as_of` names, as the registry reads it."""
    return moment(as_of) if isinstance(as_of, datetime) else as_of


def stream_path(stream: str) -> str:
    """The path of a model, `namespace/name`, or of a namespace."""
    return model_path(stream) if "/" in stream else namespace_path(stream)


def namespace_path(namespace: str) -> str:
    """The path of a namespace."""
    if not namespace or "/" in namespace:
        raise ValueError(f"a namespace has no slash in its name: {namespace!r}")
    return f"{API}/namespaces/{segment(namespace)}"


def model_path(model: str) -> str:
    """The path of a model, `namespace/name`."""
    namespace, slash, name = model.partition("/")
    if not (namespace and slash and name):
        raise ValueError(f"a model is 'namespace/name', not {model!r}")
    return f"{API}/models/{segment(namespace)}/{segment(name)}"


def segment(text: str) -> str:
    """One segment of a path, whatever it contains."""
    return quote(text, safe="").replace(".", "%2E") if set(text) == {"."} else quote(text, safe="")
