"""What a thing has led to: which versions came of it, and which of them serve."""

from dataclasses import dataclass
from datetime import datetime

from rollbook.lineage.graph import Cut, Edge, Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Affected:
    """A version that came of it."""

    model: str
    version: int
    label: str | None
    stage: str | None
    """Where it stands now; None as of another moment."""
    distance: int
    """1: it used the thing itself; 2: it was made from a version that did; and so on."""
    path: tuple[Edge, ...]
    """A shortest way back to the thing."""
    serves_in: tuple[str, ...]
    """Environments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """An environment in which one of them serves."""

    model: str
    environment: str
    version: int
    since: datetime
    actor: str
    """Who put it there."""
    position: str
    """Of the event that did."""
    distance: int
    path: tuple[Edge, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """What came of a thing, and what of that serves: all that is bad when the thing was."""

    things: tuple[Node, ...]
    """The thing; several where one name stands for several, such as a URI with changing data."""
    affected: int
    """How many versions came of it, as far as the walk went."""
    versions: tuple[Affected, ...]
    """Those that serve first, then the nearest; not all where there are many."""
    serving: tuple[Serving, ...]
    truncated: Cut | None = None
    """Why there may be more than was counted; None: nothing was left out of the count."""
    limited: bool = False
    """Whether the reader may not see every model: what others made is then missing."""
