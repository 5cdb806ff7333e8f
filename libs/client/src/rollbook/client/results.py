"""What the registry answers: plain, immutable values; fields that are newer are left out."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class _Result:
    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Self:
        """The result that a JSON object stands for."""
        read = {f.name: body[f.name] for f in fields(cls) if f.name in body}
        for name in _MOMENTS & read.keys():
            if read[name] is not None:
                read[name] = datetime.fromisoformat(read[name])
        for name in _TUPLES & read.keys():
            read[name] = tuple(read[name])
        return cls(**read)


_MOMENTS = {"created_at", "updated_at", "set_at", "since", "until", "time"}
_TUPLES = {"aliases", "environments"}


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field and the rule that it breaks."""

    field: str
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome(_Result):
    """What came of a command; it stands in the log."""

    outcome: str
    """`accepted`, or `confirmed` when the wish was already true."""
    type: str
    """Of the event."""
    version: int | None = None
    """The version it is about; of a roll-back, the one that serves again."""
    position: str
    """In the log, `partition:offset`."""
    seq: int
    """Of the model now; pass it as `expected_seq` to act on exactly this state."""
    command_id: str
    event: Mapping[str, Any]
    """The record of the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model(_Result):
    """A registered model as it is now."""

    key: str
    """`namespace/name`."""
    namespace: str
    name: str
    description: str
    tags: Mapping[str, str]
    versions: int
    """How many; they are numbered from 1."""
    seq: int
    head: str
    """SHA-256 (hexadecimal) of its newest event."""
    position: str
    created_at: datetime
    created_by: str
    updated_at: datetime
    parked: str | None = None
    """Why its tables stand still, if they do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version(_Result):
    """A version as it is now."""

    model: str
    version: int
    artifact: Mapping[str, Any]
    """`uri`, `digest`, and `size` in bytes and `format` where they are known."""
    metrics: Mapping[str, float]
    params: Mapping[str, str]
    tags: Mapping[str, str]
    lineage: Mapping[str, Any]
    signature: Mapping[str, Any] | None
    description: str
    idempotency_key: str | None
    archived_reason: str | None = None
    """Why it is out of use; None while it is not."""
    position: str
    created_at: datetime
    created_by: str
    updated_at: datetime
    aliases: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    """Where it serves now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias(_Result):
    """A movable name of a version."""

    model: str
    alias: str
    version: int
    position: str
    set_at: datetime
    set_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay(_Result):
    """A version that stands in an environment, or stood there for a while."""

    model: str
    environment: str
    version: int
    action: str
    """The type of the event that put it there."""
    replaced: int | None
    reason: str | None
    actor: str
    position: str
    since: datetime
    until_position: str | None = None
    until: datetime | None = None
    """None while it stands there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record(_Result):
    """A record of the log."""

    position: str
    id: str
    type: str
    model: str | None
    seq: int
    time: datetime
    actor: str
    command_id: str | None
    correlation_id: str | None
    causation_id: str | None
    claim: int
    prev: str | None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic(_Result):
    """A topic of the log."""

    name: str
    key: str
    holds: str
    partitions: int | None
    config: Mapping[str, str]
    end_offsets: Mapping[str, int] | None = None
    """Of the log itself: the next offset of each partition."""
