"""Views that a migration has added to tables which hold records: they wait to be made."""

from collections.abc import Collection, Mapping

from rollbook.readmodel.database import Connection, Db
from rollbook.readmodel.digests import TABLES


async def every(db: Db) -> frozenset[str]:
    """Views that are to be made again: new ones, and those that have new columns."""
    return frozenset(row["view"] for row in await db.fetch("SELECT view FROM unbuilt"))


async def empty(db: Db) -> frozenset[str]:
    """The new ones among them: nothing is written to these yet, and nothing can be read there."""
    return frozenset(row["view"] for row in await db.fetch("SELECT view FROM unbuilt WHERE empty"))


async def forget(db: Connection, views: Collection[str]) -> None:
    """They have been made."""
    await db.execute("DELETE FROM unbuilt WHERE view = ANY($1)", [*views])


# What migrations write

Shape = Mapping[str, frozenset[str]]
"""Views with their columns."""


async def shape(db: Db, schema: str) -> Shape:
    """The views that stand in a schema."""
    rows = await db.fetch(
        "SELECT table_name::text AS view, array_agg(column_name::text) AS columns"
        " FROM information_schema.columns WHERE table_schema = $1 AND table_name = ANY($2)"
        " GROUP BY table_name",
        schema,
        [*TABLES],
    )
    return {row["view"]: frozenset(row["columns"]) for row in rows}


async def mark(db: Db, before: Shape, after: Shape) -> None:
    """Mark what has changed, where records have been taken in already."""
    changed = {view: view not in before for view in after if before.get(view) != after[view]}
    if changed:
        await db.execute(
            "INSERT INTO unbuilt SELECT * FROM unnest($1::text[], $2::boolean[])"
            " WHERE EXISTS (SELECT FROM projection_offset WHERE off > 0) ON CONFLICT DO NOTHING",
            [*changed],
            [*changed.values()],
        )
