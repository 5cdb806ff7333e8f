"""Where a store of artifacts may be."""

from typing import Final
from urllib.parse import urlsplit

SCHEMES: Final = frozenset({"", "file", "s3", "gs", "az"})


def checked_place(url: str) -> str:
    """The URL itself, or path of a folder; ValueError for what can be no store."""
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES:
        raise ValueError("must be a folder, s3://…, gs://… or az://…")
    if not (parts.path if parts.scheme in {"", "file"} else parts.netloc):
        raise ValueError("must name a folder or a bucket")
    return url
