"""Proofs of many records at once: each partition of the log is read only once."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rollbook.cli import auditlog
from rollbook.cli.auditshelf import Shelf

if TYPE_CHECKING:
    from rollbook.audit.entry import Entry
    from rollbook.eventlog.topics import LogAddress


class Proven(NamedTuple):
    """Proofs by position, and positions that no checkpoint covers yet."""

    proofs: dict[str, bytes]
    uncovered: tuple[str, ...]


def prove(place: "LogAddress", checkpoints: Path, positions: Iterable[str]) -> Proven:
    """The proofs of some records by the newest checkpoints; Failure where the log forked."""
    from rollbook.eventlog.position import Position  # noqa: PLC0415

    shelf = Shelf(checkpoints, place.app)
    newest = shelf.newest()
    wanted: defaultdict[int, set[int]] = defaultdict(set)
    uncovered = []
    for position in map(Position.parse, dict.fromkeys(positions)):
        checkpoint = newest.get(position.partition)
        if checkpoint is None or checkpoint.size <= position.offset:
            uncovered.append(str(position))
        else:
            wanted[position.partition].add(position.offset)
    return Proven(asyncio.run(_proofs(place, shelf, wanted)), tuple(uncovered))


async def _proofs(
    place: "LogAddress", shelf: Shelf, wanted: dict[int, set[int]]
) -> dict[str, bytes]:
    from rollbook.audit.merkle import Tree  # noqa: PLC0415
    from rollbook.audit.proof import proof  # noqa: PLC0415

    newest = {number: shelf.newest()[number] for number in wanted}
    trees = {number: Tree() for number in wanted}
    found: dict[str, tuple[int, Entry]] = {}
    async for number, entry in auditlog.entries(place, {n: c.size for n, c in newest.items()}):
        trees[number].append(entry.leaf())
        if entry.offset in wanted[number]:
            found[f"{number}:{entry.offset}"] = number, entry
    for number, tree in trees.items():
        shelf.compare(number, tree)
    return {
        position: proof(entry, trees[number], newest[number], shelf.notes[newest[number]])
        for position, (number, entry) in found.items()
    }
