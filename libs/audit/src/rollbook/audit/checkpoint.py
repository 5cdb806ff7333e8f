"""Checkpoints (c2sp.org/tlog-checkpoint): how long one partition's log was, and its root."""

import re
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rollbook.audit.note import NoteError, SigningKey, VerifierKey, open_note, sign

ORIGIN: Final = re.compile(r"(?P<app>\S+)/events/(?P<partition>0|[1-9][0-9]{0,8})")
SIZE: Final = re.compile(r"0|[1-9][0-9]{0,17}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The first `size` records of a partition, as one hash; partition 3 is `app/events/3`."""

    app: str
    partition: int
    size: int
    root: bytes

    @property
    def origin(self) -> str:
        """The first line: which log this is about."""
        return f"{self.app}/events/{self.partition}"

    @property
    def text(self) -> str:
        """What is signed."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"

    @property
    def file_name(self) -> str:
        """How its file is called."""
        return f"checkpoint-{self.partition}-{self.size}.note"

    def signed(self, keys: Sequence[SigningKey]) -> str:
        """The signed note."""
        return sign(self.text, keys)

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """From the text of a note; NoteError when it is no checkpoint of such a log."""
        lines = text.split("\n")
        if len(lines) != 4 or lines[3]:
            raise NoteError("a checkpoint has three lines: origin, size, root")
        origin = ORIGIN.fullmatch(lines[0])
        if origin is None or not SIZE.fullmatch(lines[1]):
            raise NoteError("a checkpoint begins with APP/events/PARTITION and a size")
        try:
            root = b64decode(lines[2], validate=True)
        except ValueError:
            root = b""
        if len(root) != 32 or b64encode(root).decode() != lines[2]:
            raise NoteError("the root of a checkpoint is 32 bytes in base64")
        return cls(origin["app"], int(origin["partition"]), int(lines[1]), root)

    @classmethod
    def open(cls, note: str, keys: Sequence[VerifierKey]) -> "Checkpoint":
        """From a signed note; NoteError unless one of the keys has signed it."""
        return cls.parse(open_note(note, keys)[0])
