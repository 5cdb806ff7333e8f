"""Requests that survive a registry which is away for a moment."""

import random
import time
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from rollbook.client.errors import Invalid, Refused, RegistryError, Unavailable
from rollbook.client.results import FieldError

if TYPE_CHECKING:
    import httpx

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 3.0
"""Seconds between two attempts, before jitter."""

HERE = frozenset({"localhost", "127.0.0.1", "::1"})
"""Hosts to which no proxy leads."""

AGAIN = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
"""Answers after which the same request may succeed."""


class Transport:
    """Sends requests again, under the same command id, until one is answered or time is up."""

    def __init__(self, url: str, headers: Mapping[str, str], timeout: float) -> None:
        import httpx  # noqa: PLC0415  # a third of a second that importing the SDK does not cost

        self.url = url.rstrip("/")
        self._timeout = timeout
        self._unreachable = (httpx.TransportError,)
        here = httpx.URL(self.url).host in HERE
        self._client = httpx.Client(
            base_url=self.url,
            headers=[(name.encode(), value.encode()) for name, value in headers.items()],
            trust_env=not here,
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def send(
        self,
        method: str,
        path: str,
        *,
        params: Sequence[tuple[str, str | int]] = (),
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """The JSON that answers; `Refused`, `Invalid` or `Unavailable` otherwise."""
        deadline = time.monotonic() + self._timeout
        command_id = (headers or {}).get("Idempotency-Key")
        pause = FIRST_PAUSE
        while True:
            left = deadline - time.monotonic()
            try:
                response = self._client.request(
                    method,
                    path,
                    params=list(params),
                    content=content,
                    headers=headers,
                    timeout=max(left, 0.05),
                )
            except self._unreachable as error:
                why = f"{self.url} does not answer: {str(error) or type(error).__name__}"
            else:
                if response.is_success:
                    return response.json()
                problem = _problem(response)
                if response.status_code not in AGAIN:
                    raise _error(response.status_code, problem)
                why = str(problem.get("detail", response.reason_phrase))
            # Jitter, so that callers who failed together do not come back together.
            wait = random.uniform(pause / 2, pause)  # noqa: S311
            if time.monotonic() + wait >= deadline:
                raise Unavailable(why, command_id=command_id)
            time.sleep(wait)
            pause = min(pause * 2, LONGEST_PAUSE)


def _problem(response: "httpx.Response") -> dict[str, Any]:
    """The problem document, also where something on the way answered in its own words."""
    if response.headers.get("content-type", "").startswith("application/problem+json"):
        body: dict[str, Any] = response.json()
        return body
    return {"code": "http_error", "detail": f"{response.status_code} {response.reason_phrase}"}


def _error(status: int, problem: Mapping[str, Any]) -> RegistryError:
    message = str(problem["detail"])
    if status == HTTPStatus.UNPROCESSABLE_ENTITY:
        errors = [FieldError(e["field"], e["rule"]) for e in problem.get("errors", ())]
        return Invalid(message, errors)
    return Refused(
        str(problem["code"]),
        message,
        position=problem.get("position"),
        command_id=problem.get("command_id"),
    )
