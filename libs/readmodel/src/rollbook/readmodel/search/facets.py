"""How many hits there are, and how they spread over the values of some fields."""

# ruff: noqa: S608  # our own names; what users say are parameters

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rollbook.readmodel.database import Db
from rollbook.readmodel.search.errors import InvalidQueryError
from rollbook.readmodel.search.fields import Field, Source, find
from rollbook.readmodel.search.pages import few
from rollbook.readmodel.search.relations import Statement
from rollbook.readmodel.search.seeking import Prepared
from rollbook.readmodel.search.terms import head

COUNTED: Final = 1_000
"""Hits that are counted; of more of them only so many, and then it is said."""
SHOWN: Final = 20
"""Values of a facet, the commonest."""
MOST: Final = 8


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value, and how many of the hits that were counted have it."""

    value: str
    count: int


@dataclass(frozen=True, slots=True)
class Counted:
    """How many versions fit: just so many, or at least."""

    rows: int
    exact: bool


@dataclass(frozen=True, slots=True)
class Spread:
    """Hits counted, in all and by the values of fields."""

    counted: Counted
    facets: dict[str, list[FacetValue]]


def fields(names: Sequence[str]) -> list[Field]:
    """The fields of some names; `InvalidQueryError` where there is none, or where none counts."""
    if len(names) > MOST:
        raise InvalidQueryError(1, f"there are at most {MOST} facets")
    found = [find(name) for name in names]
    for field in found:
        if field.source in (Source.COLUMN, Source.METRIC):
            raise InvalidQueryError(1, f"{field.name} is no facet: it is a {field.kind}")
    return found


async def spread(db: Db, prepared: Prepared, facets: Sequence[Field]) -> Spread:
    """Count hits, up to `COUNTED`."""
    statement = Statement(prepared)
    found = statement.some(COUNTED + 1, await few(db, prepared))
    parts = ["SELECT NULL AS facet, NULL AS value, count(*) FROM found"]
    parts += [f"({_counts(statement, field)})" for field in facets]
    rows = await db.fetch(
        f"WITH found AS MATERIALIZED ({found}) {' UNION ALL '.join(parts)}",
        *statement.arguments.values,
    )
    total = sum(row["count"] for row in rows if row["facet"] is None)
    values: dict[str, list[FacetValue]] = {field.name: [] for field in facets}
    for row in rows:
        if row["facet"] is not None:
            values[row["facet"]].append(FacetValue(row["value"], row["count"]))
    exact = total <= COUNTED
    return Spread(Counted(total if exact else COUNTED, exact), values)


def _counts(statement: Statement, field: Field) -> str:
    name = statement.arguments.add(field.name, "text")
    return (
        f"SELECT {name} AS facet, v.value, count(*) FROM ({_values(statement, field)}) v"
        f" GROUP BY v.value ORDER BY count(*) DESC, v.value LIMIT {SHOWN}"
    )


def _values(statement: Statement, field: Field) -> str:
    if field.name == "state":
        return (
            "SELECT unnest(array_remove(ARRAY["
            " CASE WHEN f.archived THEN 'archived' END, CASE WHEN p.retired THEN 'retired' END,"
            " CASE WHEN NOT f.archived AND NOT p.retired THEN 'used' END], NULL)) AS value"
            f" FROM found f JOIN profiles p ON p.model = f.model AND {statement.valid('p')}"
        )
    if field.source in (Source.ALIAS, Source.ENVIRONMENT):
        table = "pointings" if field.source is Source.ALIAS else "environments"
        return (
            f"SELECT x.{field.name} AS value FROM found f JOIN {table} x ON x.model = f.model"
            f" AND x.version = f.version AND {statement.valid('x')}"
        )
    start = head(field.name)
    begins = statement.arguments.add(start, "text")
    values = f"substr(t, {len(start) + 1}) AS value"
    if field.source is Source.MODEL:
        terms = (
            "SELECT unnest(p.terms) AS t FROM found f JOIN profiles p ON p.model = f.model"
            f" AND {statement.valid('p')}"
        )
    else:
        terms = "SELECT unnest(f.terms) AS t FROM found f"
    return f"SELECT {values} FROM ({terms}) n WHERE starts_with(t, {begins})"
