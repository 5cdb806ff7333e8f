"""Rollbook's SDK: what pipelines and serving code import.

    from rollbook.client import Registry, file_artifact

    with Registry("http://127.0.0.1:8080") as registry:
        registry.register_model("payments/fraud")
        made = registry.register_version("payments/fraud", file_artifact("model.skops"))
        registry.promote("payments/fraud", made.version)

The HTTP client and the types of the domain are only imported when they are first needed.
"""

from typing import TYPE_CHECKING, Any

from rollbook.client.alarming import Alarm, Decline, ReferenceProfile, Window
from rollbook.client.artifacts import file_artifact
from rollbook.client.errors import Corrupt, Invalid, Refused, RegistryError, Unavailable
from rollbook.client.explanations import Happening, Link, Why
from rollbook.client.findings import (
    Break,
    CardReview,
    CardRevision,
    Document,
    Evaluation,
    Remark,
    Request,
    Review,
    Verdict,
)
from rollbook.client.found import Counted, Found, Query, Share, Synonyms
from rollbook.client.keeping import Hold, Kept
from rollbook.client.planning import Plan
from rollbook.client.policing import Policy
from rollbook.client.questioning import Answer, Question
from rollbook.client.registry import Registry
from rollbook.client.results import (
    Alias,
    FieldError,
    Model,
    Outcome,
    Record,
    Stay,
    Step,
    Topic,
    Version,
)
from rollbook.client.sealing import Signed
from rollbook.client.tenants import Collection, Completeness, Grant, Key, Me, Namespace, Personal
from rollbook.client.traces import (
    Affected,
    AffectedService,
    Impact,
    LineageEdge,
    LineageGraph,
    LineageNode,
)

if TYPE_CHECKING:
    from rollbook.client.resolving import Resolved, Resolver
    from rollbook.client.stored import Stored
    from rollbook.client.subscribing import Received, Subscription, subscribe
    from rollbook.client.transfers import Moved

__all__ = [
    "Affected",
    "AffectedService",
    "Alarm",
    "Alias",
    "Answer",
    "Break",
    "CardReview",
    "CardRevision",
    "Collection",
    "Completeness",
    "Corrupt",
    "Counted",
    "Decline",
    "Document",
    "Evaluation",
    "FieldError",
    "Found",
    "Grant",
    "Happening",
    "Hold",
    "Impact",
    "Invalid",
    "Kept",
    "Key",
    "LineageEdge",
    "LineageGraph",
    "LineageNode",
    "Link",
    "Me",
    "Model",
    "Moved",
    "Namespace",
    "Outcome",
    "Personal",
    "Plan",
    "Policy",
    "Query",
    "Question",
    "Received",
    "Record",
    "ReferenceProfile",
    "Refused",
    "Registry",
    "RegistryError",
    "Remark",
    "Request",
    "Resolved",
    "Resolver",
    "Review",
    "Share",
    "Signed",
    "Stay",
    "Step",
    "Stored",
    "Subscription",
    "Synonyms",
    "Topic",
    "Unavailable",
    "Verdict",
    "Version",
    "Why",
    "Window",
    "file_artifact",
    "subscribe",
]


def __getattr__(name: str) -> Any:
    # Late: who only sends a command needs neither asyncio nor the types of the domain.
    if name in {"Received", "Subscription", "subscribe"}:
        from rollbook.client import subscribing  # noqa: PLC0415

        return getattr(subscribing, name)
    if name in {"Resolved", "Resolver"}:
        from rollbook.client import resolving  # noqa: PLC0415

        return getattr(resolving, name)
    if name == "Stored":
        from rollbook.client.stored import Stored  # noqa: PLC0415

        return Stored
    if name == "Moved":
        from rollbook.client.transfers import Moved  # noqa: PLC0415

        return Moved
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
