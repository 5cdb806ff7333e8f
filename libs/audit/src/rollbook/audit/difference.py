"""Where records differ from the leaves that were signed: changed, missing, added or moved."""

from collections.abc import Iterator
from typing import NamedTuple

from rollbook.audit.merkle import Tree


class Difference(NamedTuple):
    """One place: `line` counts the records as they are here, `offset` as they were signed."""

    what: str
    message: str
    line: int | None
    offset: int
    until: int | None = None
    """The first record after those that it is about, if these are several."""


def differences(here: Tree, signed: Tree) -> Iterator[Difference]:
    """Every place where `here` is not `signed`, in order."""
    at, was = 0, 0
    mine = {here[i] for i in range(len(here))}
    theirs = {signed[i]: i for i in range(len(signed))}
    while at < len(here) and was < len(signed):
        leaf, true = here[at], signed[was]
        if leaf == true:
            at, was = at + 1, was + 1
        elif leaf not in theirs and true not in mine:
            yield Difference("altered", "the record is not the one that was signed", at, was)
            at, was = at + 1, was + 1
        elif leaf not in theirs:
            yield Difference("inserted", "a record stands here that was never signed", at, was)
            at += 1
        elif true not in mine:
            yield Difference("dropped", "the record that was signed is missing", None, was)
            was += 1
        else:
            origin = theirs[leaf]
            yield Difference("moved", f"the record that was signed at {origin} is here", at, was)
            at, was = at + 1, was + 1
    for extra in range(at, len(here)):
        yield Difference("inserted", "a record stands here that was never signed", extra, extra)
    if was < len(signed):
        ends = f"the {len(signed) - was} last records that were signed are missing"
        yield Difference("truncated", ends, None, was, len(signed))
