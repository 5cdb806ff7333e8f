"""The proof of one record: its bytes, its path to the root, and a signed checkpoint, in one file.

    {"format": "rollbook-audit-proof/1", "record": see `entry`, "path": [hash, …], "checkpoint"}

The record's offset is its place in the tree; the checkpoint says partition, size and root.
"""

from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import Final

from rollbook.audit.checkpoint import Checkpoint
from rollbook.audit.entry import Entry, Unreadable, canonical, document
from rollbook.audit.merkle import Tree, includes
from rollbook.audit.note import VerifierKey

FORMAT: Final = "rollbook-audit-proof/1"


def proof(entry: Entry, tree: Tree, checkpoint: Checkpoint, note: str) -> bytes:
    """The proof that `entry` stands in the log that `note` signs; it is that of `checkpoint`."""
    path = tree.inclusion(entry.offset, checkpoint.size)
    return canonical(
        {
            "format": FORMAT,
            "record": entry.shaped(),
            "path": [b64encode(node).decode() for node in path],
            "checkpoint": note,
        }
    )


def proven(content: bytes, keys: Sequence[VerifierKey]) -> tuple[Entry, Checkpoint]:
    """The record that a proof proves, and by which checkpoint.

    Unreadable when it proves nothing, NoteError when none of the keys has signed.
    """
    match found := document(content):
        case {"format": str(form), "record": shaped, "path": list(path), "checkpoint": str(note)}:
            if form != FORMAT or canonical(found) != content:
                raise Unreadable(f"not written as a {FORMAT}")
        case _:
            raise Unreadable(f"no {FORMAT}")
    entry, checkpoint = Entry.of(shaped), Checkpoint.open(note, keys)
    if entry.shaped() != shaped:
        raise Unreadable("the record is not written as it should be")
    try:
        nodes = [b64decode(node, validate=True) for node in path]
    except (ValueError, TypeError):
        raise Unreadable("a hash is not base64") from None
    if any(b64encode(node).decode() != text for node, text in zip(nodes, path, strict=True)):
        raise Unreadable("a hash is not written as it should be")
    if not includes(entry.leaf(), entry.offset, checkpoint.size, nodes, checkpoint.root):
        raise Unreadable(f"the record does not stand at {entry.offset} of {checkpoint.origin}")
    return entry, checkpoint
