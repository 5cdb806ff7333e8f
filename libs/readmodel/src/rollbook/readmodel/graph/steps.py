"""One step of a walk: the edges of its frontier, looked up in the tables."""

from collections.abc import Iterable
from itertools import groupby

from rollbook.lineage.graph import Cut, Edge, Kind, Node
from rollbook.lineage.origins import version_node
from rollbook.lineage.walk import Walk
from rollbook.readmodel.database import Db
from rollbook.readmodel.graph import records
from rollbook.readmodel.graph.records import Eyes


async def up(db: Db, walk: Walk, nodes: dict[str, Node], eyes: Eyes) -> None:
    """To the causes that the records of versions name; they are put into `nodes`."""
    found = list(records.edges(await records.of_versions(db, walk.frontier, eyes)))
    for _, origin in found:
        nodes.setdefault(origin.node.id, origin.node)
    walk.take(edge for edge, _ in found)


async def down(
    db: Db, walk: Walk, nodes: dict[str, Node], eyes: Eyes, more: Iterable[Edge] = ()
) -> None:
    """To the versions whose records name something of the frontier, and by more edges to others.

    What the records tell of what they name is put into `nodes`.
    """
    at = set(walk.frontier)
    found = list(more)
    limit = walk.room + 1
    for kind, ids in groupby(sorted(at, key=_kind), key=_kind):
        if kind not in records.NAMES:
            continue
        things = [nodes[id_] for id_ in ids]
        recorded, rows = await records.naming(db, kind, things, eyes, limit)
        for edge, origin in records.edges(recorded):
            if edge.cause in at:
                found.append(edge)
                nodes[edge.effect] = version_node(*records.key_of(edge.effect))
                nodes[edge.cause] = origin.node
        if rows == limit:
            walk.cut(Cut.NODES)
    walk.take(found)


def _kind(id_: str) -> Kind:
    return Kind(id_.partition(":")[0])
