"""Commands from CloudEvents 1.0 in the Kafka binary binding, and back; what can never work."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import Final, NamedTuple, TypeAlias

from pydantic import JsonValue, TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

from rollbook.domain.messages import Message
from rollbook.domain.model import ModelCommand
from rollbook.domain.names import ModelKey, StreamKey
from rollbook.domain.namespace import NamespaceCommand
from rollbook.eventlog.envelope import CommandEnvelope, Record
from rollbook.eventlog.records import members, reasons
from rollbook.eventlog.topics import COMMAND_LIMIT

UUID_FORM: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SAFE_HEADER: Final = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]{1,250}")
CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
PLAIN_ATTRIBUTES: Final = (
    "ce_actor",
    "ce_correlationid",
    "ce_causationid",
    "ce_source",
    "ce_origin",
)
SIGNED: Final = ("ce_id", "ce_type", "ce_expectedseq", "ce_origin", "ce_origintime")
"""Attributes that change what a command does."""

ATTRIBUTES: Final = frozenset((*PLAIN_ATTRIBUTES, *SIGNED))
"""All that a command's attributes may tell us; others are not looked at."""

STRUCTURED: Final = b"application/cloudevents+json"
UNREADABLE: Final = "rollbook_unreadable"
"""Header that stands, with the reason, for a record that no client library can read."""

MODEL_COMMANDS: Final = members(ModelCommand)
NAMESPACE_COMMANDS: Final = members(NamespaceCommand)
COMMANDS: Final = MODEL_COMMANDS | NAMESPACE_COMMANDS

_model_key: Final = TypeAdapter(ModelKey)
_stream_key: Final = TypeAdapter(StreamKey)

Signer: TypeAlias = Callable[[str, str], str]
"""From the id and the digest of a command to the statement that proves who sends it."""


class Poison(Exception):
    """A record that can never work: `code` for programs, `message` for people."""

    def __init__(
        self, code: str, message: str, *, command_id: str | None = None, command: str = ""
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = CONTROL.sub("\ufffd", message)  # it may quote what came
        self.command_id = command_id
        self.command = CONTROL.sub("\ufffd", command)


@lru_cache(maxsize=262_144)  # keys come from anybody
def checked_model_key(key: str) -> str:
    """The key, when it follows the rules for `namespace/name`; ValueError otherwise."""
    return _model_key.validate_python(key)


@lru_cache(maxsize=262_144)
def checked_stream_key(key: str) -> str:
    """The key, when it is `namespace/name` or a namespace; ValueError otherwise."""
    return _stream_key.validate_python(key)


def encode_command(
    envelope: CommandEnvelope, sign: Signer | None = None
) -> tuple[bytes, bytes, list[tuple[str, bytes]]]:
    """Key, value and headers of a command in the binary binding, signed where one can."""
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", envelope.id.encode()),
        ("ce_source", envelope.source.encode()),
        ("ce_type", type(envelope.command).__name__.encode()),
        ("content-type", b"application/json"),
    ]
    optional = (
        ("ce_actor", envelope.actor),
        ("ce_correlationid", envelope.correlation_id),
        ("ce_causationid", envelope.causation_id),
        ("traceparent", envelope.traceparent),
        ("ce_origin", envelope.origin),
        ("ce_origintime", envelope.origin_time.isoformat() if envelope.origin_time else None),
    )
    headers += [(name, value.encode()) for name, value in optional if value is not None]
    if envelope.expected_seq is not None:
        headers.append(("ce_expectedseq", b"%d" % envelope.expected_seq))
    key = envelope.model.encode()
    value = envelope.command.model_dump_json(exclude_defaults=True).encode()
    token = envelope.token
    if sign is not None:
        attributes = {name: content.decode() for name, content in headers}
        token = sign(envelope.id, command_digest(key, attributes, value))
    if token:
        headers.append(("authorization", f"Bearer {token}".encode()))
    return key, value, headers


def decode_command(record: Record) -> CommandEnvelope:
    """The command in a record of `rollbook.commands`; `Poison` when it can never work."""
    headers = dict(record.headers)  # values may be null in spite of their type: Kafka has null ones
    value = record.value or b""
    if UNREADABLE in headers:
        raise Poison("malformed", headers[UNREADABLE].decode(errors="replace"))
    if len(value) > COMMAND_LIMIT:
        said = UUID_FORM.fullmatch((headers.get("ce_id") or b"").decode(errors="replace").lower())
        raise Poison(
            "oversize",
            f"a command has at most {COMMAND_LIMIT:,} bytes, not {len(value):,}",
            command_id=said and said[0],
        )
    try:
        if (headers.get("content-type") or b"").startswith(STRUCTURED):
            attributes, value = _open(value)
        else:
            attributes = {k: v or b"" for k, v in headers.items() if k in ATTRIBUTES}
        kind = attributes.get("ce_type", b"").decode()
        sent_id = attributes.pop("ce_id", b"").decode()
        command_id = _uuid(sent_id, kind)
        traceparent = (headers["traceparent"] or b"").decode() if "traceparent" in headers else None
        authorization = (headers.get("authorization") or b"").decode()
        about = _about(record.key, tuple(attributes.items()))
        # The validator itself: `model_validate_json` does nothing more, half a microsecond later.
        command = about.cls.__pydantic_validator__.validate_json(value)
    except UnicodeDecodeError as error:
        raise Poison("malformed", f"a header is not UTF-8: {error}") from None
    except _Wrong as wrong:
        raise Poison(*wrong.args, command_id=command_id, command=kind) from None
    except ValidationError as error:
        raise Poison("invalid", reasons(error), command_id=command_id, command=kind) from None
    digest = None
    if authorization:
        signed = {k: v.decode() for k, v in attributes.items()} | {"ce_id": sent_id}
        digest = command_digest(record.key or b"", signed, value)
    return CommandEnvelope(
        command_id,
        about.model,
        command,
        about.source,
        about.actor,
        authorization.removeprefix("Bearer ") or None,
        digest,
        about.expected_seq,
        about.correlation_id,
        about.causation_id,
        traceparent,
        about.origin,
        about.origin_time,
    )


class _About(NamedTuple):
    """What key and attributes say of a command."""

    cls: type[Message]
    model: str
    source: str
    actor: str | None
    expected_seq: int | None
    correlation_id: str | None
    causation_id: str | None
    origin: str | None
    origin_time: datetime | None


class _Wrong(Exception):
    """What makes it poison: code and message."""


@lru_cache(maxsize=16_384)  # of at most some two kilobytes, and only those that are right
def _about(key: bytes | None, attributes: tuple[tuple[str, bytes], ...]) -> _About:
    """What the key and the attributes but `ce_id` say: most commands of a pipeline say the same."""
    said = {name: value.decode() for name, value in attributes}
    kind = said.get("ce_type", "")
    if key is None:
        raise _Wrong("no_key", "the record has no key: the key is the model, 'namespace/name'")
    try:
        model = _stream_key.validate_python(key.decode())
    except UnicodeDecodeError:
        raise _Wrong("no_key", "the record's key is not UTF-8") from None
    except ValidationError as error:
        raise _Wrong("no_key", f"key: {reasons(error)}") from None
    if model.encode() != key:
        raise _Wrong("no_key", "the record's key must be in Unicode normal form C")
    cls = COMMANDS.get(kind)
    if cls is None:
        known = ", ".join(sorted(COMMANDS))
        raise _Wrong("unknown_type", f"ce_type {kind[:100]!r} is none of {known}")
    if (kind in NAMESPACE_COMMANDS) == ("/" in model):
        wanted = "a namespace" if kind in NAMESPACE_COMMANDS else "a model, 'namespace/name'"
        raise _Wrong("no_key", f"the key of {kind} is {wanted}")
    for name in PLAIN_ATTRIBUTES:
        if name in said and not SAFE_HEADER.fullmatch(said[name]):
            raise _Wrong("invalid", f"{name}: must be 1 to 250 characters, none of them control")
    expected = said.get("ce_expectedseq")
    if expected is not None and not (expected.isdecimal() and len(expected) < 16):
        raise _Wrong("invalid", "ce_expectedseq: must be a whole number, 0 or more")
    return _About(
        cls,
        model,
        said.get("ce_source", ""),
        said.get("ce_actor"),
        int(expected) if expected is not None else None,
        said.get("ce_correlationid"),
        said.get("ce_causationid"),
        *_origin(said),
    )


def command_digest(key: bytes, attributes: Mapping[str, str], value: bytes) -> str:
    """SHA-256 (hexadecimal) over all of a command that means something: what is signed.

    The bytes are lines that end in LF: the key, then the values of the attributes in `SIGNED`, each
    empty where it is missing; then the data as it is.
    """
    lines = [key, *(attributes.get(name, "").encode() for name in SIGNED), value]
    return sha256(b"\n".join(lines)).hexdigest()


def _origin(said: Mapping[str, str]) -> tuple[str | None, datetime | None]:
    origin, text = said.get("ce_origin"), said.get("ce_origintime")
    if text is None:
        return origin, None
    if origin is None:
        raise _Wrong("invalid", "ce_origintime: goes with ce_origin only")
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise _Wrong("invalid", "ce_origintime: must be an RFC 3339 time with its offset")
    return origin, time


def _uuid(text: str, kind: str) -> str:
    if not text:
        raise Poison("malformed", "ce_id is missing: every command has a UUID", command=kind)
    lower = text.lower()
    if not UUID_FORM.fullmatch(lower):
        raise Poison("malformed", f"ce_id {text[:100]!r} is not a UUID", command=kind)
    return lower


def _open(value: bytes) -> tuple[dict[str, bytes], bytes]:
    """Attributes, named as the headers of a binary one, and data of a structured CloudEvent."""
    try:
        event: JsonValue = from_json(value)
    except ValueError as error:
        raise Poison("malformed", f"the value is not JSON: {error}") from None
    if not isinstance(event, dict):
        raise Poison("malformed", "a structured CloudEvent is a JSON object")
    data = event.pop("data", None)
    said = {f"ce_{k.lower()}": str(v).encode() for k, v in event.items() if v is not None}
    return {k: v for k, v in said.items() if k in ATTRIBUTES}, to_json(data)
