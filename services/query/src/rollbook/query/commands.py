"""One route per class of command: published to the log, answered with the outcome in it."""

import time
from collections.abc import Awaitable, Callable
from uuid import uuid4

import orjson
from fastapi import APIRouter, Request, Response
from opentelemetry.trace import SpanKind
from pydantic import ValidationError

from rollbook.domain.messages import Message
from rollbook.domain.queries import SaveQuery
from rollbook.domain.streams import StreamCommand
from rollbook.eventlog.asking import NoAnswer
from rollbook.eventlog.commands import MODEL_COMMANDS, NAMESPACE_COMMANDS, Signer
from rollbook.eventlog.envelope import CommandEnvelope, EventEnvelope
from rollbook.eventlog.log import Unavailable
from rollbook.observability import metrics, tracing
from rollbook.query import handlers, openapi, queries
from rollbook.query.bodies import JSON, json_body
from rollbook.query.door import Door
from rollbook.query.identity import UNSIGNED, Admission, Identity, unauthenticated
from rollbook.query.problems import Problem, field_errors, invalid_fields

ACK = metrics.ACK_SECONDS.labels("http")


def router(door: Door, identity: Identity | None) -> APIRouter:
    """The routes of all commands; with no identity, whoever sends one is believed."""
    made = APIRouter(prefix=openapi.API)
    for stream, found in (
        ("/models/{namespace}/{name}", MODEL_COMMANDS),
        ("/namespaces/{namespace}", NAMESPACE_COMMANDS),
    ):
        for name, cls in found.items():
            made.add_api_route(
                f"{stream}/commands/{name}",
                _endpoint(name, cls, door, identity),
                methods=["POST"],
                name=name,
                **openapi.of_command(name, cls),
            )
    return made


def _endpoint(
    name: str, cls: type[Message], door: Door, identity: Identity | None
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        id_ = handlers.command_id(request.headers, uuid4())
        span = _span(name, request, id_)
        status = 500
        try:
            body = await json_body(request)
            admission = await _admit(request, len(body), identity)
            envelope = _envelope(request, cls, body, id_, span, admission)
            outcome = await _ask(door, envelope, admission.sign)
            answer = orjson.dumps(handlers.answer(outcome))
            status = 200
            return Response(answer, media_type=JSON, headers={"etag": f'"{outcome.seq}"'})
        except Problem as problem:
            status = problem.status
            problem.extensions.setdefault("command_id", id_)
            raise
        finally:
            if span is not None:
                span.end(**{"http.response.status_code": status})

    return endpoint


async def _admit(request: Request, size: int, identity: Identity | None) -> Admission:
    if identity is not None:
        return await identity.admit(request, size)
    if "authorization" in request.headers:  # it is not for us to read, and belongs into no topic
        raise Problem(
            401,
            "unauthenticated",
            "this registry is open and cannot verify a token: send none,"
            " or set ROLLBOOK_TOKEN_SECRET on the query service and the command service",
        )
    return UNSIGNED


def _envelope(
    request: Request,
    cls: type[Message],
    body: bytes,
    id_: str,
    span: tracing.Step | None,
    admission: Admission,
) -> CommandEnvelope:
    stream = handlers.stream_key(**request.path_params)
    try:
        command = understood(cls, body)
    except Problem:
        if admission.refused is not None:
            raise unauthenticated(admission.refused) from None
        raise
    valid = span is not None and span.span.get_span_context().is_valid
    return handlers.envelope(
        id=id_,
        stream=stream,
        command=command,
        headers=request.headers,
        # An unsampled trace goes on as it came.
        traceparent=span.traceparent
        if span is not None and valid
        else request.headers.get("traceparent"),
    )


def understood(cls: type[Message], body: bytes) -> StreamCommand:
    """The command that a body is, when it breaks no rule."""
    try:
        command: StreamCommand = cls.__pydantic_validator__.validate_json(body)
    except ValidationError as error:
        raise invalid_fields(field_errors(error)) from None
    if isinstance(command, SaveQuery):
        queries.understood(command)
    return command


async def _ask(door: Door, envelope: CommandEnvelope, sign: Signer | None) -> EventEnvelope:
    began = time.perf_counter()
    try:
        outcome = await door.ask(envelope, sign)
    except NoAnswer as error:
        raise Problem(504, "no_answer", str(error)) from error
    except Unavailable as error:
        raise Problem(503, "unavailable", str(error)) from error
    ACK.observe(time.perf_counter() - began)
    return outcome


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
