"""What surrounds a message: who, when, why, and where it stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol, TypeAlias

from rollbook.domain.streams import StreamCommand
from rollbook.eventlog.outcomes import LogMessage
from rollbook.eventlog.position import Position

Headers: TypeAlias = Sequence[tuple[str, bytes]]


class Record(Protocol):
    """What a topic hands out; aiokafka's ConsumerRecord is one."""

    @property
    def offset(self) -> int:
        """Its place in the partition."""

    @property
    def key(self) -> bytes | None:
        """The model."""

    @property
    def value(self) -> bytes | None:
        """The bare JSON value."""

    @property
    def headers(self) -> Headers:
        """The attributes of the CloudEvent."""

    @property
    def timestamp(self) -> int:
        """Milliseconds since 1970."""


class Outgoing(NamedTuple):  # cheaper to make than a frozen dataclass, on the hottest path
    """A record to be appended; `timestamp` in milliseconds since 1970."""

    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]
    timestamp: int


class CommandEnvelope(NamedTuple):
    """A decoded command with what its sender said about it."""

    id: str
    """A UUID that the sender chose; a repeat has the same."""
    model: str
    """The stream: `namespace/name`, or `namespace` for what governs one."""
    command: StreamCommand
    source: str = "rollbook"
    actor: str | None = None
    """Who the sender says it is; believed only where the registry is open."""
    token: str | None = None
    """The statement that proves who sends this command; never a credential that can be reused."""
    digest: str | None = None
    """SHA-256 (hexadecimal) of the command as it came, where a token is to be checked with it."""
    expected_seq: int | None = None
    correlation_id: str | None = None
    causation_id: str | None = None
    traceparent: str | None = None
    origin: str | None = None
    """Where it was imported from."""
    origin_time: datetime | None = None
    """When it happened there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventEnvelope:
    """A decoded record of the log with everything that stands around the message."""

    position: Position
    id: str
    model: str | None
    """The stream: `namespace/name`, or `namespace` for what governs one.

    None for claims and for commands whose key could not be used.
    """
    message: LogMessage
    time: datetime
    seq: int
    """The model's sequence number: an event's own; for an answer, the last event's."""
    prev: str
    """SHA-256 (hexadecimal) of the model's event before this one; empty for an answer."""
    command_id: str | None
    cmd_offset: int | None
    claim: int
    actor: str
    correlation_id: str | None
    causation_id: str | None
    traceparent: str | None
    origin: str | None = None
    """Where it was imported from; None for what happened here."""
    origin_time: datetime | None = None
    """When it happened there."""
    schema: int = 1
    """The version of its type that the value was written in."""
