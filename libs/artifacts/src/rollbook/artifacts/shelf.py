"""Artifacts on this disk, by digest: nothing is handed out that was not read and right."""

import os
import shutil
import tempfile
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Final

from rollbook.artifacts import folders
from rollbook.artifacts.digests import PREFIX, hex_of, is_digest
from rollbook.artifacts.errors import BadListing, WrongDigest

NAME: Final = "artifact"
"""What it is called while it is not whole."""


class Shelf:
    """A folder of artifacts; several processes may share it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "sha256"

    def place(self, digest: str) -> Path:
        """Where it lies, if it is here."""
        return self._folder / hex_of(digest)

    def found(self, digest: str) -> Path | None:
        """Where its bytes lie, read to the end and right; damaged ones are thrown away."""
        place = self.place(digest)
        if not place.exists():
            return None
        if _right(place, digest):
            return place
        _remove(place)
        return None

    def put(self, digest: str, fill: Callable[[Path], object]) -> Path:
        """Let `fill` make a file or folder at a path; `WrongDigest` when it is something else."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._folder, prefix=".coming-") as coming:
            made = Path(coming) / NAME
            fill(made)
            if not _right(made, digest):
                raise WrongDigest(f"what came is not {digest}")
            place = self.place(digest)
            try:
                made.replace(place)
            except OSError:  # a folder that another process has put there meanwhile
                if not place.is_dir():
                    raise
            return place

    def keep(self, digests: Collection[str]) -> None:
        """Throw all others away."""
        if self._folder.is_dir():
            for place in self._folder.iterdir():
                name = PREFIX + place.name
                if is_digest(name) and name not in digests:
                    _remove(place)


def _right(path: Path, digest: str) -> bool:
    try:
        return folders.digest_of(path) == digest
    except (OSError, BadListing):
        return False


def _remove(place: Path) -> None:
    gone = place.with_name(f".gone-{place.name}-{os.getpid()}")
    try:
        place.replace(gone)  # at once, whoever looks meanwhile
    except FileNotFoundError:
        return
    if gone.is_dir():
        shutil.rmtree(gone, ignore_errors=True)
    else:
        gone.unlink(missing_ok=True)
