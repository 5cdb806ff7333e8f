"""Lineage on a terminal: a tree of causes, a tree of effects, and what is touched by a thing."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from rollbook.cli import output
from rollbook.cli.sentences import clock, short

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.tree import Tree

    from rollbook.client import Impact, LineageEdge, LineageGraph, LineageNode

WORDS = {
    "dataset": "data",
    "code": "code",
    "run": "run",
    "features": "features",
    "environment": "environment",
    "image": "image",
    "version": "version",
    "deployment": "serves",
}


def tree(graph: "LineageGraph") -> "RenderableType":
    """The version with its causes above each other and its effects below, each node told once."""
    from rich.tree import Tree  # noqa: PLC0415

    nodes = {node.id: node for node in graph.nodes}
    root = Tree(_said(nodes[graph.start], None))
    for direction, title in (("up", "came from"), ("down", "led to")):
        if graph.direction not in (direction, "both"):
            continue
        branch = root.add(f"[dim]{title}[/]")
        told = {graph.start}
        _grow(branch, graph.start, _by_near(graph.edges, direction), nodes, told)
        if not branch.children:
            branch.label = f"[dim]{title} nothing that is known here[/]"
    return root


def _by_near(
    edges: "Sequence[LineageEdge]", direction: str
) -> "dict[str, list[tuple[str, LineageEdge]]]":
    found: dict[str, list[tuple[str, LineageEdge]]] = {}
    for edge in edges:
        near, far = (edge.effect, edge.cause) if direction == "up" else (edge.cause, edge.effect)
        found.setdefault(near, []).append((far, edge))
    return found


def _grow(
    branch: "Tree",
    id_: str,
    edges: "dict[str, list[tuple[str, LineageEdge]]]",
    nodes: "dict[str, LineageNode]",
    told: set[str],
) -> None:
    """Breadth first, so that a node is told where it is nearest."""
    todo = [(branch, id_)]
    for above, near in todo:
        for far, edge in edges.get(near, ()):
            if far in told:
                above.add(f"{_said(nodes[far], edge.how)} [dim](see above)[/]")
                continue
            told.add(far)
            todo.append((above.add(_said(nodes[far], edge.how)), far))


def _said(node: "LineageNode", how: str | None) -> str:
    facts = node.facts
    digest = facts.get("digest") or facts.get("lock_digest")
    more = [
        how,
        short(digest) if digest else None,
        facts.get("stage"),
        ", ".join(facts.get("aliases") or ()),
        f"since {clock(datetime.fromisoformat(facts['since']))}" if "since" in facts else None,
        "archived" if facts.get("archived_reason") else None,
        None if node.known else "not known here",
    ]
    said = f"{WORDS.get(node.kind, node.kind)} [bold]{output.plain(node.label)}[/]"
    told = "  ".join(output.plain(part) for part in more if part)
    return f"{said} [dim]{told}[/]" if told else said


def impacts(found: "Impact") -> "Iterator[RenderableType]":
    """What serves because of it, and then the versions."""
    labels = ", ".join(output.plain(thing.label) for thing in found.things)
    count = f"{found.affected} version{'' if found.affected == 1 else 's'}"
    yield f"Of [bold]{labels}[/] came {count}; {len(found.serving)} serve because of it."
    if found.serving:
        rows = [
            (s.model, s.environment, s.version, clock(s.since), s.actor, _because(s.path))
            for s in found.serving
        ]
        yield output.grid(
            ("model", "environment", "#version", "since", "by", "because"), rows, title="serving"
        )
    if found.versions:
        listed = [
            (v.model, v.version, v.label, v.stage, ", ".join(v.serves_in), _because(v.path))
            for v in found.versions
        ]
        yield output.grid(
            ("model", "#version", "label", "stage", "serves in", "because"),
            listed,
            title="versions",
        )
    if found.affected > len(found.versions):
        yield f"[dim]{found.affected - len(found.versions)} more: give --limit[/]"


def _because(path: "Sequence[LineageEdge]") -> str:
    """Each step back to the thing, without the thing itself."""
    steps = []
    for edge in path:
        how = f" ({edge.how})" if edge.how else ""
        kind, _, name = edge.cause.partition(":")
        steps.append(f"{edge.relation}{how}" + (f" {name}" if kind == "version" else ""))
    return ", ".join(steps) or "it is the thing itself"


def ends(truncated: str | None, *, limited: bool) -> Iterator[str]:
    """What is to be said of what is not shown."""
    if truncated == "depth":
        yield "[yellow]There is more farther away: give a greater --depth.[/]"
    elif truncated:
        yield "[yellow]There is more than is shown: too much to follow.[/]"
    if limited:
        yield "[dim]Only what you may see: models elsewhere may be touched, too.[/]"
