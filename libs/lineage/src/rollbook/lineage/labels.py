"""Labels of nodes as texts that fit into a picture: one line, not too long, nothing hidden."""

from typing import Final

from rollbook.lineage.graph import Kind, Node

LONGEST: Final = 60
"""Characters of a label; of longer ones the end is what tells them apart."""

TITLES: Final[dict[Kind, str]] = {
    Kind.VERSION: "version",
    Kind.DATASET: "data",
    Kind.CODE: "code",
    Kind.RUN: "run",
    Kind.FEATURES: "features",
    Kind.ENVIRONMENT: "environment",
    Kind.IMAGE: "image",
    Kind.DEPLOYMENT: "serves",
}


def label(node: Node) -> str:
    """The node's label on one line; what cannot be printed, such as a turn of direction, is \ufffd.

    A label has at most `LONGEST` characters.
    """
    line = " ".join(node.label.split())
    shown = "".join(c if c.isprintable() else "\ufffd" for c in line)
    return shown if len(shown) <= LONGEST else f"{shown[:20]}…{shown[-(LONGEST - 21) :]}"
