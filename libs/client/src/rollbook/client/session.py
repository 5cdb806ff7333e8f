"""One caller's conversation with a registry: what it did, its reads see."""

from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote
from uuid import uuid4

from rollbook.client.results import Outcome
from rollbook.client.transport import Transport

API = "/api/v1"


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
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        if actor is not None:
            headers["X-Actor"] = actor
        self._transport = Transport(url, headers, timeout)
        self._seen: dict[str, int] = {}
        """Partition -> the offset that reads must show."""

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
        model: str,
        body: bytes,
        *,
        command_id: str | None = None,
        expected_seq: int | None = None,
        traceparent: str | None = None,
    ) -> Outcome:
        """Send a command's JSON and return its outcome, which then stands in the log.

        `command_id`, a UUID, makes a repeat the same command; without one, one is made, which
        covers the repeats of this call. With `expected_seq` it is refused (`conflict`) unless the
        model is just there. Raises `Refused`, `Invalid` or `Unavailable`.
        """
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": command_id or str(uuid4()),
        }
        if expected_seq is not None:
            headers["If-Match"] = f'"{expected_seq}"'
        if traceparent is not None:
            headers["traceparent"] = traceparent
        path = f"{model_path(model)}/commands/{kind}"
        answer = self._transport.send("POST", path, content=body, headers=headers)
        outcome = Outcome.of(answer)
        self.wait(outcome.position)
        return outcome

    def read(self, path: str, params: Mapping[str, str | int | None] | None = None) -> Any:
        """The JSON at `path`, which shows what this session did."""
        given = [(key, value) for key, value in (params or {}).items() if value is not None]
        seen = [("min_position", f"{n}:{offset}") for n, offset in self._seen.items()]
        return self._transport.send("GET", path, params=[*given, *seen])

    def pages(self, path: str, params: Mapping[str, str | int | None]) -> Iterator[dict[str, Any]]:
        """Every row at `path`, page by page."""
        after = params.get("after")
        while True:
            page = self.read(path, {**params, "after": after})
            yield from page["items"]
            after = page["next"]
            if after is None:
                return


def model_path(model: str) -> str:
    """The path of a model, `namespace/name`."""
    namespace, slash, name = model.partition("/")
    if not (namespace and slash and name):
        raise ValueError(f"a model is 'namespace/name', not {model!r}")
    return f"{API}/models/{segment(namespace)}/{segment(name)}"


def segment(text: str) -> str:
    """One segment of a path, whatever it contains."""
    return quote(text, safe="").replace(".", "%2E") if set(text) == {"."} else quote(text, safe="")
