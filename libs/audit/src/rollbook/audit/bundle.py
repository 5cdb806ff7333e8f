"""A bundle: a folder, or an uncompressed tar of one, that holds a log and what proves it.

    manifest.json                  {"format", "app", "sizes": how many records, by partition}
    records-P.jsonl                each record, one per line; see `entry`
    leaves-P.bin                   the hashes of the leaves, 32 bytes each: they tell where
                                   records differ from what was signed
    checkpoint-P-SIZE.note         every signed checkpoint that was ever published
    consistency.json               {"P": [[old, new, [hash, …]], …]}, from each to the next
    keys.txt                       the public keys, for information: trust only those that
                                   reached you by another way

JSON is written without spaces, ends in a newline, and is accepted in that form only.
"""

import re
import tarfile
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import IO, Final, Self, TypeAlias

from rollbook.audit.checkpoint import Checkpoint
from rollbook.audit.entry import Entry, canonical
from rollbook.audit.merkle import Tree
from rollbook.audit.note import VerifierKey

FORMAT: Final = "rollbook-audit-bundle/1"
MANIFEST: Final = "manifest.json"
CONSISTENCY: Final = "consistency.json"
KEYS: Final = "keys.txt"
NOTE: Final = re.compile(r"checkpoint-(\d{1,9})-(\d{1,18})\.note")


def records_file(partition: int) -> str:
    """Where the records of a partition stand."""
    return f"records-{partition}.jsonl"


def leaves_file(partition: int) -> str:
    """Where the hashes of its leaves stand."""
    return f"leaves-{partition}.bin"


class Folder:
    """A bundle as a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> list[str]:
        """What is in it."""
        return sorted(file.name for file in self._folder.iterdir())

    def open(self, name: str) -> IO[bytes]:
        """Read one of its files; OSError where that cannot be done."""
        return (self._folder / name).open("rb")

    def close(self) -> None:
        """Let go of it."""


class Archive:
    """A bundle as a tar file; nothing is unpacked to the disk."""

    def __init__(self, file: Path) -> None:
        self._tar = tarfile.open(file, "r:")  # noqa: SIM115  # closed by `close`
        self._members = {Path(m.name).name: m for m in self._tar.getmembers() if m.isfile()}

    def names(self) -> list[str]:
        """What is in it."""
        return sorted(Path(m.name).name for m in self._tar.getmembers() if not m.isdir())

    def open(self, name: str) -> IO[bytes]:
        """Read one of its files; OSError where that cannot be done."""
        found = self._tar.extractfile(self._members[name]) if name in self._members else None
        if found is None:
            raise FileNotFoundError(name)
        return found

    def close(self) -> None:
        """Let go of it."""
        self._tar.close()


Bundle: TypeAlias = Folder | Archive


def opened(path: Path) -> Bundle:
    """The bundle at a path; OSError or tarfile.TarError where there is none."""
    return Folder(path) if path.is_dir() else Archive(path)


class Writer:
    """Writes a bundle into a new folder, record by record."""

    def __init__(self, folder: Path, app: str, partitions: int) -> None:
        folder.mkdir(parents=True)
        self.trees = [Tree() for _ in range(partitions)]
        self._folder = folder
        self._app = app
        self._files = [(folder / records_file(n)).open("wb") for n in range(partitions)]

    def add(self, partition: int, entry: Entry) -> None:
        """Add the next record of a partition."""
        self._files[partition].write(entry.line())
        self.trees[partition].append(entry.leaf())

    def finish(
        self, notes: Mapping[Checkpoint, str], keys: Sequence[VerifierKey]
    ) -> dict[str, object]:
        """Write all that proves the records; returns the manifest."""
        for partition, tree in enumerate(self.trees):
            (self._folder / leaves_file(partition)).write_bytes(tree.tape())
        for checkpoint, note in notes.items():
            (self._folder / checkpoint.file_name).write_text(note)
        proofs = {
            str(partition): [
                [old, new, [b64encode(h).decode() for h in tree.consistency(old, new)]]
                for old, new in steps(c.size for c in notes if c.partition == partition)
            ]
            for partition, tree in enumerate(self.trees)
        }
        (self._folder / CONSISTENCY).write_bytes(canonical(proofs))
        (self._folder / KEYS).write_text("".join(f"{key}\n" for key in keys))
        sizes = [len(tree) for tree in self.trees]
        manifest: dict[str, object] = {"format": FORMAT, "app": self._app, "sizes": sizes}
        (self._folder / MANIFEST).write_bytes(canonical(manifest))
        return manifest

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files:
            file.close()


def steps(sizes: Iterable[int]) -> list[tuple[int, int]]:
    """From each size to the next."""
    ordered = sorted(set(sizes))
    return list(pairwise(ordered))


def pack(folder: Path, file: Path) -> None:
    """Make a tar of a bundle, the same for the same bundle."""
    with tarfile.open(file, "x:") as tar:
        for part in sorted(folder.iterdir()):
            about = tarfile.TarInfo(part.name)
            about.size = part.stat().st_size
            with part.open("rb") as content:
                tar.addfile(about, content)
