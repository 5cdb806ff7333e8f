"""Verifying a bundle: trees, signatures, checkpoints held elsewhere, and the log's own rules."""

import zlib
from base64 import b64decode, b64encode
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from rollbook.audit.bundle import (
    CONSISTENCY,
    KEYS,
    MANIFEST,
    NOTE,
    Bundle,
    leaves_file,
    lines,
    records_file,
    steps,
)
from rollbook.audit.checkpoint import Checkpoint
from rollbook.audit.entry import Unreadable, canonical, document
from rollbook.audit.finding import Finding, Report
from rollbook.audit.heads import NOTE as HEADS
from rollbook.audit.heads import Heads
from rollbook.audit.manifest import Manifest
from rollbook.audit.merkle import HASH, extends
from rollbook.audit.note import NoteError, VerifierKey
from rollbook.audit.stretch import Stretch

LONGEST_LINE: Final = 64 << 20
LONGEST_FILE: Final = 64 << 20
LONGEST_LEAVES: Final = 8 << 30
MOST_FINDINGS: Final = 200
"""Of one partition; what is more is counted."""


def verify(bundle: Bundle, keys: Sequence[VerifierKey], held: Sequence[str] = ()) -> Report:
    """Everything that is wrong with a bundle.

    `keys` are those that you trust, from outside the bundle. `held` are signed checkpoints that
    you kept: against them even the owner of a key cannot change what was published.

    Codes beside those of `History`: `manifest`, `missing`, `unexpected` files · `key`, `signature`,
    `origin`, `proof` · `unreadable`, `offset` lines · `altered`, `inserted`, `dropped`, `moved`
    records · `truncated` shorter than a checkpoint says · `forked` not what a checkpoint says,
    somewhere in between · `unsigned` behind the last checkpoint · `leaves` hashes that are not
    those of the records · `heads` last events that are not those that were signed.
    """
    return _Verification(bundle, keys).run(held)


class _Verification:
    def __init__(self, bundle: Bundle, keys: Sequence[VerifierKey]) -> None:
        self._bundle = bundle
        self._keys = keys
        self._found: list[Finding] = []
        self._app = ""
        self._sizes: list[int] = []
        self._own: dict[int, dict[int, bytes]] = defaultdict(dict)
        """Root by size by partition, from the bundle."""
        self._held: dict[int, dict[int, bytes]] = defaultdict(dict)
        """The same from outside, which count for more."""
        self._heads: dict[int, dict[int, Heads]] = defaultdict(dict)
        self._streams = 0
        self._records = 0
        self._form = ""
        self._roots: tuple[bytes, ...] | None = None

    def run(self, held: Sequence[str]) -> Report:
        self._manifest()
        if self._sizes:
            self._files()
            self._checkpoints()
            self._signed_heads()
            for number, note in enumerate(held, 1):
                self._hold(number, note)
            self._proofs()
            self._listed_keys()
            for partition in range(len(self._sizes)):
                self._limited(partition)
        return Report(
            app=self._app,
            partitions=len(self._sizes),
            records=self._records,
            streams=self._streams,
            checkpoints=sum(map(len, self._own.values())),
            held=len(held),
            findings=self._found,
        )

    def _find(self, what: str, message: str, file: str | None = None) -> None:
        self._found.append(Finding(what=what, message=message, file=file))

    def _content(self, name: str, most: int = LONGEST_FILE) -> bytes | None:
        try:
            with self._bundle.open(name) as file:
                content = file.read(most + 1)
        except OSError:
            self._find("missing", "the file cannot be read", name)
            return None
        if len(content) > most:
            self._find("unreadable", "the file is too long", name)
            return None
        return content

    def _json(self, name: str, what: str) -> object:
        content = self._content(name)
        if content is None:
            return None
        try:
            found = document(content)
        except Unreadable as error:
            self._find(what, str(error), name)
            return None
        if canonical(found) != content:
            self._find(what, "not written as it should be", name)
        return found

    def _manifest(self) -> None:
        content = self._content(MANIFEST)
        if content is None:
            return
        try:
            found = Manifest.parse(content)
        except Unreadable as error:
            self._find("manifest", str(error), MANIFEST)
            return
        self._app, self._sizes, self._form = found.app, list(found.sizes), found.form
        self._roots = found.roots

    def _files(self) -> None:
        names = self._bundle.names()
        numbers = range(len(self._sizes))
        wanted = {MANIFEST, CONSISTENCY, KEYS}
        wanted |= {records_file(n, self._form) for n in numbers}
        wanted |= {leaves_file(n) for n in numbers}
        for name in sorted({n for n in names if names.count(n) > 1 or n not in wanted}):
            if names.count(name) > 1 or not (NOTE.fullmatch(name) or HEADS.fullmatch(name)):
                self._find("unexpected", "the file does not belong here", name)

    def _checkpoints(self) -> None:
        for name in self._bundle.names():
            if not NOTE.fullmatch(name) or (content := self._content(name)) is None:
                continue
            try:
                found = Checkpoint.open(content.decode(), self._keys)
            except (NoteError, UnicodeDecodeError) as error:
                self._find("signature", str(error), name)
                continue
            if found.app != self._app or found.partition >= len(self._sizes):
                self._find("origin", f"a checkpoint of another log: {found.origin}", name)
            elif found.file_name != name:
                self._find("origin", f"a checkpoint of {found.origin} at {found.size}", name)
            else:
                self._own[found.partition][found.size] = found.root

    def _signed_heads(self) -> None:
        for name in self._bundle.names():
            if not HEADS.fullmatch(name) or (content := self._content(name)) is None:
                continue
            try:
                found = Heads.open(content.decode(), self._keys)
            except (NoteError, UnicodeDecodeError) as error:
                self._find("signature", str(error), name)
                continue
            of = found.checkpoint
            if self._own[of.partition].get(of.size) != of.root or found.file_name != name:
                self._find("origin", f"it belongs to no checkpoint here: {of.file_name}", name)
            elif of.app != self._app or found.partitions != len(self._sizes):
                self._find("origin", f"of another log: {of.origin}", name)
            else:
                self._heads[of.partition][of.size] = found

    def _hold(self, number: int, note: str) -> None:
        name = f"the checkpoint that you hold, number {number}"
        try:
            found = Checkpoint.open(note, self._keys)
        except NoteError as error:
            self._find("signature", str(error), name)
            return
        if found.app != self._app:
            self._find("origin", f"of {found.origin}, but the bundle is of {self._app}", name)
            return
        if found.partition >= len(self._sizes):
            self._find("truncated", f"of {found.origin}, but that partition is missing", name)
            return
        other = self._own[found.partition].get(found.size)
        if other not in {None, found.root}:
            self._find(
                "forked", f"the bundle has another one, signed as well: {found.origin}", name
            )
        self._held[found.partition][found.size] = found.root

    def _proofs(self) -> None:
        found = self._json(CONSISTENCY, "proof")
        if found is None:
            return
        proofs = found if isinstance(found, dict) else {}
        if set(proofs) != {str(n) for n in range(len(self._sizes))}:
            self._find("proof", "not one list for each partition", CONSISTENCY)
        for partition in range(len(self._sizes)):
            roots = self._own[partition]
            given = proofs.get(str(partition))
            read = [_step(step) for step in given] if isinstance(given, list) else []
            if [s and s[:2] for s in read] != steps(roots):
                said = f"not from each checkpoint of partition {partition} to the next"
                self._find("proof", said, CONSISTENCY)
            for step in read:
                if step is None or not {step[0], step[1]} <= roots.keys():
                    continue
                old, new, path = step
                if not extends(old, roots[old], new, roots[new], path):
                    said = f"partition {partition}: {new} does not follow from {old}"
                    self._find("proof", said, CONSISTENCY)

    def _listed_keys(self) -> None:
        content = self._content(KEYS)
        for line in content.decode(errors="replace").splitlines() if content else ():
            try:
                VerifierKey.parse(line)
            except NoteError as error:
                self._find("key", str(error), KEYS)

    def _limited(self, partition: int) -> None:
        name = records_file(partition, self._form)
        leaves = self._content(leaves_file(partition), LONGEST_LEAVES) or b""
        stretch = Stretch(partition, len(self._sizes), self._sizes[partition], leaves)
        count = 0
        lines_, heads = self._lines(name), self._heads[partition]
        for finding in stretch.check(lines_, self._own[partition], self._held[partition], heads):
            count += 1
            if count <= MOST_FINDINGS:
                self._found.append(finding)
        if count > MOST_FINDINGS:
            more = f"{count - MOST_FINDINGS} more findings in partition {partition}"
            self._find("more", more, name)
        if self._roots is not None and stretch.root != self._roots[partition]:
            said = f"the root of partition {partition} is another one by the manifest"
            self._find("manifest", said, MANIFEST)
        self._streams += stretch.streams
        self._records += stretch.records

    def _lines(self, name: str) -> Iterator[bytes]:
        try:
            file = self._bundle.open(name)
        except OSError:
            self._find("missing", "the file cannot be read", name)
            return
        try:
            with file:
                yield from lines(file, self._form, LONGEST_LINE)
        except (OSError, EOFError, zlib.error) as error:
            self._find("unreadable", f"the file cannot be unpacked: {error}", name)


def _step(found: object) -> tuple[int, int, list[bytes]] | None:
    match found:
        case [int(old), int(new), list(path)] if bool not in {type(old), type(new)}:
            hashes = [_hash(text) for text in path]
            return (old, new, [h for h in hashes if h is not None]) if None not in hashes else None
        case _:
            return None


def _hash(text: object) -> bytes | None:
    try:
        raw = b64decode(text, validate=True) if isinstance(text, str) else b""
    except ValueError:
        return None
    return raw if len(raw) == HASH and b64encode(raw).decode() == text else None
