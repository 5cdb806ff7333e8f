"""The graph: what a version came from and what came of it; edges point from effect to cause."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from pydantic import JsonValue


class Kind(StrEnum):
    """What a node stands for."""

    VERSION = "version"
    DATASET = "dataset"
    CODE = "code"
    RUN = "run"
    FEATURES = "features"
    ENVIRONMENT = "environment"
    IMAGE = "image"
    DEPLOYMENT = "deployment"


class Relation(StrEnum):
    """What the effect has to do with the cause, in the words of W3C PROV where it has one."""

    USED = "used"
    GENERATED = "wasGeneratedBy"
    DERIVED = "wasDerivedFrom"
    SERVED = "served"


class Direction(StrEnum):
    """Which way a walk goes: to causes, to effects, or both from the same start."""

    UP = "up"
    DOWN = "down"
    BOTH = "both"


class Cut(StrEnum):
    """The bound that ended a walk before there was nothing more to find."""

    DEPTH = "depth"
    NODES = "nodes"


Facts: TypeAlias = Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """Something that a version came from, a version, or a stay of one in an environment."""

    id: str
    """The same for the same thing, whoever asks: `version:payments/fraud@3`."""
    kind: Kind
    label: str
    """For people; may be anything that somebody registered."""
    known: bool = True
    """False: a version that is not registered here, or not to be seen; others name it."""
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """`effect` came later, `cause` earlier."""

    effect: str
    relation: Relation
    cause: str
    how: str | None = None
    """A data set's role, such as `train`; of a derived version how, such as `fine-tuned`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """A neighbourhood of one node."""

    start: str
    direction: Direction
    nodes: tuple[Node, ...]
    """The nearest first."""
    edges: tuple[Edge, ...]
    truncated: Cut | None = None
    """Why there may be more than is shown; None: this is all."""
    limited: bool = False
    """Whether the reader may not see every model: what others made is then missing."""


def version_id(model: str, version: int) -> str:
    """The id of a version's node."""
    return f"{Kind.VERSION}:{model}@{version}"


def version_of(id_: str) -> tuple[str, int] | None:
    """Model and number of a version's node; None for other nodes."""
    kind, _, name = id_.partition(":")
    if kind != Kind.VERSION:
        return None
    model, _, number = name.rpartition("@")
    return model, int(number)
