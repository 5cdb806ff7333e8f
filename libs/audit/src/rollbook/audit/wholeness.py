r"""The whole history of one stream, and that it is whole, in one file of lines (NAME.jsonl).

The first line, `{"format": "rollbook-audit-stream/1", …}`, holds

    "stream"        its key, as text
    "checkpoint"    the signed note
    "heads"         the signed note of the streams' last events at this checkpoint; see `heads`
    "place", "path" where the stream's head stands in the tree of heads, and its path to the root
    "earlier"       [[note, [hash, …]], …]: older checkpoints, and the proof that this one goes on
                    from each of them

Every other line is an event, oldest first, `{"record": see `entry`, "path": [hash, …]}`, with its
path to the root of the checkpoint. Hashes are in base64. Only events are here: refusals and other
answers that changed nothing are in no chain, and nothing proves that all of them are there.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from rollbook.audit.checkpoint import Checkpoint
from rollbook.audit.entry import Entry, Unreadable, canonical, document
from rollbook.audit.finding import Finding, Report
from rollbook.audit.heads import Head, Heads
from rollbook.audit.heads import tree as tree_of
from rollbook.audit.merkle import HASH, Tree, extends, includes
from rollbook.audit.note import NoteError, VerifierKey
from rollbook.audit.routing import partition_for

FORMAT: Final = "rollbook-audit-stream/1"
MOST_FINDINGS: Final = 200
LONGEST_PATH: Final = 64


def written(
    key: bytes,
    events: Iterable[Entry],
    tree: Tree,
    heads: Mapping[bytes, Head],
    notes: Mapping[Checkpoint, str],
    checkpoint: Checkpoint,
    heads_note: str,
) -> Iterator[bytes]:
    """The lines that show a stream as it stood at a checkpoint; `notes` are of its partition."""
    place, size = sorted(heads).index(key), checkpoint.size
    older = sorted((c for c in notes if 0 < c.size < size), key=lambda c: c.size)
    yield canonical(
        {
            "format": FORMAT,
            "stream": key.decode(),
            "checkpoint": notes[checkpoint],
            "heads": heads_note,
            "place": place,
            "path": _texts(tree_of(heads).inclusion(place, len(heads))),
            "earlier": [[notes[c], _texts(tree.consistency(c.size, size))] for c in older],
        }
    )
    for entry in events:
        path = _texts(tree.inclusion(entry.offset, size))
        yield canonical({"record": entry.shaped(), "path": path})


def verify(lines: Iterable[bytes], keys: Sequence[VerifierKey], held: Sequence[str] = ()) -> Report:
    """Everything that is wrong with a stream's file, with the number of the line.

    Codes: `unreadable` not written as it should be · `signature`, `origin` · `proof` the notes do
    not fit together, or a path proves nothing · `altered` the event is not what was signed at its
    place · `stream` of another stream · `seq` an event is missing, or there twice · `prev` the
    event before it was another · `truncated` the end is missing · `inserted` something goes on
    behind the end · `forked` not the log of a checkpoint that you hold · `uncompared` nothing leads
    from one that you hold to the one of the file, which may be older.
    """
    return _Verification(keys).run(iter(lines), held)


@dataclass(slots=True)
class _Verification:
    keys: Sequence[VerifierKey]
    found: list[Finding] = field(default_factory=list)
    records: int = 0
    stream: str = ""
    compared: int = 0

    def run(self, lines: Iterator[bytes], held: Sequence[str]) -> Report:
        opened = self._open(next(lines, b""))
        if opened is None:
            return Report(findings=self.found)
        checkpoint, heads, place, path, earlier = opened
        for number, note in enumerate(held, 1):
            self._compare(number, note, checkpoint, earlier)
        last = self._events(lines, checkpoint)
        self._end(last, heads, place, path)
        return Report(
            app=checkpoint.app,
            partitions=heads.partitions,
            records=self.records,
            streams=1,
            checkpoints=1 + len(earlier),
            held=self.compared,
            findings=self.found,
        )

    def _find(self, what: str, message: str, line: int | None = None) -> None:
        if len(self.found) == MOST_FINDINGS:
            what, message = "more", "there is more that is wrong"
        if len(self.found) <= MOST_FINDINGS:
            about = (self.stream,) if self.stream else ()
            file = None if line is None else f"line {line}"
            self.found.append(Finding(what=what, message=message, file=file, models=about))

    def _open(
        self, line: bytes
    ) -> tuple[Checkpoint, Heads, int, list[bytes], dict[int, tuple[bytes, list[bytes]]]] | None:
        try:
            match found := document(line):
                case {
                    "format": "rollbook-audit-stream/1",
                    "stream": str(stream),
                    "checkpoint": str(note),
                    "heads": str(heads_note),
                    "place": int(place),
                    "path": list(path),
                    "earlier": list(earlier),
                } if canonical(found) == line and type(place) is int:
                    self.stream = stream
                case _:
                    raise Unreadable(f"not written as a {FORMAT}")
            checkpoint = Checkpoint.open(note, self.keys)
            heads = Heads.open(heads_note, self.keys)
            hashes = _hashes(path)
            older = dict(self._older(step, checkpoint) for step in earlier)
        except Unreadable as error:
            self._find("unreadable", str(error), 1)
            return None
        except NoteError as error:
            self._find("signature", str(error), 1)
            return None
        if heads.checkpoint != checkpoint:
            self._find("proof", "the note of heads belongs to another checkpoint", 1)
        home = partition_for(stream.encode(errors="replace"), heads.partitions)
        if home != checkpoint.partition:
            self._find("origin", f"the stream lives in partition {home}", 1)
        return checkpoint, heads, place, hashes, older

    def _older(self, step: object, newest: Checkpoint) -> tuple[int, tuple[bytes, list[bytes]]]:
        match step:
            case [str(note), list(path)]:
                made, hashes = Checkpoint.open(note, self.keys), _hashes(path)
            case _:
                raise Unreadable("an earlier checkpoint is a note and a proof")
        if made.origin != newest.origin:
            self._find("origin", f"an earlier checkpoint is of {made.origin}", 1)
        elif not extends(made.size, made.root, newest.size, newest.root, hashes):
            self._find("proof", f"{newest.size} does not follow from {made.size}", 1)
        return made.size, (made.root, hashes)

    def _compare(
        self,
        number: int,
        note: str,
        newest: Checkpoint,
        earlier: Mapping[int, tuple[bytes, list[bytes]]],
    ) -> None:
        name = f"the checkpoint that you hold, number {number}"
        try:
            kept = Checkpoint.open(note, self.keys)
        except NoteError as error:
            self._find("signature", f"{name}: {error}")
            return
        if kept.app != newest.app:
            self._find("origin", f"{name} is of {kept.origin}")
        if kept.origin != newest.origin or kept.size == 0:
            return
        self.compared += 1
        root = newest.root if kept.size == newest.size else None
        if kept.size in earlier:
            root = earlier[kept.size][0]
        if root is None:
            older = "; ask for a newer file" if kept.size > newest.size else ""
            said = f"{name} has {kept.size} records, the file's {newest.size}"
            self._find("uncompared", f"{said}, and no proof leads from one to the other{older}")
        elif root != kept.root:
            self._find("forked", f"{name} is another one at {kept.size} records")

    def _events(self, lines: Iterator[bytes], checkpoint: Checkpoint) -> Head:
        last = Head()
        for number, line in enumerate(lines, 2):
            self.records += 1
            try:
                entry, path = _event(line)
            except Unreadable as error:
                self._find("unreadable", str(error), number)
                last = last._replace(seq=last.seq + 1, link="")
                continue
            if not includes(entry.leaf(), entry.offset, checkpoint.size, path, checkpoint.root):
                said = f"no record that was signed at {entry.offset} of {checkpoint.origin}"
                self._find("altered", said, number)
            if entry.key != self.stream.encode(errors="replace"):
                self._find("stream", f"an event of {entry.model}", number)
            seq, prev = entry.header("ce_seq"), entry.header("ce_prev")
            if seq != str(last.seq + 1):
                self._find("seq", f"event {seq} comes after event {last.seq}", number)
            if prev != last.link:
                said = f"names another event before it than event {last.seq} as it stands here"
                self._find("prev", said, number)
            known = seq is not None and seq.isdecimal() and len(seq) < 19
            last = Head(int(seq) if seq and known else last.seq + 1, entry.link(), entry.offset)
        return last

    def _end(self, last: Head, heads: Heads, place: int, path: list[bytes]) -> None:
        key = self.stream.encode(errors="replace")
        leaf = last.leaf(key) if last.link and last.offset >= 0 else b""
        if not leaf or not includes(leaf, place, heads.streams, path, heads.root):
            said = f"event {last.seq} is not the last one by the signed heads"
            self._find("truncated", f"{said}: the end is missing, or is another", self.records + 2)


def _event(line: bytes) -> tuple[Entry, list[bytes]]:
    match found := document(line):
        case {"record": shaped, "path": list(path)} if canonical(found) == line:
            entry = Entry.of(shaped)
            if entry.shaped() != shaped:
                raise Unreadable("the record is not written as it should be")
            return entry, _hashes(path)
        case _:
            raise Unreadable("no event of a stream: record and path")


def _texts(path: Sequence[bytes]) -> list[str]:
    return [b64encode(node).decode() for node in path]


def _hashes(path: Sequence[object]) -> list[bytes]:
    if len(path) > LONGEST_PATH:
        raise Unreadable("a path is too long")
    nodes = []
    for text in path:
        try:
            node = b64decode(text, validate=True) if isinstance(text, str) else b""
        except ValueError:
            node = b""
        if len(node) != HASH or b64encode(node).decode() != text:
            raise Unreadable("a hash is not 32 bytes in base64")
        nodes.append(node)
    return nodes
