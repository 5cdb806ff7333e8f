"""Searches: a page of versions in some order, in the time that a page may take.

A page is looked for twice. First among the next few thousand versions in the order that was asked
for: what many versions meet is found there. When they do not fill the page, the versions that fit
are few, or all of them lie elsewhere: then all that fit are found by the indexes, and sorted. What
an alias points at, or what serves, is only looked for so: a walk in order seldom comes by it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rollbook.readmodel.database import Db
from rollbook.readmodel.search.cursor import Cursor
from rollbook.readmodel.search.fields import Order
from rollbook.readmodel.search.relations import FEW, Statement, metrics, standing
from rollbook.readmodel.search.seeking import Prepared
from rollbook.readmodel.search.tree import Compare
from rollbook.readmodel.versions import VersionKey


@dataclass(frozen=True, slots=True)
class Hit:
    """A version that was found."""

    model: str
    version: int
    value: Any
    """What it is ordered by."""

    @property
    def key(self) -> VersionKey:
        """Model and number."""
        return self.model, self.version

    def cursor(self, order: Order) -> Cursor:
        """What leads to the hits after this one."""
        value = self.value
        written = value.isoformat() if isinstance(value, datetime) else float(value)
        return Cursor(order.name, written, self.model, self.version)


async def page(
    db: Db, prepared: Prepared, after: Cursor | None = None, limit: int = 100
) -> Sequence[Hit]:
    """The versions that fit, in order, those after a cursor."""
    if standing(prepared.tree) is None:
        near = Statement(prepared)
        found = await _fetch(db, near.near(after, limit), near)
        if len(found) == limit:
            return found
    far = Statement(prepared)
    return await _fetch(db, far.far(after, limit, await few(db, prepared)), far)


async def few(db: Db, prepared: Prepared) -> list[Compare]:
    """The conditions on metrics that so few versions meet that an index should find them.

    Postgres does not know: its statistics are of the values of all metrics together.
    """
    parts = metrics(prepared.tree)
    if not parts:
        return []
    statement = Statement(prepared)
    counts = await db.fetchrow(statement.counts(parts), *statement.arguments.values)
    return [part for part, n in zip(parts, counts or (), strict=True) if n <= FEW]


async def _fetch(db: Db, sql: str, statement: Statement) -> list[Hit]:
    rows = await db.fetch(sql, *statement.arguments.values)
    return [Hit(row["model"], row["version"], row["value"]) for row in rows]
