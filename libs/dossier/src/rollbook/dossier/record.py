"""The parts of an evidence pack, each with who said it, when, and where in the log it stands."""

from datetime import datetime
from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, WithJsonSchema

from rollbook.domain.cards import Card
from rollbook.domain.evaluations import Evaluation
from rollbook.domain.lineage import Artifact, Lineage, Signature, Terms, Variant
from rollbook.domain.rulebook import MetadataSchema, Rules
from rollbook.domain.validation import GateResult


def _text(position: object) -> str:
    if not isinstance(position, str | tuple):
        raise ValueError("must be a position")
    return str(position)


At: TypeAlias = Annotated[
    str,
    BeforeValidator(_text),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]+:[0-9]+$", "examples": ["3:1042"]}),
]
"""A position of the log, `partition:offset`: what `rollbook audit prove` takes."""
MaybeAt: TypeAlias = At | None


class Part(BaseModel):
    """Made of JSON, or of anything that has attributes of the same names."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class Model(Part):
    """The registered model, with the last of its records that the pack shows."""

    key: str
    """`namespace/name`."""
    namespace: str
    name: str
    description: str
    tags: dict[str, str]
    owner: str | None
    team: str | None
    risk: str | None
    retired_reason: str | None
    created_at: datetime
    created_by: str
    origin: str | None
    origin_time: datetime | None
    seq: int
    """How many events of the model the pack knows."""
    position: At
    """Of the last one."""
    head: str
    """SHA-256 (hexadecimal) of the last one, which pins all before it."""
    updated_at: datetime


class Version(Part):
    """What was registered, by whom, and what may have changed since."""

    version: int
    label: str | None
    artifact: Artifact
    variants: tuple[Variant, ...]
    metrics: dict[str, float]
    params: dict[str, str]
    tags: dict[str, str]
    properties: dict[str, Any]
    properties_schema: int
    lineage: Lineage
    signature: Signature | None
    terms: Terms | None
    description: str
    stage: str
    rejected: bool
    verdict: str | None
    """Digest of the last verdict of the gates."""
    evaluated: str | None
    """Digest that pins the evaluations."""
    archived_reason: str | None
    aliases: tuple[str, ...]
    environments: tuple[str, ...]
    """Where it serves."""
    position: At
    created_at: datetime
    created_by: str
    origin: str | None
    origin_time: datetime | None


class EvaluationRecord(Part):
    """What was measured; number 0: it was registered with the version."""

    number: int
    place: int
    evaluation: Evaluation
    digest: str | None
    position: At
    recorded_at: datetime
    recorded_by: str


class Verdict(Part):
    """What the gates found."""

    stage: str
    gates: tuple[GateResult, ...]
    policy: str | None
    digest: str
    position: At
    decided_at: datetime
    decided_by: str


class CardRevision(Part):
    """The model card as it stands."""

    revision: int
    card: Card
    digest: str
    position: At
    written_at: datetime
    written_by: str


class CardReview(Part):
    """Somebody found that the card holds."""

    revision: int
    review_by: datetime
    note: str
    position: At
    reviewed_at: datetime
    reviewed_by: str


class Document(Part):
    """A document that was linked."""

    kind: str
    title: str
    uri: str
    digest: str | None
    position: At
    linked_at: datetime
    linked_by: str


class Remark(Part):
    """What somebody said about a request: `approval`, `rejection` or `comment`."""

    request: int
    kind: str
    title: str | None
    """In whose name an approval was given."""
    comment: str
    evidence: str | None
    """Digest of the facts that it was said on."""
    position: At
    said_at: datetime
    said_by: str


class Request(Part):
    """A request to let the version serve somewhere, and what became of it."""

    request: int
    environment: str
    replaces: int | None
    reason: str
    rollback_plan: str
    risk: str
    quorum: dict[str, int]
    evidence: str
    rules: int
    state: str
    position: At
    requested_at: datetime
    requested_by: str
    expires_at: datetime
    closed_at: datetime | None
    closed_by: str | None
    closed_reason: str | None


class Break(Part):
    """The version was let past the rules in an emergency."""

    number: int
    environment: str
    replaced: int | None
    reason: str
    bypassed: tuple[str, ...]
    rules: int
    position: At
    broken_at: datetime
    broken_by: str
    verdict: str | None
    note: str | None
    reviewed_at: datetime | None
    reviewed_by: str | None


class Stay(Part):
    """Where the version served, from when until when."""

    environment: str
    action: str
    replaced: int | None
    reason: str | None
    request: int | None
    approved_by: tuple[str, ...]
    evidence: str | None
    rules: int | None
    actor: str
    position: At
    since: datetime
    until_position: MaybeAt
    until: datetime | None


class Governance(Part):
    """What held in the namespace; version 0: nobody had set any."""

    namespace: str
    rules: Rules
    rules_version: int
    metadata: MetadataSchema | None
    schema_version: int


class RulesInForce(Part):
    """Rules that something about the version was decided by."""

    version: int
    rules: Rules
    position: At
    set_at: datetime
    set_by: str


class Event(Part):
    """An event of the log in a sentence, with all that finds and proves it."""

    sentence: str
    reason: str | None
    type: str
    time: datetime
    actor: str
    stream: str | None
    position: At
    id: str
    seq: int
    prev: str | None
    """SHA-256 (hexadecimal) of the stream's event before it."""
    digest: str | None
    """Its own SHA-256: what the next event's `prev` says."""
    command_id: str | None
    correlation_id: str | None
    causation_id: str | None
    origin: str | None
    origin_time: datetime | None


class Link(Event):
    """An event of a chain, and why it is part of it."""

    because: str
    explains: MaybeAt
    """The event that it explains; None: it is the one that all others explain."""


class Chain(Part):
    """Why the version serves, or served, in an environment."""

    environment: str
    since: datetime | None
    summary: str
    links: tuple[Link, ...]
