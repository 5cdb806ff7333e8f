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
        self.timeout = timeout
        self._unreachable = (httpx.TransportError,)
        self._slow = (httpx.TimeoutException,)
        here = httpx.URL(self.url).host in HERE
        self._client = httpx.Client(
            base_url=self.url,
            headers=_encoded(headers),
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
        final: frozenset[str] = frozenset(),
    ) -> Any:
        """The JSON that answers; `Refused`, `Invalid` or `Unavailable` otherwise.

        `final`: codes of answers that are not waited out when they come twice in the same words,
        since then nothing moves.
        """
        deadline = time.monotonic() + self.timeout
        headers = headers or {}
        command_id = headers.get("Idempotency-Key")
        pause = FIRST_PAUSE
        why = code = ""
        while True:
            left = deadline - time.monotonic()
            try:
                response = self._client.request(
                    method,
                    path,
                    params=list(params),
                    content=content,
                    headers=_encoded(headers),
                    timeout=max(left, 0.05),
                )
            except self._unreachable as error:
                if not (code and isinstance(error, self._slow)):  # what it said last tells more
                    why = f"{self.url} does not answer: {str(error) or type(error).__name__}"
                    code = ""
            else:
                if response.is_success:
                    return response.json()
                problem = _problem(response)
                if response.status_code not in AGAIN:
                    raise _error(response.status_code, problem)
                said = str(problem.get("detail", response.reason_phrase))
                if problem["code"] in final and (problem["code"], said) == (code, why):
                    raise Unavailable(why, code=code, command_id=command_id)
                why, code = said, str(problem["code"])
            # Jitter, so that callers who failed together do not come back together.
            wait = random.uniform(pause / 2, pause)  # noqa: S311
            if time.monotonic() + wait >= deadline:
                raise Unavailable(why, code=code, command_id=command_id)
            time.sleep(wait)
            pause = min(pause * 2, LONGEST_PAUSE)


def _encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in headers.items()]


def _problem(response: "httpx.Response") -> dict[str, Any]:
    """The problem document, also where something on the way answered in its own words."""
    if response.headers.get("content-type", "").startswith("application/problem+json"):
        body: dict[str, Any] = response.json()
        return body
    return {"code": "http_error", "detail": f"{response.status_code} {response.reason_phrase}"}


def _error(status: int, problem: Mapping[str, Any]) -> RegistryError:
    message = str(problem["detail"])
    if status == HTTPStatus.UNPROCESSABLE_ENTITY and "position" not in problem:
        errors = [FieldError(e["field"], e["rule"]) for e in problem.get("errors", ())]
        return Invalid(message, errors, column=problem.get("column"))
    return Refused(
        str(problem["code"]),
        message,
        position=problem.get("position"),
        command_id=problem.get("command_id"),
    )
