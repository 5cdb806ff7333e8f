"""Commands from CloudEvents 1.0 in the Kafka binary binding, and back; what can never work."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import Final, TypeAlias

from pydantic import JsonValue, TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

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
        attributes = {k: (v or b"").decode() for k, v in headers.items() if k.startswith("ce_")}
        if (headers.get("content-type") or b"").startswith(STRUCTURED):
            attributes, value = _open(value)
        traceparent = (headers["traceparent"] or b"").decode() if "traceparent" in headers else None
        authorization = (headers.get("authorization") or b"").decode()
    except UnicodeDecodeError as error:
        raise Poison("malformed", f"a header is not UTF-8: {error}") from None
    kind = attributes.get("ce_type", "")
    command_id = _uuid(attributes.get("ce_id"), kind)

    def poison(code: str, message: str) -> Poison:
        return Poison(code, message, command_id=command_id, command=kind)

    if record.key is None:
        raise poison("no_key", "the record has no key: the key is the model, 'namespace/name'")
    try:
        model = checked_stream_key(record.key.decode())
    except UnicodeDecodeError:
        raise poison("no_key", "the record's key is not UTF-8") from None
    except ValidationError as error:
        raise poison("no_key", f"key: {reasons(error)}") from None
    if model.encode() != record.key:
        raise poison("no_key", "the record's key must be in Unicode normal form C")
    cls = COMMANDS.get(kind)
    if cls is None:
        known = ", ".join(sorted(COMMANDS))
        raise poison("unknown_type", f"ce_type {kind[:100]!r} is none of {known}")
    if (kind in NAMESPACE_COMMANDS) == ("/" in model):
        wanted = "a namespace" if kind in NAMESPACE_COMMANDS else "a model, 'namespace/name'"
        raise poison("no_key", f"the key of {kind} is {wanted}")
    for name in PLAIN_ATTRIBUTES:
        if name in attributes and not _plain(attributes[name]):
            raise poison("invalid", f"{name}: must be 1 to 250 characters, none of them control")
    expected = attributes.get("ce_expectedseq")
    if expected is not None and not (expected.isdecimal() and len(expected) < 16):
        raise poison("invalid", "ce_expectedseq: must be a whole number, 0 or more")
    try:  # the validator itself: `model_validate_json` does nothing more, half a microsecond later
        command = cls.__pydantic_validator__.validate_json(value)
    except ValidationError as error:
        raise poison("invalid", reasons(error)) from None
    origin, origin_time = _origin(attributes, poison)
    return CommandEnvelope(
        id=command_id,
        model=model,
        command=command,
        source=attributes.get("ce_source", ""),
        actor=attributes.get("ce_actor"),
        token=authorization.removeprefix("Bearer ") or None,
        digest=command_digest(record.key, attributes, value) if authorization else None,
        expected_seq=int(expected) if expected is not None else None,
        correlation_id=attributes.get("ce_correlationid"),
        causation_id=attributes.get("ce_causationid"),
        traceparent=traceparent,
        origin=origin,
        origin_time=origin_time,
    )


def command_digest(key: bytes, attributes: Mapping[str, str], value: bytes) -> str:
    """SHA-256 (hexadecimal) over all of a command that means something: what is signed.

    The bytes are lines that end in LF: the key, then the values of the attributes in `SIGNED`, each
    empty where it is missing; then the data as it is.
    """
    lines = [key, *(attributes.get(name, "").encode() for name in SIGNED), value]
    return sha256(b"\n".join(lines)).hexdigest()


def _origin(
    attributes: Mapping[str, str], poison: Callable[[str, str], Poison]
) -> tuple[str | None, datetime | None]:
    origin, text = attributes.get("ce_origin"), attributes.get("ce_origintime")
    if text is None:
        return origin, None
    if origin is None:
        raise poison("invalid", "ce_origintime: goes with ce_origin only")
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise poison("invalid", "ce_origintime: must be an RFC 3339 time with its offset")
    return origin, time


def _plain(text: str) -> bool:
    if text.isascii() and text.isprintable():  # most are, and this is the cheap way to know
        return 0 < len(text) <= 250
    return SAFE_HEADER.fullmatch(text) is not None


def _uuid(text: str | None, kind: str) -> str:
    if text is None:
        raise Poison("malformed", "ce_id is missing: every command has a UUID", command=kind)
    lower = text.lower()
    if not UUID_FORM.fullmatch(lower):
        raise Poison("malformed", f"ce_id {text[:100]!r} is not a UUID", command=kind)
    return lower


def _open(value: bytes) -> tuple[dict[str, str], bytes]:
    """Attributes, named as the headers of a binary one, and data of a structured CloudEvent."""
    try:
        event: JsonValue = from_json(value)
    except ValueError as error:
        raise Poison("malformed", f"the value is not JSON: {error}") from None
    if not isinstance(event, dict):
        raise Poison("malformed", "a structured CloudEvent is a JSON object")
    data = event.pop("data", None)
    return {f"ce_{k.lower()}": str(v) for k, v in event.items() if v is not None}, to_json(data)
