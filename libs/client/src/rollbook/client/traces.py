"""What the registry answers about where versions come from, and what came of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from rollbook.client.result import Result


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageNode(Result):
    """Something that a version came from, a version, or a stay of one in an environment."""

    id: str
    kind: str
    """`version`, `dataset`, `code`, `run`, `features`, `environment`, `image` or `deployment`."""
    label: str
    known: bool = True
    """False: a version that is not registered here, or not to be seen; others name it."""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageEdge(Result):
    """`effect` came later, `cause` earlier; both are ids of nodes."""

    effect: str
    relation: str
    """`used`, `wasGeneratedBy`, `wasDerivedFrom` or `served`."""
    cause: str
    how: str | None = None
    """A data set's role, such as `train`; of a derived version how, such as `fine-tuned`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageGraph(Result):
    """A version's neighbourhood."""

    start: str
    direction: str
    nodes: tuple[LineageNode, ...]
    """The nearest first."""
    edges: tuple[LineageEdge, ...]
    truncated: str | None = None
    """Why there may be more than is shown: `depth` or `nodes`; None: this is all."""
    limited: bool = False
    """Whether the caller may not see every model: what others made is then missing."""

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Self:
        """The result that a JSON object stands for."""
        nodes, edges = map(LineageNode.of, body["nodes"]), map(LineageEdge.of, body["edges"])
        return super(LineageGraph, cls).of({**body, "nodes": [*nodes], "edges": [*edges]})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Touched(Result):
    model: str
    version: int
    distance: int
    """1: it used the thing itself; 2: it was made from a version that did; and so on."""
    path: tuple[LineageEdge, ...]
    """A shortest way back to the thing."""

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Self:
        """The result that a JSON object stands for."""
        path = [LineageEdge.of(edge) for edge in body["path"]]
        return super(_Touched, cls).of({**body, "path": path})


@dataclass(frozen=True, slots=True, kw_only=True)
class Affected(_Touched):
    """A version that came of a thing."""

    label: str | None = None
    stage: str | None = None
    serves_in: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AffectedService(_Touched):
    """An environment where something of it serves."""

    environment: str
    since: datetime
    actor: str
    position: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact(Result):
    """What came of a data set, a commit or a version, and where that serves."""

    things: tuple[LineageNode, ...]
    """The thing; several where one name stands for several, such as a URI with changing data."""
    affected: int
    """How many versions came of it."""
    versions: tuple[Affected, ...]
    """Those that serve first, then the nearest; not all where there are many."""
    serving: tuple[AffectedService, ...]
    truncated: str | None = None
    limited: bool = False

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Self:
        """The result that a JSON object stands for."""
        return super(Impact, cls).of(
            {
                **body,
                "things": [LineageNode.of(node) for node in body["things"]],
                "versions": [Affected.of(row) for row in body["versions"]],
                "serving": [AffectedService.of(row) for row in body["serving"]],
            }
        )
