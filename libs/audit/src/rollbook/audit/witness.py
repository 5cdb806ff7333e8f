"""What a witness does (c2sp.org/tlog-witness): it cosigns only what goes on from what it saw.

POST /add-checkpoint     old SIZE        what the witness saw last, as the asker believes
                         hash …          the proof that the new tree begins with that one
                                         an empty line
                         note            the new checkpoint, signed by the log
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rollbook.audit.checkpoint import Checkpoint
from rollbook.audit.cosignature import cosign
from rollbook.audit.merkle import EMPTY, HASH, extends
from rollbook.audit.note import NoteError, SigningKey, VerifierKey

PATH: Final = "/add-checkpoint"
SIZE_TYPE: Final = "text/x.tlog.size"
TEXT: Final = "text/plain; charset=utf-8"
OLD: Final = re.compile(r"old (0|[1-9][0-9]{0,17})")
MOST_HASHES: Final = 63
LONGEST: Final = 1 << 20
"""Bytes of a request."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The newest checkpoint of a log that a witness has cosigned."""

    size: int = 0
    root: bytes = EMPTY


@dataclass(frozen=True, slots=True)
class Answer:
    """What HTTP says; `seen` must be kept, durably, before it is said."""

    status: int
    body: str = ""
    kind: str = TEXT
    seen: Seen | None = None


def request(old: int, path: Sequence[bytes], note: str) -> str:
    """The body of a request."""
    hashes = "".join(f"{b64encode(each).decode()}\n" for each in path)
    return f"old {old}\n{hashes}\n{note}"


def answer(
    body: str,
    seen: dict[str, Seen],
    logs: Sequence[VerifierKey],
    key: SigningKey,
    seconds: int,
) -> tuple[Answer, str]:
    """What comes of a request, and of which log it is; `seen` is by the log's origin."""
    head, blank, note = body.partition("\n\n")
    first, *hashes = head.split("\n")
    old = OLD.fullmatch(first)
    try:
        path = [b64decode(text, validate=True) for text in hashes]
        origin = Checkpoint.parse(note.rpartition("\n\n")[0] + "\n").origin
    except ValueError as error:
        return Answer(400, f"{error}\n"), ""
    wrong = len(path) > MOST_HASHES or any(len(each) != HASH for each in path)
    if old is None or not blank or wrong:
        return Answer(
            400, "a request is: old SIZE, hashes, an empty line, a signed checkpoint\n"
        ), ""
    try:
        new = Checkpoint.open(note, logs)
    except NoteError as error:
        return Answer(403, f"{error}\n"), origin
    before = seen.get(origin, Seen())
    if int(old[1]) > new.size:
        return Answer(400, "the old tree is larger than the new one\n"), origin
    if int(old[1]) != before.size:
        return Answer(409, f"{before.size}\n", SIZE_TYPE), origin
    if before.size == new.size and before.root != new.root:
        return Answer(409, f"{before.size}\n", SIZE_TYPE), origin
    if not extends(before.size, before.root, new.size, new.root, path):
        return Answer(422, "the new tree does not begin with the one that was seen\n"), origin
    line = cosign(new.text, key, seconds)
    return Answer(200, f"{line}\n", seen=Seen(new.size, new.root)), origin
