r"""Digests of what a version consists of, file by file, however large.

One file: its SHA-256. A folder: the SHA-256 of what `sha256sum` prints for its files in the order
of their paths, so that anybody can check it. In that folder,
`find . -type f -printf '%P\n' | LC_ALL=C sort | xargs -d '\n' sha256sum | sha256sum`.
"""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

CHUNK: Final = 1 << 20
MAX_FILES: Final = 100_000


class Hashed(NamedTuple):
    """A file that was read to its end."""

    path: str
    """Within the folder, with `/`."""
    sha256: str
    """Hexadecimal."""
    size: int


class OutOfBounds(Exception):
    """A path leads to where an import must not read."""


def hashed(path: str, chunks: Iterable[bytes]) -> Hashed:
    """A file's digest, from its content in pieces."""
    sha, size = hashlib.sha256(), 0
    for chunk in chunks:
        sha.update(chunk)
        size += len(chunk)
    return Hashed(path, sha.hexdigest(), size)


def of_file(file: Hashed) -> str:
    """`sha256:…` of a single file."""
    return f"sha256:{file.sha256}"


def of_folder(files: Iterable[Hashed]) -> str:
    """`sha256:…` of a folder with these files."""
    lines = [f"{file.sha256}  {file.path}\n" for file in sorted(files, key=_bytes)]
    return "sha256:" + hashlib.sha256("".join(lines).encode()).hexdigest()


def checked_path(path: str) -> str:
    """The path itself, relative and without detours; `OutOfBounds` if it is not so."""
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or "/".join(parts) != path:
        raise OutOfBounds(f"{path!r} leads out of the folder")
    if any(character in path for character in "\n\r\\\x00"):
        raise OutOfBounds(f"{path!r} has a character that no manifest can hold")
    return path


def files_in(folder: Path, bounds: Path) -> Iterator[Path]:
    """Regular files below `folder`, in order; `OutOfBounds` for a link that leaves `bounds`."""
    count = 0
    for path in sorted(folder.iterdir()):
        real = path.resolve()
        if not real.is_relative_to(bounds.resolve()):
            raise OutOfBounds(f"{path} is a link that leads out of {bounds}")
        if path.is_symlink() and real.is_dir():
            raise OutOfBounds(f"{path} is a link to a folder: put the folder itself there")
        if real.is_dir():
            yield from files_in(path, bounds)
        elif real.is_file():
            count += 1
            yield path
        else:
            raise OutOfBounds(f"{path} is neither a file nor a folder")
        if count > MAX_FILES:
            raise OutOfBounds(f"{folder} has more than {MAX_FILES:,} files")


def hash_file(file: Path, folder: Path) -> Hashed:
    """The digest of a file, under its path within `folder`."""
    path = checked_path(file.relative_to(folder).as_posix())
    with file.open("rb") as content:
        return hashed(path, iter(lambda: content.read(CHUNK), b""))


def _bytes(file: Hashed) -> bytes:
    return file.path.encode()
