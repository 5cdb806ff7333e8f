"""The last event of every stream of a partition at a checkpoint: as a tree, whose root is signed.

A chain of events shows that nothing is missing between its ends, but not that it goes on. The
signer of a checkpoint says it with a second note, of the same form as a checkpoint:

    APP/heads/PARTITION
    how many streams have an event
    the root, in base64, of their tree
    of SIZE ROOT               the checkpoint, which it belongs to
    among PARTITIONS           how many partitions the log has

The leaves are sorted by the bytes of the streams' keys. A leaf's bytes:

    "rollbook/head/1" 0x0A
    length of the key, 4 bytes, big-endian; the key
    seq of the last event, 8 bytes, big-endian
    its offset, 8 bytes, big-endian
    its link, as `ce_prev` of the next event will say it, 32 bytes

Whoever has all records makes the tree again, and finds out a signer who left an event out.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from rollbook.audit.checkpoint import SIZE, Checkpoint
from rollbook.audit.merkle import HASH, Tree, leaf_hash
from rollbook.audit.note import NoteError, SigningKey, VerifierKey, open_note, sign

FORM: Final = b"rollbook/head/1\n"
ORIGIN: Final = re.compile(r"(?P<app>\S+)/heads/(?P<partition>0|[1-9][0-9]{0,8})")
OF: Final = re.compile(r"of (?P<size>0|[1-9][0-9]{0,17}) (?P<root>\S+)")
AMONG: Final = re.compile(r"among (?P<partitions>[1-9][0-9]{0,8})")
NOTE: Final = re.compile(r"heads-(\d{1,9})-(\d{1,18})\.note")


class Head(NamedTuple):
    """The last event of a stream."""

    seq: int = 0
    link: str = ""
    """Hexadecimal."""
    offset: int = -1

    def leaf(self, key: bytes) -> bytes:
        """Its leaf's hash; ValueError where there is no such event."""
        numbers = self.seq.to_bytes(8, "big") + self.offset.to_bytes(8, "big")
        link = bytes.fromhex(self.link)
        if len(link) != HASH:
            raise ValueError("a link is a hash")
        return leaf_hash(FORM + len(key).to_bytes(4, "big") + key + numbers + link)


@dataclass(frozen=True, slots=True)
class Heads:
    """The tree of the heads of all streams of a partition at a checkpoint."""

    checkpoint: Checkpoint
    streams: int
    root: bytes
    partitions: int

    @classmethod
    def at(cls, checkpoint: Checkpoint, heads: Mapping[bytes, Head], partitions: int) -> "Heads":
        """Of the heads as they stand at a checkpoint."""
        return cls(checkpoint, len(heads), tree(heads).root(), partitions)

    @property
    def text(self) -> str:
        """What is signed."""
        of, root = self.checkpoint, b64encode(self.root).decode()
        return (
            f"{of.app}/heads/{of.partition}\n{self.streams}\n{root}\n"
            f"of {of.size} {b64encode(of.root).decode()}\namong {self.partitions}\n"
        )

    @property
    def file_name(self) -> str:
        """How its file is called."""
        return f"heads-{self.checkpoint.partition}-{self.checkpoint.size}.note"

    def signed(self, keys: Sequence[SigningKey]) -> str:
        """The signed note."""
        return sign(self.text, keys)

    @classmethod
    def open(cls, note: str, keys: Sequence[VerifierKey]) -> "Heads":
        """From a signed note; NoteError unless one of the keys has signed it."""
        text, _ = open_note(note, keys)
        lines = text.split("\n")
        if len(lines) != 6:
            raise NoteError("a note of heads has five lines")
        origin, of, among = (
            form.fullmatch(line)
            for form, line in zip((ORIGIN, OF, AMONG), (lines[0], *lines[3:5]), strict=True)
        )
        if not (origin and of and among and SIZE.fullmatch(lines[1])):
            raise NoteError("a note of heads begins with APP/heads/PARTITION, streams and root")
        try:
            roots = [b64decode(root, validate=True) for root in (lines[2], of["root"])]
        except ValueError:
            roots = [b"", b""]
        checkpoint = Checkpoint(origin["app"], int(origin["partition"]), int(of["size"]), roots[1])
        made = cls(checkpoint, int(lines[1]), roots[0], int(among["partitions"]))
        if {len(root) for root in roots} != {HASH} or made.text != text:
            raise NoteError("the roots in a note of heads are 32 bytes in base64")
        return made


def tree(heads: Mapping[bytes, Head]) -> Tree:
    """The tree over the heads of these streams."""
    return Tree(b"".join(heads[key].leaf(key) for key in sorted(heads)))
