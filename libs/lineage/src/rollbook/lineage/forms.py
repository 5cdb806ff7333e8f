"""The forms in which a graph leaves the registry."""

from collections.abc import Callable
from enum import StrEnum
from typing import Final

from pydantic import TypeAdapter

from rollbook.lineage.dot import dot
from rollbook.lineage.graph import Graph
from rollbook.lineage.mermaid import mermaid
from rollbook.lineage.openlineage import openlineage
from rollbook.lineage.provenance import prov_json, prov_n

GRAPH: Final = TypeAdapter(Graph)
"""Reads and writes the graph's own JSON."""


class Form(StrEnum):
    """A format, by the name that people ask for it."""

    JSON = "json"
    DOT = "dot"
    MERMAID = "mermaid"
    OPENLINEAGE = "openlineage"
    PROV = "prov"
    PROV_N = "provn"


def as_json(graph: Graph) -> str:
    """The graph itself."""
    return GRAPH.dump_json(graph, indent=2).decode() + "\n"


WRITTEN: Final[dict[Form, Callable[[Graph], str]]] = {
    Form.JSON: as_json,
    Form.DOT: dot,
    Form.MERMAID: mermaid,
    Form.OPENLINEAGE: openlineage,
    Form.PROV: prov_json,
    Form.PROV_N: prov_n,
}
MEDIA: Final[dict[Form, str]] = {
    Form.JSON: "application/json",
    Form.DOT: "text/vnd.graphviz",
    Form.MERMAID: "text/vnd.mermaid",
    Form.OPENLINEAGE: "application/json",
    Form.PROV: "application/json",
    Form.PROV_N: "text/provenance-notation",
}
"""Media types; those that several forms share are JSON, of which the graph's own comes first."""
