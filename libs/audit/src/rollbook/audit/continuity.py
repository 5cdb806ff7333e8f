"""Whether a log goes on from what was signed of it before."""

from collections.abc import Iterable
from dataclasses import dataclass

from rollbook.audit.checkpoint import Checkpoint
from rollbook.audit.merkle import Tree


@dataclass(frozen=True, slots=True)
class Fork:
    """Where a partition is not what was signed."""

    partition: int
    size: int
    """Of the first checkpoint that it does not go on from."""
    records: int
    """How many it has."""
    good: int
    """Up to so many records it is as it was signed."""

    def __str__(self) -> str:
        short = self.size > self.records
        said = f"has only {self.records} records" if short else "is another"
        return (
            f"the log forked: at {self.size} records of partition {self.partition} a checkpoint was"
            f" signed, but the log {said}; it is as signed up to {self.good}"
        )


def fork(partition: int, tree: Tree, signed: Iterable[Checkpoint]) -> Fork | None:
    """The first of a partition's checkpoints that the tree does not begin with."""
    ours = sorted((c for c in signed if c.partition == partition), key=lambda c: c.size)
    roots = tree.roots([c.size for c in ours if c.size <= len(tree)])
    good = 0
    for checkpoint in ours:
        if roots.get(checkpoint.size) != checkpoint.root:
            return Fork(partition, checkpoint.size, len(tree), good)
        good = checkpoint.size
    return None
