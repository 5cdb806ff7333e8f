"""A walk through the graph, breadth first, by edges that somebody else looks up."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from rollbook.lineage.graph import Cut, Direction, Edge


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far a walk goes."""

    depth: int
    """Edges between the start and the farthest node."""
    nodes: int
    """At most so many, the starts included."""


class Walk:
    """Ask for the edges of the `frontier`, let the walk `take` them, until there is none.

    ```python
    while walk.frontier:
        walk.take(edges_at(walk.frontier))
    ```
    """

    def __init__(self, starts: Iterable[str], direction: Direction, bounds: Bounds) -> None:
        if direction is Direction.BOTH:
            raise ValueError("one walk goes one way")
        self.direction = direction
        self.found: dict[str, int] = dict.fromkeys(starts, 0)
        """Node -> how many edges lie between it and the nearest start."""
        self.edges: dict[Edge, None] = {}
        """Between nodes that were found, in the order in which they were taken."""
        self.truncated: Cut | None = None
        self.frontier: Collection[str] = tuple(self.found)
        """Nodes whose edges are wanted next: to their causes, or to their effects."""
        self._bounds = bounds
        self._depth = 0
        self._via: dict[str, Edge] = {}

    @property
    def room(self) -> int:
        """How many more nodes it may find."""
        return max(0, self._bounds.nodes - len(self.found))

    def take(self, edges: Iterable[Edge]) -> None:
        """The edges of the frontier; of those beyond a bound it only notes that they are there."""
        up = self.direction is Direction.UP
        self._depth += 1
        reached: dict[str, None] = {}
        for edge in edges:
            far = edge.cause if up else edge.effect
            if far not in self.found:
                if self._depth > self._bounds.depth:
                    self.cut(Cut.DEPTH)
                    continue
                if not self.room:
                    self.cut(Cut.NODES)
                    continue
                self.found[far] = self._depth
                self._via[far] = edge
                reached[far] = None
            self.edges[edge] = None
        self.frontier = tuple(reached)

    def cut(self, bound: Cut) -> None:
        """Note that there is more than was taken."""
        self.truncated = self.truncated or bound

    def path(self, id_: str) -> tuple[Edge, ...]:
        """A shortest way from a node that was found back to a start."""
        path: list[Edge] = []
        while (edge := self._via.get(id_)) is not None:
            path.append(edge)
            id_ = edge.effect if self.direction is Direction.UP else edge.cause
        return tuple(path)


def walked(edges: Iterable[Edge], walk: Walk) -> Walk:
    """The walk, through a graph that is wholly there."""
    known = list(edges)
    while walk.frontier:
        at = set(walk.frontier)
        near = "effect" if walk.direction is Direction.UP else "cause"
        walk.take(edge for edge in known if getattr(edge, near) in at)
    return walk
