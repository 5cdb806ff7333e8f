"""What the registry answers about how good a version is, and about who wants it to serve."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from rollbook.client.result import Result
from rollbook.client.results import Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation(Result):
    """Metrics of a version on some data."""

    model: str
    version: int
    number: int
    """Counts those since registration from 1; 0: it was registered with the version."""
    evaluation: Mapping[str, Any]
    """As `rollbook.domain.evaluations.Evaluation` has it."""
    digest: str | None = None
    position: str
    recorded_at: datetime
    recorded_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict(Result):
    """What the gates found."""

    model: str
    version: int
    stage: str
    """`validated` or `rejected`."""
    gates: tuple[Mapping[str, Any], ...]
    policy: str | None
    digest: str
    barred: Mapping[str, tuple[str, ...]]
    """Environment -> gates that keep the version out of there, and only of there."""
    position: str
    decided_at: datetime
    decided_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRevision(Result):
    """A revision of a version's card."""

    model: str
    version: int
    revision: int
    """Counts from 1."""
    card: Mapping[str, Any]
    """As `rollbook.domain.cards.Card` has it."""
    digest: str
    position: str
    written_at: datetime
    written_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CardReview(Result):
    """A look at a card, which was found to hold."""

    model: str
    version: int
    revision: int
    review_by: datetime
    note: str
    position: str
    reviewed_at: datetime
    reviewed_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Document(Result):
    """A document about a version."""

    model: str
    version: int
    kind: str
    title: str
    uri: str
    digest: str | None = None
    position: str
    linked_at: datetime
    linked_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Request(Result):
    """A request to let a version serve in an environment."""

    model: str
    request: int
    """Counts the model's from 1."""
    version: int
    environment: str
    replaces: int | None
    """What served there when it was asked for."""
    reason: str
    rollback_plan: str
    risk: str
    quorum: Mapping[str, int]
    """How many signatures are asked for in the name of each title."""
    missing: Mapping[str, int]
    """Title -> signatures still asked for, as the last approval left it."""
    evidence: str
    """Digest of the facts when it was asked for."""
    rules: int
    state: str
    """`open`, `promoted`, `rejected`, `withdrawn` or `expired`."""
    position: str
    requested_at: datetime
    requested_by: str
    expires_at: datetime
    escalates_at: datetime | None = None
    escalated_at: datetime | None = None
    escalated_to: str | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    closed_reason: str | None = None
    evidence_now: str | None = None
    """Digest of the facts as they are now, on which to sign; None when it is closed."""
    missing_now: Mapping[str, int] | None = None
    """Title -> signatures still asked for on the facts as they are now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark(Result):
    """What somebody said about a request."""

    model: str
    request: int
    kind: str
    """`approval`, `rejection` or `comment`."""
    title: str | None = None
    """In whose name an approval was given."""
    comment: str
    evidence: str | None = None
    """Digest of the facts that it was said on; None for a comment."""
    position: str
    said_at: datetime
    said_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Break(Result):
    """A version that was let past the rules in an emergency."""

    model: str
    number: int
    """Counts the model's from 1."""
    version: int
    environment: str
    replaced: int | None
    reason: str
    bypassed: tuple[str, ...]
    """Codes of the rules that it was let past."""
    rules: int
    position: str
    broken_at: datetime
    broken_by: str
    verdict: str | None = None
    """`justified` or `unjustified`; None until somebody else has reviewed it."""
    note: str | None = None
    reviewed_at: datetime | None = None
    reviewed_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Review(Result):
    """A request to promote with everything that a decision on it rests on."""

    request: Request
    now: Mapping[str, Any] | None
    """How it stands: `evidence`, which a signature is given on, `changed`, `quorum`, `missing`,
    `signatures`, `objections`, `lacks`; None when it is closed."""
    version: Version
    card: CardRevision | None
    verdict: Verdict | None
    """What the gates found, the last time they looked."""
    documents: tuple[Document, ...]
    discussion: tuple[Remark, ...]
    diff: Mapping[str, Any]
    """Against what serves there."""

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Self:
        """The review that a JSON object stands for."""
        return cls(
            request=Request.of(body["request"]),
            now=body["now"],
            version=Version.of(body["version"]),
            card=CardRevision.of(body["card"]) if body["card"] else None,
            verdict=Verdict.of(body["verdict"]) if body["verdict"] else None,
            documents=tuple(Document.of(row) for row in body["documents"]),
            discussion=tuple(Remark.of(row) for row in body["discussion"]),
            diff=body["diff"],
        )
