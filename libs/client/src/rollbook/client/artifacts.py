"""Describing a file so that a version can be registered of it."""

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rollbook.domain.lineage import Artifact


def file_artifact(
    path: str | os.PathLike[str],
    *,
    uri: str | None = None,
    format: str | None = None,  # noqa: A002
) -> "Artifact":
    """The file as an artifact: its SHA-256, read in pieces, and its size in bytes.

    `uri` says where the bytes lie; by default it is the file's own `file:` address. `format` is by
    default the end of the name. `OSError` when the file cannot be read.
    """
    from rollbook.domain.lineage import Artifact  # noqa: PLC0415  # keeps importing the SDK fast

    file = Path(path).resolve()
    with file.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
        size = opened.tell()
    return Artifact(
        uri=uri or file.as_uri(),
        digest=f"sha256:{digest}",
        size=size,
        format=format or file.suffix.removeprefix(".") or None,
    )
