"""From a request to a command's envelope, and from its outcome to an answer. Pure."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from rollbook.domain.environments import VersionRolledBack
from rollbook.domain.messages import Refused
from rollbook.domain.names import NAMESPACE
from rollbook.domain.streams import StreamCommand
from rollbook.eventlog.commands import SAFE_HEADER, checked_model_key
from rollbook.eventlog.envelope import CommandEnvelope, EventEnvelope
from rollbook.eventlog.outcomes import INVALID, CommandConfirmed, CommandRefused
from rollbook.eventlog.records import as_json
from rollbook.query.problems import Problem, field_errors, invalid
from rollbook.query.times import rfc_3339

SOURCE = "/rollbook/query"
SEQ = re.compile(r'"?(\d{1,15})"?')
BEARER = re.compile(r"bearer +(\S+) *", re.IGNORECASE)

STATUS = {
    "unauthenticated": 401,
    "forbidden": 403,
    "own_work": 403,
    "protected": 403,
    "wrong_title": 403,
    "unknown_alarm": 404,
    "unknown_break": 404,
    "unknown_environment": 404,
    "unknown_grant": 404,
    "unknown_key": 404,
    "unknown_model": 404,
    "unknown_request": 404,
    "unknown_version": 404,
    "oversize": 413,
    "bad_name": 422,
    "invalid_schema": 422,
}
"""Of refusals; of all others 409."""


def model_key(namespace: str, name: str) -> str:
    """`namespace/name`, when both follow their rules."""
    try:
        return checked_model_key(f"{namespace}/{name}")
    except ValidationError as error:
        field = "name" if NAMESPACE.fullmatch(namespace) else "namespace"
        raise invalid(field, field_errors(error)[0]["rule"]) from None


def namespace_key(namespace: str) -> str:
    """The namespace, when it follows its rule."""
    if not NAMESPACE.fullmatch(namespace):
        raise invalid(
            "namespace",
            "must be 1 to 63 lower-case letters, digits and '-', not beginning with '-'",
        )
    return namespace


def stream_key(namespace: str, name: str | None = None) -> str:
    """The key of a model, or of the namespace itself."""
    return namespace_key(namespace) if name is None else model_key(namespace, name)


def command_id(headers: Mapping[str, str], fresh: UUID) -> str:
    """The caller's Idempotency-Key, or `fresh`."""
    given = headers.get("idempotency-key")
    if given is None:
        return str(fresh)
    try:
        return str(UUID(given.strip('"')))
    except ValueError:
        raise invalid("Idempotency-Key", "must be a UUID: it is the id of the command") from None


def bearer(headers: Mapping[str, str]) -> str | None:
    """The token that a request brings, if any; `Refused` when it brings something else."""
    authorization = headers.get("authorization")
    if authorization is None:
        return None
    found = BEARER.fullmatch(authorization)
    if found is None:
        raise Refused("unauthenticated", "the Authorization header must be 'Bearer ' and a token")
    return found[1]


def envelope(
    *,
    id: str,  # noqa: A002  # as the envelope calls it
    stream: str,
    command: StreamCommand,
    headers: Mapping[str, str],
    traceparent: str | None,
) -> CommandEnvelope:
    """The command with what its sender says about it in the headers of the request."""
    expected = headers.get("if-match")
    seq = SEQ.fullmatch(expected.strip()) if expected is not None else None
    if expected is not None and seq is None:
        raise invalid("If-Match", "must be the stream's seq, a whole number", command_id=id)
    origin, origin_time = _origin(headers, id)
    return CommandEnvelope(
        id=id,
        model=stream,
        command=command,
        source=SOURCE,
        actor=_text(headers, "X-Actor", id),
        expected_seq=int(seq[1]) if seq is not None else None,
        traceparent=traceparent,
        origin=origin,
        origin_time=origin_time,
    )


def actor(headers: Mapping[str, str]) -> str:
    """Who says that they ask; believed only by an open registry."""
    return _text(headers, "X-Actor") or "anonymous"


def _text(headers: Mapping[str, str], name: str, command_id: str | None = None) -> str | None:
    """A header's text, which must be one line."""
    text = headers.get(name.lower())
    if text is None:
        return None
    text = _unicode(text)
    if not SAFE_HEADER.fullmatch(text):
        rule = "must be 1 to 250 characters, none of them control"
        raise invalid(name, rule, command_id=command_id)
    return text


def _origin(headers: Mapping[str, str], id_: str) -> tuple[str | None, datetime | None]:
    """Where an imported command comes from, and when that happened there."""
    origin, text = _text(headers, "X-Origin", id_), headers.get("x-origin-time")
    if text is None:
        return origin, None
    if origin is None:
        raise invalid("X-Origin-Time", "goes with X-Origin only", command_id=id_)
    try:
        return origin, rfc_3339(text)
    except ValueError as error:
        raise invalid("X-Origin-Time", str(error), command_id=id_) from None


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
