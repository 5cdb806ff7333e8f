"""What the store holds, and under which names its objects lie."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from rollbook.artifacts.digests import PREFIX, hex_of, is_digest


class Kind(StrEnum):
    """What the bytes under a digest are."""

    FILE = "file"
    FOLDER = "folder"
    """The bytes are the listing of a folder, each of whose files is held by itself."""


class Tier(StrEnum):
    """Where the bytes lie."""

    STANDARD = "standard"
    ARCHIVE = "archive"
    """Where keeping costs less, and reading more."""


@dataclass(frozen=True, slots=True)
class Held:
    """Something that the store holds."""

    digest: str
    size: int
    """Bytes; of a folder, those of its listing."""
    kind: Kind
    tier: Tier
    at: datetime
    """When it came there."""

    def serves(self, kind: Kind) -> bool:
        """Whether it is what was asked for: a listing that is held as a file is no folder."""
        return kind is Kind.FILE or self.kind is Kind.FOLDER


ROOTS: Final = {Kind.FILE: "sha256", Kind.FOLDER: "folders"}


def name_of(digest: str, kind: Kind) -> str:
    """The name of the object: `sha256/ab/<64 hex digits>` of a file."""
    digits = hex_of(digest)
    return f"{ROOTS[kind]}/{digits[:2]}/{digits}"


def digest_in(name: str) -> str | None:
    """The digest in such a name; None for another object."""
    digest = PREFIX + name.rpartition("/")[2]
    return digest if is_digest(digest) else None


def claims_of(digest: str) -> str:
    """Where an empty object for each namespace says that it holds the digest."""
    digits = hex_of(digest)
    return f"holders/{digits[:2]}/{digits}"


def pieces(start: int, stop: int, size: int) -> Iterator[tuple[int, int]]:
    """The range in pieces of at most `size` bytes, each with where it begins and ends."""
    for begin in range(start, stop, size):
        yield begin, min(begin + size, stop)
