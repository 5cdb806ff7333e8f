"""The graph in the language of Graphviz."""

from typing import Final

from rollbook.lineage.graph import Graph, Kind, Node
from rollbook.lineage.labels import TITLES, label

SHAPES: Final[dict[Kind, str]] = {
    Kind.VERSION: "box",
    Kind.DATASET: "cylinder",
    Kind.CODE: "note",
    Kind.RUN: "ellipse",
    Kind.FEATURES: "tab",
    Kind.ENVIRONMENT: "component",
    Kind.IMAGE: "component",
    Kind.DEPLOYMENT: "house",
}


def dot(graph: Graph) -> str:
    """A digraph whose arrows point from effects to causes, as PROV draws them."""
    names = {node.id: f"n{number}" for number, node in enumerate(graph.nodes)}
    lines = ["digraph lineage {", "  rankdir=RL;"]
    lines += [f"  {names[node.id]} [{_drawn(node, graph.start)}];" for node in graph.nodes]
    for edge in graph.edges:
        what = f"{edge.relation} ({edge.how})" if edge.how else str(edge.relation)
        lines.append(f"  {names[edge.effect]} -> {names[edge.cause]} [label={_quoted(what)}];")
    if graph.truncated:
        lines.append(f"  label={_quoted(f'not all: cut off by {graph.truncated}')};")
    return "\n".join([*lines, "}", ""])


def _drawn(node: Node, start: str) -> str:
    style = "bold" if node.id == start else "solid" if node.known else "dashed"
    text = f"{TITLES[node.kind]}: {label(node)}"
    return f"label={_quoted(text)}, shape={SHAPES[node.kind]}, style={style}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
