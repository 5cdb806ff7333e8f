"""Files and folders of a disk, and their digests, however large they are."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from rollbook.artifacts import listings
from rollbook.artifacts.digests import PREFIX
from rollbook.artifacts.errors import BadListing
from rollbook.artifacts.listings import MAX_FILES, checked_path

CHUNK: Final = 1 << 20


class Hashed(NamedTuple):
    """A file that was read to its end."""

    path: str
    """Within the folder, with `/`."""
    sha256: str
    """Hexadecimal."""
    size: int


def hashed(path: str, chunks: Iterable[bytes]) -> Hashed:
    """A file's digest, from its content in pieces."""
    sha, size = hashlib.sha256(), 0
    for chunk in chunks:
        sha.update(chunk)
        size += len(chunk)
    return Hashed(path, sha.hexdigest(), size)


def of_file(file: Hashed) -> str:
    """`sha256:…` of a single file."""
    return PREFIX + file.sha256


def of_folder(files: Iterable[Hashed]) -> str:
    """`sha256:…` of a folder with these files."""
    return listings.of_folder((file.path, file.sha256) for file in files)


def files_in(folder: Path, bounds: Path) -> Iterator[Path]:
    """Regular files below `folder`, in order; `BadListing` for a link that leaves `bounds`."""
    for count, path in enumerate(_below(folder, bounds.resolve()), 1):
        if count > MAX_FILES:
            raise BadListing(f"{folder} has more than {MAX_FILES:,} files")
        yield path


def _below(folder: Path, bounds: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        real = path.resolve()
        if not real.is_relative_to(bounds):
            raise BadListing(f"{path} is a link that leads out of {bounds}")
        if path.is_symlink() and real.is_dir():
            raise BadListing(f"{path} is a link to a folder: put the folder itself there")
        if real.is_dir():
            yield from _below(path, bounds)
        elif real.is_file():
            yield path
        else:
            raise BadListing(f"{path} is neither a file nor a folder")


def hash_file(file: Path, folder: Path) -> Hashed:
    """The digest of a file, under its path within `folder`."""
    path = checked_path(file.relative_to(folder).as_posix())
    with file.open("rb") as content:
        return hashed(path, iter(lambda: content.read(CHUNK), b""))


def digest_of(path: Path) -> str:
    """`sha256:…` of a file, or of a folder; OSError, or `BadListing` for a link out of it."""
    if not path.is_dir():
        return of_file(hash_file(path, path.parent))
    return of_folder(hash_file(file, path) for file in files_in(path, path))
