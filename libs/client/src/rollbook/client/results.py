"""What the registry answers about models, versions, and the log."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rollbook.client.result import Result


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field and the rule that it breaks."""

    field: str
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome(Result):
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
class Model(Result):
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
    owner: str | None = None
    team: str | None = None
    risk: str | None = None
    """`minimal`, `limited` or `high`; None: nobody has classified it."""
    retired_reason: str | None = None
    """Why it is out of use as a whole; None while it is not."""
    origin: str | None = None
    """Where it was imported from."""
    origin_time: datetime | None = None
    """When it was registered there."""
    parked: str | None = None
    """Why its tables stand still, if they do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version(Result):
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
    label: str | None = None
    """MAJOR.MINOR.PATCH: new architecture, new data, tweak."""
    variants: tuple[Mapping[str, Any], ...] = ()
    """Further artifacts: quantised, adapters, containers."""
    properties: Mapping[str, Any] = field(default_factory=dict)
    properties_schema: int = 0
    """The version of the namespace's metadata schema that they were written for."""
    terms: Mapping[str, Any] | None = None
    """Licence, data use, consent, and the most personal data that training saw."""
    recipe: Mapping[str, Any] | None = None
    """How it is made again: `uri` and `digest` of a folder, `program`, `arguments`."""
    stage: str = "registered"
    """`registered`, `validating`, `validated` or `rejected`."""
    verdict: str | None = None
    """Digest of the last verdict of the gates."""
    evaluations: int = 0
    """How many were recorded since registration."""
    documents: tuple[str, ...] = ()
    """Digests of the links to documents."""
    card_revision: int = 0
    """The newest revision of its card; 0: it has none."""
    card_sections: tuple[str, ...] = ()
    review_by: datetime | None = None
    """When somebody must have looked at the card again."""
    card_stale: bool = False
    """Whether that moment was missed."""
    origin: str | None = None
    """Where it was imported from."""
    origin_time: datetime | None = None
    """When it was registered there."""
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
class Alias(Result):
    """A movable name of a version."""

    model: str
    alias: str
    version: int
    position: str
    set_at: datetime
    set_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay(Result):
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
    request: int | None = None
    """The request that was granted."""
    approved_by: tuple[str, ...] = ()
    evidence: str | None = None
    """Digest of the facts that it was decided on."""
    rules: int | None = None
    """The version of the namespace's rules that it was decided by."""
    until_position: str | None = None
    until: datetime | None = None
    """None while it stands there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record(Result):
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
    origin: str | None = None
    """Where it was imported from."""
    origin_time: datetime | None = None
    """When it happened there."""
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Result):
    """An event with all that it changed."""

    position: str
    id: str
    seq: int
    type: str
    time: datetime
    actor: str
    reason: str | None = None
    """Why, in the words of who did it."""
    origin: str | None = None
    changes: tuple[Mapping[str, Any], ...] = ()
    """`of` what, such as `version 3`, which `field`, `old` and `new`; None: not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic(Result):
    """A topic of the log."""

    name: str
    key: str
    holds: str
    partitions: int | None
    config: Mapping[str, str]
    end_offsets: Mapping[str, int] | None = None
    """Of the log itself: the next offset of each partition."""
