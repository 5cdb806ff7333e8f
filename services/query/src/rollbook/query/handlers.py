"""From a request to a command's envelope, and from its outcome to an answer. Pure."""

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from rollbook.domain.environments import VersionRolledBack
from rollbook.domain.model import ModelCommand
from rollbook.domain.names import NAMESPACE
from rollbook.eventlog.codec import SAFE_HEADER, as_json, checked_model_key
from rollbook.eventlog.envelope import CommandEnvelope, EventEnvelope
from rollbook.eventlog.outcomes import INVALID, CommandConfirmed, CommandRefused
from rollbook.query.problems import Problem, field_errors, invalid

SOURCE = "/rollbook/query"
SEQ = re.compile(r'"?(\d{1,15})"?')
BEARER = re.compile(r"bearer +(\S+) *", re.IGNORECASE)

STATUS = {
    "unauthenticated": 401,
    "forbidden": 403,
    "unknown_model": 404,
    "unknown_version": 404,
    "oversize": 413,
}


def model_key(namespace: str, name: str) -> str:
    """`namespace/name`, when both follow their rules."""
    try:
        return checked_model_key(f"{namespace}/{name}")
    except ValidationError as error:
        field = "name" if NAMESPACE.fullmatch(namespace) else "namespace"
        raise invalid(field, field_errors(error)[0]["rule"]) from None


def command_id(headers: Mapping[str, str], fresh: UUID) -> str:
    """The caller's Idempotency-Key, or `fresh`."""
    given = headers.get("idempotency-key")
    if given is None:
        return str(fresh)
    try:
        return str(UUID(given.strip('"')))
    except ValueError:
        raise invalid("Idempotency-Key", "must be a UUID: it is the id of the command") from None


def envelope(
    *,
    id: str,  # noqa: A002  # as the envelope calls it
    model: str,
    command: ModelCommand,
    headers: Mapping[str, str],
    traceparent: str | None,
) -> CommandEnvelope:
    """The command with what its sender says about it in the headers of the request."""
    expected = headers.get("if-match")
    seq = SEQ.fullmatch(expected.strip()) if expected is not None else None
    if expected is not None and seq is None:
        raise invalid("If-Match", "must be the model's seq, a whole number", command_id=id)
    actor = headers.get("x-actor")
    if actor is not None:
        actor = _unicode(actor)
        if not SAFE_HEADER.fullmatch(actor):
            raise invalid(
                "X-Actor", "must be 1 to 250 characters, none of them control", command_id=id
            )
    authorization = headers.get("authorization")
    bearer = BEARER.fullmatch(authorization) if authorization is not None else None
    if authorization is not None and bearer is None:
        raise Problem(
            401,
            "unauthenticated",
            "the Authorization header must be 'Bearer ' and a token",
            command_id=id,
        )
    return CommandEnvelope(
        id=id,
        model=model,
        command=command,
        source=SOURCE,
        actor=actor,
        token=bearer[1] if bearer is not None else None,
        expected_seq=int(seq[1]) if seq is not None else None,
        traceparent=traceparent,
    )


def answer(outcome: EventEnvelope) -> dict[str, Any]:
    """The body that answers an accepted or confirmed command; `Problem` for a refused one."""
    message = outcome.message
    if isinstance(message, CommandRefused):
        raise Problem(
            STATUS.get(message.code, 422 if message.code in INVALID else 409),
            message.code,
            message.message,
            position=str(outcome.position),
            command_id=outcome.command_id,
        )
    body: dict[str, Any] = {
        "outcome": "confirmed" if isinstance(message, CommandConfirmed) else "accepted",
        "type": type(message).__name__,
        "position": str(outcome.position),
        "seq": outcome.seq,
        "command_id": outcome.command_id,
        "event": as_json(outcome),
    }
    # Of a roll-back the version that serves now, as a repeat of the wish would name it.
    field = "restored" if isinstance(message, VersionRolledBack) else "version"
    version = getattr(message, field, None)
    if version is not None:
        body["version"] = version
    return body


def _unicode(header: str) -> str:
    """A header's text: UTF-8 where it is that, else the Latin-1 that HTTP says it is."""
    raw = header.encode("latin-1")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return header
