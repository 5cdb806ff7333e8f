"""What is kept of telemetry: whole numbers that add up alike in whatever order they come."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

from rollbook.telemetry.edges import BUCKETS


class TallyKey(NamedTuple):
    """What one tally counts, of one rollout's step, version and metric."""

    model: str
    rollout: int
    step: int
    """-1 where the producer knew of none."""
    version: int
    shadow: bool
    metric: str
    """`errors`, `latency`, `prediction` or `value:<name>`."""


def _nothing() -> list[int]:
    return [0] * BUCKETS


@dataclass(slots=True)
class Tally:
    """Rows and their sum by bucket of units, and a histogram."""

    n: list[int] = field(default_factory=_nothing)
    x: list[int] = field(default_factory=_nothing)
    """Millionths."""
    bins: Counter[int] = field(default_factory=Counter)
    """By the edges of `edges.EDGES`; empty for errors."""
    first: int = 2**62
    last: int = 0
    """Milliseconds since 1970, of the rows."""

    def add(self, other: Self) -> None:
        """Take in what another one has counted."""
        self.n = [a + b for a, b in zip(self.n, other.n, strict=True)]
        self.x = [a + b for a, b in zip(self.x, other.x, strict=True)]
        self.bins.update(other.bins)
        self.first = min(self.first, other.first)
        self.last = max(self.last, other.last)


class WindowKey(NamedTuple):
    """A stretch of time of one version in one environment."""

    model: str
    environment: str
    version: int
    start: int
    """Milliseconds since 1970."""
    profile: str
    """Digest of the reference profile by whose edges it counts; empty for none."""


@dataclass(slots=True)
class Histogram:
    """Values of one column by the edges, or the words, of its reference."""

    bins: list[int]
    nulls: int = 0
    odd: int = 0
    """Texts where the reference has numbers, or the other way round."""

    @property
    def counted(self) -> int:
        """Values that fell into a bin."""
        return sum(self.bins)

    def add(self, other: Self) -> None:
        """Take in what another one has counted by the same edges."""
        self.bins = [a + b for a, b in zip(self.bins, other.bins, strict=True)]
        self.nulls += other.nulls
        self.odd += other.odd

    def as_json(self) -> list[Any]:
        """For a table."""
        return [self.bins, self.nulls, self.odd]


@dataclass(slots=True)
class Measure:
    """How many, their sum and the sum of their squares, in millionths."""

    n: int = 0
    x: int = 0
    xx: int = 0

    def add(self, other: Self) -> None:
        """Take in another one."""
        self.n += other.n
        self.x += other.x
        self.xx += other.xx


@dataclass(slots=True)
class Window:
    """What one version did in a stretch of time."""

    rows: int = 0
    errors: int = 0
    late: int = 0
    """Rows that came when their own window was closed; nothing else of them is counted."""
    ahead: int = 0
    """Rows that said they were of the future; nothing else of them is counted."""
    latency: Counter[int] = field(default_factory=Counter)
    columns: dict[str, Histogram] = field(default_factory=dict)
    """`feature:<name>`, `prediction` and `label`, as far as the reference has them."""
    loss: Measure = field(default_factory=Measure)
    """Of predictions whose labels have come."""
    sure: Measure = field(default_factory=Measure)
    """How sure a classifier says it is: what share of it should be right."""

    def add(self, other: Self) -> None:
        """Take in what another one has counted."""
        self.rows += other.rows
        self.errors += other.errors
        self.late += other.late
        self.ahead += other.ahead
        self.latency.update(other.latency)
        for name, histogram in other.columns.items():
            if name in self.columns:
                self.columns[name].add(histogram)
            else:
                self.columns[name] = Histogram([*histogram.bins], histogram.nulls, histogram.odd)
        self.loss.add(other.loss)
        self.sure.add(other.sure)

    def as_json(self) -> dict[str, Any]:
        """For a table."""
        return {
            "rows": self.rows,
            "errors": self.errors,
            "late": self.late,
            "ahead": self.ahead,
            "latency": sorted(self.latency.items()),
            "columns": {name: found.as_json() for name, found in sorted(self.columns.items())},
            "loss": [self.loss.n, self.loss.x, self.loss.xx],
            "sure": [self.sure.n, self.sure.x, self.sure.xx],
        }

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> Self:
        """From what `as_json` made."""
        return cls(
            found["rows"],
            found["errors"],
            found["late"],
            found["ahead"],
            Counter(dict(found["latency"])),
            {name: Histogram(*parts) for name, parts in found["columns"].items()},
            Measure(*found["loss"]),
            Measure(*found["sure"]),
        )
