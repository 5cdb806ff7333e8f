"""The graph as W3C PROV: versions are entities, and what made them are activities."""

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote

from prov.identifier import Namespace, QualifiedName
from prov.model import ProvDocument
from pydantic import JsonValue

from rollbook.lineage.graph import Edge, Graph, Kind, Node, Relation, version_of

ROLLBOOK: Final = Namespace("rollbook", "urn:rollbook:")
ACTIVITIES: Final = frozenset((Kind.RUN, Kind.DEPLOYMENT))


def prov_json(graph: Graph) -> str:
    """PROV-JSON, a W3C member submission."""
    text = document(graph).serialize(format="json", indent=2)
    return f"{text}\n"


def prov_n(graph: Graph) -> str:
    """PROV-N, the W3C recommendation that people can read."""
    return f"{document(graph).get_provn()}\n"


def document(graph: Graph) -> ProvDocument:
    """The graph as the field's own library has it.

    A version whose run nobody recorded was made by an activity of its own, `training:…`. Beside
    what its activity used, a version `wasDerivedFrom` its data and its parents: two versions of one
    run may have used different data.
    """
    made = ProvDocument()
    made.add_namespace(ROLLBOOK)
    nodes = {node.id: node for node in graph.nodes}
    for actor in dict.fromkeys(filter(None, map(_actor, graph.nodes))):
        made.agent(_name(f"actor:{actor}"), {"prov:label": actor})
    for node in graph.nodes:
        _thing(made, node)
    makers = {e.effect: _name(e.cause) for e in graph.edges if e.relation is Relation.GENERATED}
    # Said once each, however many versions of a run used the same, in however many roles.
    used: dict[tuple[QualifiedName, QualifiedName, str | None], None] = {}
    derived: dict[tuple[QualifiedName, QualifiedName], QualifiedName] = {}
    for edge in graph.edges:
        effect, cause = _name(edge.effect), _name(edge.cause)
        match edge.relation:
            case Relation.GENERATED:
                made.wasGeneratedBy(effect, cause)
            case Relation.SERVED:
                used[effect, cause, None] = None
            case Relation.USED | Relation.DERIVED:
                maker = _maker(made, makers, edge)
                used[maker, cause, edge.how] = None
                if nodes[edge.cause].kind in (Kind.DATASET, Kind.VERSION):
                    derived[effect, cause] = maker
    for activity, entity, role in used:
        made.used(activity, entity, other_attributes={"prov:role": role} if role else {})
    for (effect, cause), maker in derived.items():
        made.wasDerivedFrom(effect, cause, maker)
    return made


def _actor(node: Node) -> str | None:
    actor = node.facts.get("actor") or node.facts.get("created_by")
    return actor if isinstance(actor, str) else None


def _thing(made: ProvDocument, node: Node) -> None:
    name = _name(node.id)
    told: list[tuple[QualifiedName | str, Any]] = [
        ("prov:type", ROLLBOOK[node.kind]),
        ("prov:label", node.label),
        *_attributes(node),
    ]
    actor = _actor(node)
    if node.kind not in ACTIVITIES:
        made.entity(name, told)
        if actor:
            made.wasAttributedTo(name, _name(f"actor:{actor}"))
        return
    since = node.facts.get("since")
    made.activity(name, since if isinstance(since, str) else None, None, told)
    if actor:
        made.wasAssociatedWith(name, _name(f"actor:{actor}"))


def _attributes(node: Node) -> Iterator[tuple[QualifiedName, str | int | float | bool]]:
    for key, fact in node.facts.items():
        values: list[JsonValue] = fact if isinstance(fact, list) else [fact]
        for value in values:
            if isinstance(value, str | int | float | bool):
                yield ROLLBOOK[key], value


def _maker(made: ProvDocument, makers: dict[str, QualifiedName], edge: Edge) -> QualifiedName:
    if (maker := makers.get(edge.effect)) is not None:
        return maker
    version = version_of(edge.effect)
    assert version is not None, "only versions use things"  # noqa: S101
    maker = makers[edge.effect] = _name(f"training:{version[0]}@{version[1]}")
    made.activity(maker)
    made.wasGeneratedBy(_name(edge.effect), maker)
    return maker


def _name(id_: str) -> QualifiedName:
    return ROLLBOOK[quote(id_, safe="/@:")]
