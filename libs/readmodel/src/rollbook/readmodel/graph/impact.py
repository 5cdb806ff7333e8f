"""What came of a data set, a commit or a version, and where that serves."""

from collections.abc import Sequence
from typing import Any

from rollbook.lineage.graph import Direction, Edge, Node, version_id, version_of
from rollbook.lineage.impact import Affected, Impact, Serving
from rollbook.lineage.walk import Bounds, Walk
from rollbook.readmodel.database import Db
from rollbook.readmodel.graph import records, steps
from rollbook.readmodel.graph.nodes import place, versions
from rollbook.readmodel.graph.records import Eyes


async def of_things(
    db: Db, things: Sequence[Node], bounds: Bounds, eyes: Eyes, listed: int
) -> Impact:
    """All that came of some things; of the versions, so many are listed and the others counted."""
    nodes = {thing.id: thing for thing in things}
    walk = Walk(nodes, Direction.DOWN, bounds)
    while walk.frontier:
        await steps.down(db, walk, nodes, eyes)
    depths = {id_: depth for id_, depth in walk.found.items() if version_of(id_)}
    standing: dict[str, list[Any]] = {}
    for row in await records.stays(db, depths, eyes):
        standing.setdefault(version_id(row["model"], row["version"]), []).append(row)
    came = [id_ for id_ in depths if depths[id_]]
    came.sort(key=lambda id_: (id_ not in standing, depths[id_], id_))
    told = [id_ for id_, depth in walk.found.items() if not depth]
    known = await versions(db, [*told, *came[:listed]], eyes)
    return Impact(
        things=tuple(known.get(id_) or nodes[id_] for id_ in told),
        affected=len(came),
        versions=tuple(
            _affected(known[id_], depths[id_], walk.path(id_), standing.get(id_, ()))
            for id_ in came[:listed]
        ),
        serving=tuple(
            _serving(row, depths[id_], walk.path(id_))
            for id_ in sorted(standing, key=lambda id_: (depths[id_], id_))
            for row in standing[id_]
        ),
        truncated=walk.truncated,
        limited=eyes.limited,
    )


def _affected(node: Node, distance: int, path: tuple[Edge, ...], stays: Sequence[Any]) -> Affected:
    model, version = records.key_of(node.id)
    return Affected(
        model=model,
        version=version,
        label=_text(node, "label"),
        stage=_text(node, "stage"),
        distance=distance,
        path=path,
        serves_in=tuple(row["environment"] for row in stays),
    )


def _text(node: Node, fact: str) -> str | None:
    text = node.facts.get(fact)
    return text if isinstance(text, str) else None


def _serving(row: Any, distance: int, path: tuple[Edge, ...]) -> Serving:
    return Serving(
        model=row["model"],
        environment=row["environment"],
        version=row["version"],
        since=row["since"],
        actor=row["actor"],
        position=place(row),
        distance=distance,
        path=path,
    )
