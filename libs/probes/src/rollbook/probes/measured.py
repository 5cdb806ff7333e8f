"""What a probe brings home: numbers by name, and a sentence where it could not measure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rollbook.domain.lineage import Artifact, Signature


@dataclass(frozen=True)
class Measured:
    """Numbers by their names in the verdict, `load.seconds`; yes is 1, no is 0.

    A number that is missing was not measured: `said` is why, for whoever trained the model.
    """

    numbers: Mapping[str, float] = field(default_factory=dict)
    said: str = ""


@dataclass(frozen=True)
class Subject:
    """A model that is measured, and where its bytes lie on this machine."""

    artifact: Artifact
    path: Path
    """Of the artifact itself, a file or a folder; absolute."""
    signature: Signature = Signature()  # noqa: RUF009 - frozen
