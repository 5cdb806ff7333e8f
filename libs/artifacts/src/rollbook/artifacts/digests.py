"""Digests as texts: `sha256:` and 64 lower-case hexadecimal digits."""

import hashlib
import re
from typing import Final

PREFIX: Final = "sha256:"
URI: Final = "rollbook:"
"""What the URI of an artifact in the registry's own store begins with; its digest follows."""
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")


def is_digest(text: str) -> bool:
    """Whether it is one, in the only form in which one is written."""
    return _DIGEST.fullmatch(text) is not None


def hex_of(digest: str) -> str:
    """The 64 digits; ValueError for what is no digest, and so might be a path."""
    if not is_digest(digest):
        raise ValueError(f"{digest!r} is no digest: 'sha256:' and 64 lower-case hex digits")
    return digest.removeprefix(PREFIX)


def uri_of(digest: str) -> str:
    """What a version's artifact says to lie in the registry's own store."""
    return URI + digest


def in_uri(uri: str) -> str | None:
    """The digest that such a URI names; None for a URI of something that lies elsewhere."""
    digest = uri.removeprefix(URI)
    return digest if uri != digest and is_digest(digest) else None


def digest_of(content: bytes) -> str:
    """The digest of a content that is in memory."""
    return PREFIX + hashlib.sha256(content).hexdigest()
