"""One route per class of command: published to the log, answered with the outcome in it."""

import time
from collections.abc import Awaitable, Callable
from uuid import uuid4

import orjson
from fastapi import APIRouter, Request, Response
from opentelemetry.trace import SpanKind
from pydantic import ValidationError

from rollbook.domain.messages import Message
from rollbook.eventlog.asking import NoAnswer
from rollbook.eventlog.codec import COMMANDS
from rollbook.eventlog.envelope import CommandEnvelope, EventEnvelope
from rollbook.eventlog.log import Unavailable
from rollbook.eventlog.topics import COMMAND_LIMIT
from rollbook.observability import metrics, tracing
from rollbook.query import handlers, openapi
from rollbook.query.door import Door
from rollbook.query.problems import Problem, field_errors, invalid_fields

DRAIN_LIMIT = 16_000_000
"""Bytes of a body that is too large which are still read, so that its sender hears the answer."""

JSON = "application/json"
ACK = metrics.ACK_SECONDS.labels("http")


def router(door: Door) -> APIRouter:
    """The routes of all commands."""
    made = APIRouter(prefix=openapi.API, tags=["commands"])
    for name, cls in COMMANDS.items():
        made.add_api_route(
            f"/models/{{namespace}}/{{name}}/commands/{name}",
            _endpoint(name, cls, door),
            methods=["POST"],
            name=name,
            **openapi.of_command(name, cls),
        )
    return made


def _endpoint(
    name: str, cls: type[Message], door: Door
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        id_ = handlers.command_id(request.headers, uuid4())
        span = _span(name, request, id_)
        status = 500
        try:
            outcome = await _ask(door, await _envelope(request, cls, id_, span))
            body = orjson.dumps(handlers.answer(outcome))
            status = 200
            return Response(body, media_type=JSON, headers={"etag": f'"{outcome.seq}"'})
        except Problem as problem:
            status = problem.status
            problem.extensions.setdefault("command_id", id_)
            raise
        finally:
            if span is not None:
                span.end(**{"http.response.status_code": status})

    return endpoint


async def _envelope(
    request: Request, cls: type[Message], id_: str, span: tracing.Step | None
) -> CommandEnvelope:
    body = await _body(request)
    path = request.path_params
    model = handlers.model_key(path["namespace"], path["name"])
    try:
        command = cls.__pydantic_validator__.validate_json(body)
    except ValidationError as error:
        raise invalid_fields(field_errors(error)) from None
    valid = span is not None and span.span.get_span_context().is_valid
    return handlers.envelope(
        id=id_,
        model=model,
        command=command,
        headers=request.headers,
        # An unsampled trace goes on as it came.
        traceparent=span.traceparent
        if span is not None and valid
        else request.headers.get("traceparent"),
    )


async def _ask(door: Door, envelope: CommandEnvelope) -> EventEnvelope:
    began = time.perf_counter()
    try:
        outcome = await door.ask(envelope)
    except NoAnswer as error:
        raise Problem(504, "no_answer", str(error)) from error
    except Unavailable as error:
        raise Problem(503, "unavailable", str(error)) from error
    ACK.observe(time.perf_counter() - began)
    return outcome


async def _body(request: Request) -> bytes:
    """The whole body, if it is JSON and not too long."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size <= COMMAND_LIMIT:
            parts.append(part)
        elif size > DRAIN_LIMIT:
            break
    if size > COMMAND_LIMIT:
        raise Problem(413, "oversize", f"a command has at most {COMMAND_LIMIT:,} bytes")
    if kind != JSON:
        # Also what keeps other sites' pages out: a browser asks us before it sends JSON for them.
        raise Problem(415, "not_json", f"send the command with 'Content-Type: {JSON}'")
    return b"".join(parts)


def _span(name: str, request: Request, id_: str) -> tracing.Step | None:
    """A span that continues the caller's trace or begins one; None where it is not sampled."""
    traceparent = request.headers.get("traceparent")
    attributes = {
        "http.request.method": "POST",
        "http.route": request.scope["route"].path,
        "rollbook.command_id": id_,
    }
    if traceparent is not None and tracing.TRACEPARENT.fullmatch(traceparent):
        return tracing.step(f"POST {name}", traceparent, SpanKind.SERVER, attributes)
    return tracing.begin(f"POST {name}", attributes)
