"""What a bundle says of itself: which log it is of, how long, in its second form its roots too."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from rollbook.audit.entry import Unreadable, canonical, document
from rollbook.audit.merkle import HASH

FORMAT: Final = "rollbook-audit-bundle/1"
PACKED: Final = "rollbook-audit-bundle/2"
"""The second form."""

MOST_PARTITIONS: Final = 100_000


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a bundle says about itself; what stands behind `sizes` is None in the first form."""

    form: str
    app: str
    sizes: tuple[int, ...]
    roots: tuple[bytes, ...] | None = None
    made: str | None = None
    as_of: str | None = None

    def line(self) -> bytes:
        """As it is written."""
        about: dict[str, object] = {"format": self.form, "app": self.app, "sizes": self.sizes}
        if self.roots is not None:
            roots = [root.hex() for root in self.roots]
            about |= {"roots": roots, "made": self.made, "as_of": self.as_of}
        return canonical(about)

    @property
    def digest(self) -> str:
        """SHA-256 (hexadecimal) of it, and in the second form by that of all records."""
        return sha256(self.line()).hexdigest()

    @classmethod
    def parse(cls, content: bytes) -> "Manifest":
        """From the file; Unreadable when it is none, or is not written as it should be."""
        match document(content):
            case {"format": "rollbook-audit-bundle/1", "app": str(app), "sizes": list(sizes)}:
                made = cls(FORMAT, app, _sizes(sizes))
            case {
                "format": "rollbook-audit-bundle/2",
                "app": str(app),
                "sizes": list(sizes),
                "roots": list(roots),
                "made": str(when),
                "as_of": None | str() as as_of,
            }:
                made = cls(PACKED, app, _sizes(sizes), _roots(roots, len(sizes)), when, as_of)
            case _:
                raise Unreadable(f"no bundle of the form {FORMAT} or {PACKED}")
        if made.line() != content:
            raise Unreadable("not written as it should be")
        return made


def _sizes(found: list[object]) -> tuple[int, ...]:
    sizes = tuple(size for size in found if type(size) is int and size >= 0)
    if len(sizes) != len(found) or not 0 < len(sizes) <= MOST_PARTITIONS:
        raise Unreadable("the sizes of a bundle are whole numbers, one for each partition")
    return sizes


def _roots(found: list[object], count: int) -> tuple[bytes, ...]:
    try:
        roots = tuple(bytes.fromhex(text) for text in found if isinstance(text, str))
    except ValueError:
        roots = ()
    if len(roots) != count or any(len(root) != HASH for root in roots):
        raise Unreadable("the roots of a bundle are hashes, one for each partition")
    return roots
