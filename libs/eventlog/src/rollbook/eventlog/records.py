"""Records of the log to messages and back, derived from types; digests and ids of records."""

from datetime import datetime
from hashlib import blake2b, sha256
from types import UnionType
from typing import Any, Final, NamedTuple, get_args

from pydantic import ValidationError
from pydantic_core import from_json, to_json

from rollbook.domain.messages import Message
from rollbook.domain.model import ModelEvent
from rollbook.domain.namespace import NamespaceEvent
from rollbook.eventlog.envelope import EventEnvelope, Headers, Record
from rollbook.eventlog.outcomes import LogMessage
from rollbook.eventlog.position import Position
from rollbook.eventlog.upcasters import upcast

SOURCE: Final = "/rollbook/command"


def members(union: object) -> dict[str, type[Message]]:
    """Wire name to class, for every class in a union; unions may contain unions."""
    if isinstance(union, type):
        return {union.__name__: union}
    found: dict[str, type[Message]] = {}
    for part in get_args(union) if isinstance(union, UnionType) else ():
        found |= members(part)
    return found


NAMESPACE_EVENTS: Final = members(NamespaceEvent)
STREAM_EVENTS: Final = members(ModelEvent) | NAMESPACE_EVENTS
LOG_MESSAGES: Final = members(LogMessage)


class Broken(Exception):
    """A record of the log that cannot be read, or that breaks its stream."""


def event_id(model: bytes | None, command_id: bytes, cmd_offset: int = 0) -> bytes:
    """The id of a command's answer: a UUID (version 8) that deciding it again gives again.

    Of a command that was sent twice each record is answered, by records of different ids.
    """
    text = blake2b(b"%b\n%b\n%d" % (model or b"", command_id, cmd_offset), digest_size=16)
    return _uuid_form(text.hexdigest())


def _uuid_form(text: str) -> bytes:
    return f"{text[:8]}-{text[8:12]}-8{text[13:16]}-8{text[17:20]}-{text[20:]}".encode()


class Heading(NamedTuple):
    """What folding, waiting and projecting need of a record before its value is looked at."""

    kind: str
    claim: int
    seq: int
    prev: bytes
    command_id: bytes | None
    cmd_offset: int | None
    time: bytes
    actor: bytes
    schema: int


def heading(record: Record) -> Heading:
    """The headers of a record of the log; `Broken` when one is missing or malformed."""
    headers = dict(record.headers)
    try:
        offset = headers.get("ce_cmdoffset")
        return Heading(
            headers["ce_type"].decode(),
            int(headers["ce_claim"]) if "ce_claim" in headers else record.offset,
            int(headers.get("ce_seq", 0)),
            headers.get("ce_prev", b""),
            headers.get("ce_commandid"),
            int(offset) if offset is not None else None,
            headers["ce_time"] or b"",
            headers.get("ce_actor", b""),
            int(headers.get("ce_schema", 1)),
        )
    except (KeyError, ValueError, TypeError, AttributeError) as error:  # null headers, too
        raise Broken(f"header {error} of offset {record.offset}") from None


def encode_value(message: Message) -> bytes:
    """The bare JSON value of a message."""
    return message.__pydantic_serializer__.to_json(message, exclude_none=True)


def decode_message(kind: str, value: bytes | None, schema: int, actor: bytes) -> LogMessage:
    """The message in a record's value, whatever version it was written in.

    `Broken` when the type is unknown or the value wrong. Of a newer version than ours what we know
    is read: a version that old readers cannot survive has another name.
    """
    cls = LOG_MESSAGES.get(kind)
    if cls is None:
        raise Broken(f"unknown event type {kind!r}")
    try:  # what a newer writer added is not ours to judge, at any depth
        if schema < cls.schema_version:
            old = upcast(kind, schema, cls.schema_version, from_json(value or b""), actor.decode())
            value = to_json(old)
        return cls.__pydantic_validator__.validate_json(value or b"", extra="ignore")  # type: ignore[no-any-return]
    except ValidationError as error:
        raise Broken(f"{kind}: {reasons(error)}") from None
    except (ValueError, TypeError, KeyError) as error:
        raise Broken(f"{kind} of version {schema} cannot be brought forward: {error!r}") from None


def digest(key: bytes | None, value: bytes | None, headers: Headers) -> str:
    """SHA-256 (hexadecimal) over every byte that a record carries.

    The bytes are lines that end in LF, which neither a key nor a header of ours contains: the
    key, then name and value of each header in the order of the record, an empty line; then the
    value as it is.
    """
    lines = [key or b""]
    for name, content in headers:
        lines.append(name.encode())
        lines.append(content)
    lines += (b"", value or b"")
    return sha256(b"\n".join(lines)).hexdigest()


def decode_event(record: Record, partition: int) -> EventEnvelope:
    """Everything in a record of the log; `Broken` when it cannot be read."""
    head = heading(record)
    headers = dict(record.headers)

    def text(name: str) -> str | None:
        value = headers.get(name)
        return value.decode() if value is not None else None

    command_id = text("ce_commandid")
    origin_time = text("ce_origintime")
    return EventEnvelope(
        position=Position(partition, record.offset),
        id=text("ce_id") or "",
        model=record.key.decode() if record.key else None,
        message=decode_message(head.kind, record.value, head.schema, head.actor),
        time=datetime.fromisoformat(head.time.decode()),
        seq=head.seq,
        prev=head.prev.decode(),
        command_id=command_id,
        cmd_offset=head.cmd_offset,
        claim=head.claim,
        actor=head.actor.decode(),
        correlation_id=text("ce_correlationid") or command_id,
        causation_id=text("ce_causationid") or command_id,
        traceparent=text("traceparent"),
        origin=text("ce_origin"),
        origin_time=datetime.fromisoformat(origin_time) if origin_time else None,
        schema=head.schema,
    )


def as_json(envelope: EventEnvelope) -> dict[str, Any]:
    """The record as one JSON object, as the API, the CLI and exports show it."""
    return {
        "position": str(envelope.position),
        "id": envelope.id,
        "type": type(envelope.message).__name__,
        "model": envelope.model,
        "seq": envelope.seq,
        "time": envelope.time.isoformat(),
        "actor": envelope.actor,
        "command_id": envelope.command_id,
        "correlation_id": envelope.correlation_id,
        "causation_id": envelope.causation_id,
        "claim": envelope.claim,
        "prev": envelope.prev or None,
        "origin": envelope.origin,
        "origin_time": envelope.origin_time.isoformat() if envelope.origin_time else None,
        "data": envelope.message.model_dump(mode="json", exclude_none=True),
    }


def reasons(error: ValidationError) -> str:
    """Each wrong field with the rule it breaks, without the value, which may be private."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    lines = [
        f"{'.'.join(map(str, e['loc'])) or 'value'}: {e['msg'].removeprefix('Value error, ')}"
        for e in found[:20]
    ]
    return "; ".join(lines)[:2000]
