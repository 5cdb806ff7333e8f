"""What a version came from, what came of it, and where that stands."""

from typing import Final

from rollbook.lineage.graph import Direction, Graph
from rollbook.lineage.origins import version_node
from rollbook.lineage.walk import Bounds, Walk
from rollbook.readmodel.database import Db
from rollbook.readmodel.graph import records, steps
from rollbook.readmodel.graph.nodes import deployment, versions
from rollbook.readmodel.graph.records import Eyes

WAYS: Final = {
    Direction.UP: (Direction.UP,),
    Direction.DOWN: (Direction.DOWN,),
    Direction.BOTH: (Direction.UP, Direction.DOWN),
}


async def of_version(
    db: Db, model: str, version: int, direction: Direction, bounds: Bounds, eyes: Eyes
) -> Graph:
    """The neighbourhood of a version; the bounds hold for each way."""
    start = version_node(model, version)
    nodes = {start.id: start}
    walks = [Walk([start.id], way, bounds) for way in WAYS[direction]]
    for walk in walks:
        while walk.frontier:
            if walk.direction is Direction.UP:
                await steps.up(db, walk, nodes, eyes)
                continue
            stays = await records.stays(db, walk.frontier, eyes)
            deployed = [deployment(row) for row in stays]
            nodes |= {node.id: node for node, _ in deployed}
            await steps.down(db, walk, nodes, eyes, [edge for _, edge in deployed])
    found = {id_: depth for walk in reversed(walks) for id_, depth in walk.found.items()}
    nodes |= await versions(db, found, eyes)
    nearest = sorted(found, key=lambda id_: (found[id_], nodes[id_].kind, id_))
    return Graph(
        start=start.id,
        direction=direction,
        nodes=tuple(nodes[id_] for id_ in nearest),
        edges=tuple(dict.fromkeys(edge for walk in walks for edge in walk.edges)),
        truncated=next((walk.truncated for walk in walks if walk.truncated), None),
        limited=eyes.limited,
    )
