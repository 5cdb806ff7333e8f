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
from rollbook.client.registry import Registry
from rollbook.client.results import (
    Alias,
    FieldError,
    Model,
    Outcome,
    Record,
    Stay,
    Topic,
    Version,
)

__all__ = [
    "Alias",
    "FieldError",
    "Invalid",
    "Model",
    "Outcome",
    "Record",
    "Refused",
    "Registry",
    "RegistryError",
    "Stay",
    "Topic",
    "Unavailable",
    "Version",
    "file_artifact",
]
