"""What is signed and what is refused. Pure."""

from collections.abc import Collection, Mapping

from rollbook.audit.checkpoint import Checkpoint
from rollbook.audit.continuity import fork
from rollbook.audit.merkle import Tree


class Rewritten(Exception):
    """The log is not what was signed before: nothing more is signed."""


def check(trees: Mapping[int, Tree], signed: Collection[Checkpoint]) -> None:
    """Raise `Rewritten` unless every partition goes on from all that was signed of it."""
    for partition in sorted({c.partition for c in signed} | trees.keys()):
        found = fork(partition, trees.get(partition) or Tree(), signed)
        if found is not None:
            raise Rewritten(str(found))


def checkpoints(app: str, trees: Mapping[int, Tree]) -> list[Checkpoint]:
    """How the log stands; of an empty partition nothing is said."""
    return [
        Checkpoint(app, number, len(tree), tree.root())
        for number, tree in sorted(trees.items())
        if len(tree)
    ]
