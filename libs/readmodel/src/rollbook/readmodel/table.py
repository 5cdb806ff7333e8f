"""One table as the projector reads and writes it: rows by COPY, changes by one statement."""

from collections.abc import Callable, Collection, Iterable, Mapping
from operator import attrgetter
from typing import Any, Final, Generic, TypeAlias, TypeVar

from rollbook.readmodel.database import Connection

R = TypeVar("R")
Columns: TypeAlias = Mapping[str, str]
"""Column -> Postgres type. A column holds the row's field of its name, unless told otherwise."""

PLACE: Final = {"partition": "int", "off": "bigint"}
"""The columns of a row's `position`."""


class Table(Generic[R]):
    """A table of rows `R`: its key, the columns that stay as they were, and those that change."""

    def __init__(
        self,
        name: str,
        *,
        key: Columns,
        fixed: Columns,
        changing: Columns | None = None,
        values: Mapping[str, Callable[[R], object]] | None = None,
    ) -> None:
        self.name = name
        self._key = tuple(key)
        changes = changing or {}
        self._types = {**key, **fixed, **changes}
        self._changing = tuple(changes)
        special: dict[str, Callable[[R], object]] = {
            "partition": attrgetter("position.partition"),
            "off": attrgetter("position.offset"),
            **(values or {}),
        }
        self._values = {c: special.get(c) or attrgetter(c) for c in self._types}
        self.columns = ", ".join(self._types)
        """For SELECT, in the order of the rows' columns."""

    async def insert(self, db: Connection, rows: Collection[R]) -> None:
        """Write rows that the table does not hold."""
        await db.copy_records_to_table(
            self.name,
            columns=tuple(self._types),
            records=zip(*self._arrays(rows, self._types), strict=True),
        )

    async def update(self, db: Connection, rows: Collection[R]) -> None:
        """Write what has changed of rows that the table holds."""
        wanted = (*self._key, *self._changing)
        await db.execute(
            f"UPDATE {self.name} t SET {_assigned(self._changing, 'n')}"  # noqa: S608  # our names
            f" FROM unnest({self._parameters(wanted)}) AS n ({', '.join(wanted)})"
            f" WHERE {_equal(self._key)}",
            *self._arrays(rows, wanted),
        )

    async def upsert(self, db: Connection, rows: Collection[R]) -> None:
        """Write rows, whether the table holds them or not."""
        await db.execute(
            f"INSERT INTO {self.name} ({self.columns})"  # noqa: S608  # our names
            f" SELECT * FROM unnest({self._parameters(self._types)})"
            f" ON CONFLICT ({', '.join(self._key)})"
            f" DO UPDATE SET {_assigned(self._changing, 'excluded')}",
            *self._arrays(rows, self._types),
        )

    async def delete(self, db: Connection, keys: Collection[Any]) -> None:
        """Remove the rows of those of `keys` that are there."""
        await db.execute(
            f"DELETE FROM {self.name} t USING unnest({self._parameters(self._key)})"  # noqa: S608
            f" AS n ({', '.join(self._key)}) WHERE {_equal(self._key)}",
            *self._key_arrays(keys),
        )

    async def load(self, db: Connection, keys: Collection[Any]) -> list[Any]:
        """The rows, as Postgres gives them, of those of `keys` that are there."""
        found: list[Any] = await db.fetch(
            f"SELECT {self.columns} FROM {self.name} JOIN"  # noqa: S608  # our names
            f" unnest({self._parameters(self._key)}) AS n ({', '.join(self._key)})"
            f" USING ({', '.join(self._key)})",
            *self._key_arrays(keys),
        )
        return found

    def _key_arrays(self, keys: Collection[Any]) -> list[list[Any]]:
        if len(self._key) == 1:
            return [list(keys)]
        return [list(part) for part in zip(*keys, strict=True)]

    def _arrays(self, rows: Collection[R], columns: Iterable[str]) -> list[list[object]]:
        return [list(map(self._values[column], rows)) for column in columns]

    def _parameters(self, columns: Iterable[str]) -> str:
        return ", ".join(f"${n}::{self._types[c]}[]" for n, c in enumerate(columns, start=1))


def _assigned(columns: Iterable[str], source: str) -> str:
    return ", ".join(f"{column} = {source}.{column}" for column in columns)


def _equal(columns: Iterable[str]) -> str:
    return " AND ".join(f"t.{column} = n.{column}" for column in columns)
