"""What the OpenAPI document says about commands, answers and problems: derived from the types."""

from collections.abc import Sequence
from inspect import getdoc
from typing import Any, Literal

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, Field, JsonValue
from pydantic.json_schema import models_json_schema

from rollbook.domain.messages import Message
from rollbook.eventlog.commands import COMMANDS, MODEL_COMMANDS, NAMESPACE_COMMANDS
from rollbook.query.examples import EXAMPLES
from rollbook.query.problems import MEDIA_TYPE

API = "/api/v1"
"""Where commands and reads begin."""

DESCRIPTION = """\
Commands go in, and are answered when their one outcome stands in the log; reads come from tables
made of the log. A read with `min_position=` the position of an answer shows what that answer did.

A command repeated under the same `Idempotency-Key` is the same command: it gets its first answer.
Every error is a problem document (RFC 9457) with a `code` for programs.
"""


TAGS = [
    {"name": name, "description": description}
    for name, description in (
        ("commands", "Wishes about a model; answered when their outcome stands in the log."),
        ("commands to a namespace", "Rules, schemas, roles, keys, collections, erasing."),
        ("plans", "What would come of a command, and who and what it asks, without sending it."),
        ("reads", "Models, aliases, environments, and the log itself."),
        ("versions", "Versions, what was found out about them, and how two differ."),
        ("lineage", "What versions came from, what came of them, and what a thing has touched."),
        ("cards", "Model cards as JSON, Markdown or a page."),
        ("requests", "Requests to promote: the inbox, and all that a reviewer must see."),
        ("environments", "How an environment came to serve what it serves; broken glasses."),
        ("namespaces", "What governs the models, who may do what, how complete the records are."),
        ("artifacts", "The registry's own store: uploads, and signed URLs to read from."),
        ("personal data", "Kept outside of the log by reference, and erasable."),
        ("questions", "Questions that have a name, about all models, as of any moment."),
        ("me", "Who asks."),
        ("health", "Of this process."),
    )
]


class FieldError(BaseModel):
    """One field and the rule that it breaks."""

    field: str
    rule: str


class ProblemDocument(BaseModel):
    """An error, by RFC 9457."""

    type: str
    title: str
    status: int
    code: str = Field(description="for programs")
    detail: str = Field(description="for people")
    position: str | None = Field(None, description="of the refusal in the log")
    command_id: str | None = None
    errors: list[FieldError] | None = None


class RecordDocument(BaseModel):
    """A record of the log."""

    position: str = Field(description="partition:offset")
    id: str
    type: str
    model: str | None = Field(description="the stream: a model, or a namespace by itself")
    seq: int
    time: str
    actor: str
    command_id: str | None
    correlation_id: str | None
    causation_id: str | None
    claim: int
    prev: str | None
    origin: str | None = Field(description="where it was imported from")
    origin_time: str | None = Field(description="when it happened there")
    data: dict[str, JsonValue]


class AnswerDocument(BaseModel):
    """A command's outcome, which stands in the log."""

    outcome: Literal["accepted", "confirmed"] = Field(
        description="confirmed: the wish was already true, and nothing changed"
    )
    type: str = Field(description="of the event")
    version: int | None = Field(
        None, description="the version it is about; of a roll-back, the one that serves again"
    )
    position: str = Field(description="in the log, partition:offset; pass it as min_position")
    seq: int = Field(description="of the model or namespace now; pass it as If-Match")
    command_id: str
    event: RecordDocument


def problems(*codes: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that may answer with these statuses."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}}
    says = {
        401: "The token is missing or not valid",
        403: "Not for whoever asks: they lack the role or title, or it is their own work",
        404: "There is no such thing",
        406: "It cannot be shown in that form",
        409: "The state of the model or namespace forbids it",
        410: "It was there, and was erased",
        413: "The body is too large",
        415: "The body is not JSON",
        416: "None of these bytes are there",
        422: "A field breaks a rule; nothing was published",
        429: "There are too many already",
        503: "Kafka or Postgres does not answer, or the tables are behind; try again",
        504: "No outcome in time: ask again with the same Idempotency-Key",
    }
    return {code: {"description": says[code], "content": content} for code in codes}


def of_command(name: str, cls: type[Message]) -> dict[str, Any]:
    """The documentation of one command's route."""
    summary, _, more = (getdoc(cls) or name).partition("\n")
    schema = {"$ref": f"#/components/schemas/{name}"}
    return {
        "operation_id": name,
        "tags": ["commands"] if name in MODEL_COMMANDS else ["commands to a namespace"],
        "summary": summary.rstrip("."),
        "description": more.strip() or summary,
        "response_model": AnswerDocument,
        "response_model_exclude_none": True,
        "responses": problems(401, 403, 404, 409, 413, 415, 422, 503, 504),
        "openapi_extra": {
            "parameters": [*_path(name), *_headers()],
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": schema, "example": EXAMPLES[name]}},
            },
        },
    }


def install(app: FastAPI) -> None:
    """Let the document of `app` hold the schemas that its routes refer to."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            made = get_openapi(
                title=app.title,
                version=app.version,
                description=app.description,
                routes=app.routes,
                openapi_version="3.1.0",
                tags=TAGS,
            )
            schemas = made["components"]["schemas"]
            for key, schema in _definitions([*COMMANDS.values(), ProblemDocument]).items():
                schemas.setdefault(key, schema)
            for unused in ("HTTPValidationError", "ValidationError"):  # ours are problems
                schemas.pop(unused, None)
            for path, operations in made["paths"].items():
                if path.startswith(API):  # every one of them, where the registry has a secret
                    for operation in operations.values():
                        operation["responses"].setdefault("401", problems(401)[401])
            for operation in (o for path in made["paths"].values() for o in path.values()):
                if "$ref" in str(operation["responses"].get("422", "")) and MEDIA_TYPE not in str(
                    operation["responses"]["422"]
                ):
                    operation["responses"]["422"] = problems(422)[422]
            app.openapi_schema = made
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # FastAPI's own way


def _definitions(classes: Sequence[type[BaseModel]]) -> dict[str, Any]:
    _, found = models_json_schema(
        [(cls, "validation") for cls in classes], ref_template="#/components/schemas/{model}"
    )
    definitions: dict[str, Any] = found["$defs"]
    return definitions


def _path(command: str) -> list[dict[str, Any]]:
    names = [("namespace", "payments"), ("name", "fraud")]
    if command in NAMESPACE_COMMANDS:
        names.pop()
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string"},
            "example": example,
        }
        for name, example in names
    ]


def _headers() -> list[dict[str, Any]]:
    headers = (
        ("Idempotency-Key", {"type": "string", "format": "uuid"}, "The id of the command."),
        ("If-Match", {"type": "string"}, "Refused unless this is the stream's `seq` now."),
        ("Authorization", {"type": "string"}, "`Bearer` and a token."),
        ("X-Actor", {"type": "string"}, "Who asks; believed only by an open registry."),
        ("X-Origin", {"type": "string"}, "Where it is imported from."),
        (
            "X-Origin-Time",
            {"type": "string", "format": "date-time"},
            "When it happened there; only with `X-Origin`.",
        ),
        ("traceparent", {"type": "string"}, "W3C trace context to continue."),
    )
    return [
        {"name": name, "in": "header", "required": False, "schema": schema, "description": text}
        for name, schema, text in headers
    ]
