"""The graph as a Mermaid flowchart, which Markdown of most forges draws."""

from typing import Final

from rollbook.lineage.graph import Graph, Kind, Node
from rollbook.lineage.labels import TITLES, label

SHAPES: Final[dict[Kind, tuple[str, str]]] = {
    Kind.VERSION: ("[", "]"),
    Kind.DATASET: ("[(", ")]"),
    Kind.CODE: ("[/", "/]"),
    Kind.RUN: ("([", "])"),
    Kind.FEATURES: ("[[", "]]"),
    Kind.ENVIRONMENT: ("{{", "}}"),
    Kind.IMAGE: ("{{", "}}"),
    Kind.DEPLOYMENT: (">", "]"),
}
PLAIN: Final = frozenset(" -_.,:/@+=…")
"""What stands for itself between quotes, beside letters and digits."""


def mermaid(graph: Graph) -> str:
    """A flowchart whose arrows point from effects to causes, as PROV draws them."""
    names = {node.id: f"n{number}" for number, node in enumerate(graph.nodes)}
    lines = ["flowchart RL"]
    lines += [f"  {names[node.id]}{_drawn(node)}" for node in graph.nodes]
    for edge in graph.edges:
        what = f"{edge.relation} ({edge.how})" if edge.how else str(edge.relation)
        lines.append(f"  {names[edge.effect]} -->|{_quoted(what)}| {names[edge.cause]}")
    if graph.truncated:
        lines.append(f"  cut[{_quoted(f'not all: cut off by {graph.truncated}')}]")
    if graph.start in names:
        lines.append(f"  style {names[graph.start]} stroke-width:3px")
    return "\n".join([*lines, ""])


def _drawn(node: Node) -> str:
    before, after = SHAPES[node.kind]
    return f"{before}{_quoted(f'{TITLES[node.kind]}: {label(node)}')}{after}"


def _quoted(text: str) -> str:
    """Everything that means something to Mermaid, Markdown or HTML, as an entity code."""
    return '"' + "".join(c if c.isalnum() or c in PLAIN else f"#{ord(c)};" for c in text) + '"'
