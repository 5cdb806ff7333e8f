"""Brings the bytes of a version to this machine, from where the registry says that they lie."""

import shutil
from pathlib import Path
from urllib.parse import unquote, urlsplit

from rollbook.artifacts.digests import in_uri
from rollbook.client.errors import Refused
from rollbook.client.registry import Registry


def bring(registry: Registry, uri: str, to: Path) -> None:
    """Put a copy at `to`; whoever calls holds it against its digest.

    `Refused` (`elsewhere`) for an address that the SDK does not fetch from; OSError.
    """
    digest = in_uri(uri)
    parts = urlsplit(uri)
    if digest is not None:
        registry.download(digest, to)
    elif parts.scheme == "file":
        path = Path(unquote(parts.path))
        if path.is_dir():
            shutil.copytree(path, to)
        else:
            shutil.copyfile(path, to)
    else:
        raise Refused("elsewhere", f"its bytes lie at {uri}: fetch them there, and compare digests")
