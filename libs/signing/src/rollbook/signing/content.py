"""What is signed: the digests of a file, or of each file of a folder."""

from pathlib import Path
from typing import Final, NamedTuple, Self

from rollbook.artifacts import folders, listings
from rollbook.artifacts.digests import hex_of
from rollbook.artifacts.listings import Listed

ITSELF: Final = "."
"""How model signing calls a file that is all there is."""


class Content(NamedTuple):
    """Bytes, by their digests."""

    digest: str
    """`sha256:…`, as a version has it."""
    files: tuple[Listed, ...]
    links: bool = False
    """Whether some file was reached by a link."""

    @classmethod
    def of_path(cls, path: Path) -> Self:
        """Read a file, or all files of a folder; OSError, or `BadListing` for a link out of it."""
        if not path.is_dir():
            hashed = folders.hash_file(path, path.parent)
            return cls(folders.of_file(hashed), (Listed(ITSELF, hashed.sha256),), path.is_symlink())
        found = tuple(folders.files_in(path, path))
        read = [folders.hash_file(file, path) for file in found]
        return cls(
            folders.of_folder(read),
            tuple(Listed(file.path, file.sha256) for file in read),
            any(file.is_symlink() for file in found),
        )

    @classmethod
    def of_listing(cls, text: bytes) -> Self:
        """A folder that is known by its listing; `BadListing` for another text."""
        files = listings.read(text)
        return cls(listings.of_folder(files), files)

    @classmethod
    def of_digest(cls, digest: str) -> Self:
        """A file that is known by its digest; ValueError for what is none."""
        return cls(digest, (Listed(ITSELF, hex_of(digest)),))
