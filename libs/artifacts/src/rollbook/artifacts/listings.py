r"""Listings: what a folder consists of, as text, and the digest that pins all of it.

A listing is what `sha256sum` prints for the files of the folder, in the byte order of their paths,
so that anybody can check it. In that folder,
`find . -type f -printf '%P\n' | LC_ALL=C sort | xargs -d '\n' sha256sum | sha256sum`.
"""

import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from rollbook.artifacts.digests import PREFIX, digest_of
from rollbook.artifacts.errors import BadListing

MAX_FILES: Final = 100_000
MAX_BYTES: Final = 64 << 20
"""Of a listing."""
_LINE: Final = re.compile(r"([0-9a-f]{64})  (.+)")


class Listed(NamedTuple):
    """A file of a folder."""

    path: str
    """Within the folder, with `/`."""
    sha256: str
    """Hexadecimal."""

    @property
    def digest(self) -> str:
        """`sha256:…` of the file."""
        return PREFIX + self.sha256


def text_of(files: Iterable[tuple[str, str]]) -> bytes:
    """The listing of files, each a path and the 64 digits of its SHA-256, in whatever order."""
    ordered = sorted(files, key=lambda file: file[0].encode())
    return "".join(f"{sha256}  {path}\n" for path, sha256 in ordered).encode()


def of_folder(files: Iterable[tuple[str, str]]) -> str:
    """`sha256:…` of the folder with these files."""
    return digest_of(text_of(files))


def read(text: bytes) -> tuple[Listed, ...]:
    """The files of a listing, in their order; `BadListing` for any other text.

    There is one listing of a folder: paths go up, none leads out, none is a folder of another.
    """
    if len(text) > MAX_BYTES:
        raise BadListing(f"a listing has at most {MAX_BYTES:,} bytes")
    try:
        lines = text.decode().split("\n")
    except UnicodeDecodeError as error:
        raise BadListing("a listing is UTF-8") from error
    if lines.pop() != "" or not lines:
        raise BadListing("a listing has a line for each file, and at least one")
    if len(lines) > MAX_FILES:
        raise BadListing(f"a listing has at most {MAX_FILES:,} files")
    files = tuple(map(_listed, lines))
    folders: set[str] = set()
    before = b""
    for path, _ in files:
        if path.encode() <= before:
            raise BadListing(f"{path!r} stands twice, or not in the byte order of the paths")
        before = path.encode()
        folders.update(map(str, PurePosixPath(path).parents))
    for path, _ in files:
        if path in folders:
            raise BadListing(f"{path!r} is both a file and a folder")
    return files


def checked_path(path: str) -> str:
    """The path itself, relative and without detours; `BadListing` if it is not so."""
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or "/".join(parts) != path:
        raise BadListing(f"{path!r} leads out of the folder")
    if any(c in "\n\r\\\x00" or "\ud800" <= c <= "\udfff" for c in path):
        raise BadListing(f"{path!r} has a character that no listing can hold")
    return path


def _listed(line: str) -> Listed:
    found = _LINE.fullmatch(line)
    if found is None:
        raise BadListing(f"{line[:100]!r} is not 64 hex digits, two spaces and a path")
    return Listed(checked_path(found[2]), found[1])
