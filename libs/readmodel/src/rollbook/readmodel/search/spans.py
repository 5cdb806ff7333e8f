"""Rows that hold from one position until another: what a batch ends, and what it begins."""

from typing import Final, Generic, Protocol, TypeVar

from rollbook.eventlog.position import Position
from rollbook.readmodel.database import Connection
from rollbook.readmodel.table import Table


class Span(Protocol):
    """A row that holds from a position of its partition on."""

    position: Position
    until_off: int | None
    """Until this one, excluded; None: it holds now."""


K = TypeVar("K", bound=tuple[object, ...])
R = TypeVar("R", bound=Span)

UNTIL: Final = {"until_off": "bigint"}


class Spans(Generic[K, R]):
    """What a batch does to one table of such rows, of which one per key holds now."""

    def __init__(self) -> None:
        self.begun: list[R] = []
        self.ended: dict[K, int] = {}
        """Keys whose row stands in the table, each with the offset that ended it."""
        self._open: dict[K, R] = {}
        self._seen: set[K] = set()

    def begin(self, key: K, row: R) -> None:
        """From its position on, this row holds."""
        self.end(key, row.position.offset)
        self._open[key] = row
        self.begun.append(row)

    def begin_first(self, key: K, row: R) -> None:
        """The same for a key that no row had before."""
        self._open[key] = row
        self._seen.add(key)
        self.begun.append(row)

    def end(self, key: K, off: int) -> None:
        """From an offset on, no row holds."""
        if (before := self._open.pop(key, None)) is not None:
            before.until_off = off
        elif key not in self._seen:
            self.ended[key] = off
        self._seen.add(key)


async def save(db: Connection, table: Table[R], key: dict[str, str], spans: Spans[K, R]) -> None:
    """Write the ends of rows that the table holds, and then new rows, ended or not."""
    if spans.ended:
        columns = [list(part) for part in zip(*spans.ended, strict=True)]
        types = ", ".join(f"${n}::{kind}[]" for n, kind in enumerate(key.values(), start=2))
        same = " AND ".join(f"t.{column} = n.{column}" for column in key)
        await db.execute(
            f"UPDATE {table.name} t SET until_off = n.ended"  # noqa: S608  # our names
            f" FROM unnest($1::bigint[], {types}) AS n (ended, {', '.join(key)})"
            f" WHERE {same} AND t.until_off IS NULL",
            list(spans.ended.values()),
            *columns,
        )
    if spans.begun:
        await table.insert(db, spans.begun)
