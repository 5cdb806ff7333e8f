"""The evidence pack: all that is on record about one version, as one document."""

from typing import Literal

from rollbook.dossier.record import (
    Break,
    CardReview,
    CardRevision,
    Chain,
    Document,
    EvaluationRecord,
    Event,
    Governance,
    Model,
    Part,
    Remark,
    Request,
    RulesInForce,
    Stay,
    Verdict,
    Version,
)


class Pack(Part):
    """All that is on record about one version, as of one moment.

    Made of the same log up to the same record, a pack is always the same.
    """

    format: Literal["rollbook-evidence-pack/1"] = "rollbook-evidence-pack/1"
    model: Model
    version: Version
    governance: Governance | None
    """As of the moment of the pack; None: nobody ever decided anything about the namespace."""
    rules: tuple[RulesInForce, ...]
    """Those that requests, promotions and broken glasses were decided by."""
    chains: tuple[Chain, ...]
    """Why it serves, for each environment that it serves in."""
    stays: tuple[Stay, ...]
    """Where it served, the newest first."""
    requests: tuple[Request, ...]
    """Requests to let it serve, the newest first."""
    remarks: tuple[Remark, ...]
    """What was said about them, in order."""
    breaks: tuple[Break, ...]
    """Where it was let past the rules, the newest first."""
    verdicts: tuple[Verdict, ...]
    """What the gates said, the newest first: it holds."""
    evaluations: tuple[EvaluationRecord, ...]
    card: CardRevision | None
    card_reviews: tuple[CardReview, ...]
    documents: tuple[Document, ...]
    events: tuple[Event, ...]
    """Every event about the version, in order."""

    @property
    def title(self) -> str:
        """Which version it is about."""
        label = f" ({self.version.label})" if self.version.label else ""
        return f"{self.model.key}, version {self.version.version}{label}"
