"""The two shapes that most views have: rows that events begin and change, and rows that stay."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from rollbook.domain.messages import Message
from rollbook.eventlog.envelope import EventEnvelope
from rollbook.eventlog.position import Position
from rollbook.eventlog.records import members
from rollbook.readmodel.table import Table

K = TypeVar("K")
R = TypeVar("R")


@dataclass(frozen=True, eq=False, slots=True)
class Kept(Generic[K, R]):
    """A view with a row for each key, which an event begins and others change."""

    table: Table[R]
    events: frozenset[type[Message]]
    begins: type[Message] | None
    """The event whose row the table cannot hold yet; None where a row may begin anew."""
    key: Callable[[EventEnvelope], K | None]
    """The row that one of `events` begins or changes; None: that one changes none."""
    project: Callable[[R | None, EventEnvelope], R]
    """The row after one of `events`; LookupError when it cannot follow."""
    row: Callable[[Any], R]
    """The row as it stood in the table."""
    key_of: Callable[[R], K]


@dataclass(frozen=True, eq=False, slots=True)
class Appended(Generic[R]):
    """A view of what was said and done: rows that never change."""

    table: Table[R]
    events: frozenset[type[Message]]
    project: Callable[[EventEnvelope], Sequence[R]]


def of(*unions: object) -> frozenset[type[Message]]:
    """All classes of some unions."""
    return frozenset(cls for union in unions for cls in members(union).values())


def plain(found: Any) -> dict[str, Any]:
    """The fields of a row whose columns have their names."""
    values = dict(found)
    values["position"] = Position(values.pop("partition"), values.pop("off"))
    return values
