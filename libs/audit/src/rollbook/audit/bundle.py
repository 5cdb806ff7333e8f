"""A bundle: a folder, or an uncompressed tar of one, that holds a log and what proves it.

    manifest.json                  {"format", "app", "sizes": how many records, by partition}
    records-P.jsonl                each record, one per line; see `entry`; in the second form
                                   records-P.jsonl.gz
    leaves-P.bin                   the hashes of the leaves, 32 bytes each: they tell where
                                   records differ from what was signed
    checkpoint-P-SIZE.note         every signed checkpoint that was ever published
    heads-P-SIZE.note              signed last events of streams, of some of them; see `heads`
    consistency.json               {"P": [[old, new, [hash, …]], …]}, from each to the next
    keys.txt                       the public keys, for information: trust only those that
                                   reached you by another way

JSON is written without spaces, ends in a newline, and is accepted in that form only.

The second form is for keeping a log and putting it back: compressed, and its manifest has "roots"
(hexadecimal, by partition), "made" (when it was written) and "as_of" (what it was cut at, or null)
as well, so that the hash of the manifest stands for everything.
"""

import gzip
import os
import re
import tarfile
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import IO, Final, Self, TypeAlias, cast

from rollbook.audit.checkpoint import Checkpoint
from rollbook.audit.entry import Entry, canonical
from rollbook.audit.manifest import FORMAT, PACKED, Manifest
from rollbook.audit.merkle import Frontier, Tree
from rollbook.audit.note import VerifierKey

EMPTY: Final[Mapping[str, str]] = MappingProxyType({})
LEVEL: Final = 6
"""Of compression."""

MANIFEST: Final = "manifest.json"
CONSISTENCY: Final = "consistency.json"
KEYS: Final = "keys.txt"
NOTE: Final = re.compile(r"checkpoint-(\d{1,9})-(\d{1,18})\.note")


def records_file(partition: int, form: str = FORMAT) -> str:
    """Where the records of a partition stand."""
    return f"records-{partition}.jsonl{'.gz' if form == PACKED else ''}"


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


def lines(file: IO[bytes], form: str, longest: int) -> Iterator[bytes]:
    """The lines of a file of records, of which none is longer than asked for.

    Raises OSError, EOFError or `zlib.error` where what was compressed is not what it was.
    """
    with gzip.open(file) if form == PACKED else file as plain:
        while line := plain.readline(longest):
            yield line
            if not line.endswith(b"\n"):
                while (rest := plain.readline(longest)) and not rest.endswith(b"\n"):
                    pass


class Writer:
    """Writes a bundle into a new folder, record by record; memory does not grow with them."""

    def __init__(self, folder: Path, app: str, partitions: int, form: str = FORMAT) -> None:
        folder.mkdir(parents=True)
        self._folder = folder
        self._app = app
        self._form = form
        self._stack = ExitStack()
        self._trees = [Frontier() for _ in range(partitions)]
        self._tapes = [self._opened(leaves_file(n)) for n in range(partitions)]
        files = [self._opened(records_file(n, form)) for n in range(partitions)]
        self._files = [self._packing(f) for f in files] if form == PACKED else files

    def _opened(self, name: str) -> IO[bytes]:
        return self._stack.enter_context((self._folder / name).open("wb"))

    def _packing(self, file: IO[bytes]) -> IO[bytes]:
        # Without name and time, so that the same records make the same file.
        packed = gzip.GzipFile("", "wb", LEVEL, file, mtime=0)
        return cast("IO[bytes]", self._stack.enter_context(packed))

    def add(self, partition: int, entry: Entry) -> None:
        """Add the next record of a partition."""
        self._files[partition].write(entry.line())
        leaf = entry.leaf()
        self._trees[partition].append(leaf)
        self._tapes[partition].write(leaf)

    @property
    def sizes(self) -> list[int]:
        """How many records each partition has by now."""
        return [tree.size for tree in self._trees]

    def tree(self, partition: int) -> Tree:
        """The hashes of a partition's leaves by now, from which proofs are made."""
        self._tapes[partition].flush()
        return Tree((self._folder / leaves_file(partition)).read_bytes())

    def finish(
        self,
        notes: Mapping[Checkpoint, str],
        keys: Sequence[VerifierKey],
        *,
        heads: Mapping[str, str] = EMPTY,
        made: str = "",
        as_of: str | None = None,
    ) -> Manifest:
        """Write all that proves the records; `heads` are notes by the names of their files.

        `made` and `as_of` are of the second form.
        """
        for name, note in ({c.file_name: note for c, note in notes.items()} | {**heads}).items():
            (self._folder / name).write_text(note)
        proofs: dict[str, list[list[object]]] = {}
        for partition in range(len(self._trees)):
            ways = steps(c.size for c in notes if c.partition == partition)
            tree = self.tree(partition) if ways else Tree()
            proofs[str(partition)] = [
                [old, new, [b64encode(h).decode() for h in tree.consistency(old, new)]]
                for old, new in ways
            ]
        (self._folder / CONSISTENCY).write_bytes(canonical(proofs))
        (self._folder / KEYS).write_text("".join(f"{key}\n" for key in keys))
        manifest = Manifest(self._form, self._app, tuple(self.sizes))
        if self._form == PACKED:
            roots = tuple(tree.root() for tree in self._trees)
            manifest = Manifest(PACKED, self._app, tuple(self.sizes), roots, made, as_of)
        (self._folder / MANIFEST).write_bytes(manifest.line())
        return manifest

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()


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
    with file.open("rb") as done:
        os.fsync(done.fileno())
