"""What goes wrong, as RFC 9457 problem documents: every error of this API has this one shape."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from rollbook.artifacts.errors import Unreachable
from rollbook.eventlog.log import Unavailable
from rollbook.observability.logs import logger

log = logger(__name__)

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER = "1"
"""Seconds."""
MOST_ERRORS = 50


class Problem(Exception):
    """An answer that is an error: `code` is for programs, `detail` for people."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: list[dict[str, str]] | None = None,
        position: str | None = None,
        command_id: str | None = None,
        column: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.extensions: dict[str, Any] = {
            key: value
            for key, value in (
                ("position", position),
                ("command_id", command_id),
                ("errors", errors),
                ("column", column),
            )
            if value is not None
        }

    def response(self) -> Response:
        """The problem document."""
        body: dict[str, Any] = {
            "type": f"urn:rollbook:problem:{self.code}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            **self.extensions,
        }
        headers = {}
        if self.status == HTTPStatus.SERVICE_UNAVAILABLE:
            headers["retry-after"] = RETRY_AFTER
        if self.status == HTTPStatus.UNAUTHORIZED:
            headers["www-authenticate"] = "Bearer"
        return Response(orjson.dumps(body), self.status, headers, MEDIA_TYPE)


def invalid(field: str, rule: str, *, command_id: str | None = None) -> Problem:
    """One field breaks one rule."""
    return invalid_fields([{"field": field, "rule": rule}], command_id=command_id)


def invalid_fields(errors: list[dict[str, str]], *, command_id: str | None = None) -> Problem:
    """Some fields break rules; nothing was published."""
    detail = "; ".join(f"{e['field']}: {e['rule']}" for e in errors[:10])
    return Problem(422, "invalid", detail, errors=errors[:MOST_ERRORS], command_id=command_id)


def field_errors(error: ValidationError) -> list[dict[str, str]]:
    """Each wrong field of a body with the rule it breaks, without the value."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return [_field_error(e["loc"] or ("body",), e["msg"]) for e in found[:MOST_ERRORS]]


def _field_error(place: tuple[int | str, ...], message: str) -> dict[str, str]:
    rule = message.removeprefix("Value error, ")
    return {"field": ".".join(map(str, place)), "rule": rule}


def install(app: FastAPI) -> None:
    """Turn every error of `app` into a problem document."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _parameters)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Unavailable, _unavailable)
    app.add_exception_handler(Unreachable, _unavailable)
    app.add_exception_handler(Exception, _unforeseen)


def _problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101
    return error.response()


def _parameters(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    # loc begins with where the field stands: "query", "path" or "header".
    return invalid_fields(
        [_field_error(tuple(e["loc"][1:]) or ("body",), e["msg"]) for e in error.errors()]
    ).response()


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    path = request.url.path
    details: Mapping[int, tuple[str, str]] = {
        404: ("unknown_route", f"there is nothing at {path}: see /docs"),
        405: ("method_not_allowed", f"{request.method} is not for {path}: see /docs"),
    }
    code, detail = details.get(error.status_code, ("http_error", str(error.detail)))
    response = Problem(error.status_code, code, detail).response()
    response.headers.update(error.headers or {})
    return response


def _unavailable(_: Request, error: Exception) -> Response:
    return Problem(503, "unavailable", str(error)).response()


def _unforeseen(request: Request, error: Exception) -> Response:
    # Starlette raises it again after this answer, so that the server logs it with its trace.
    log.error("unforeseen error", path=request.url.path, error=type(error).__name__)
    return Problem(
        500, "unforeseen", "this is a fault of the service; its log tells more"
    ).response()
