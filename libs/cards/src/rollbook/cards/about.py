"""Which version a document is about."""

from typing import NamedTuple


class About(NamedTuple):
    """A version of a model."""

    model: str
    """`namespace/name`."""
    version: int
    label: str | None = None
    """MAJOR.MINOR.PATCH."""

    def __str__(self) -> str:
        label = f" ({self.label})" if self.label else ""
        return f"{self.model}, version {self.version}{label}"
