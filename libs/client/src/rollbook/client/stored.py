"""What the registry answers about artifacts that it keeps."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rollbook.client.result import Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored(Result):
    """An artifact in the registry's own store."""

    digest: str
    size: int
    """Bytes; of a folder, those of all its files."""
    kind: str
    """`file` or `folder`."""
    tier: str = "standard"
    """`standard` or `archive`."""
    uri: str
    """`rollbook:` and the digest: what a version's artifact names."""
    url: str
    """Where its bytes are until `expires`; of a folder, its listing's. Whoever has it may read."""
    expires: datetime | None = None
    files: tuple[Mapping[str, Any], ...] | None = None
    """`path`, `digest`, `size` and `url` of each file of a folder."""
