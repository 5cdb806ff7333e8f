"""Rollbook's SDK: what pipelines and serving code import.

    from rollbook.client import Registry, file_artifact

    with Registry("http://127.0.0.1:8080") as registry:
        registry.register_model("payments/fraud")
        made = registry.register_version("payments/fraud", file_artifact("model.skops"))
        registry.promote("payments/fraud", made.version)

The HTTP client and the types of the domain are only imported when they are first needed.
"""

from rollbook.client.artifacts import file_artifact
from rollbook.client.errors import Invalid, Refused, RegistryError, Unavailable
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
from rollbook.client.tenants import Collection, Completeness, Grant, Key, Me, Namespace, Personal

__all__ = [
    "Alias",
    "Break",
    "CardReview",
    "CardRevision",
    "Collection",
    "Completeness",
    "Document",
    "Evaluation",
    "FieldError",
    "Grant",
    "Invalid",
    "Key",
    "Me",
    "Model",
    "Namespace",
    "Outcome",
    "Personal",
    "Record",
    "Refused",
    "Registry",
    "RegistryError",
    "Remark",
    "Request",
    "Review",
    "Stay",
    "Step",
    "Topic",
    "Unavailable",
    "Verdict",
    "Version",
    "file_artifact",
]
