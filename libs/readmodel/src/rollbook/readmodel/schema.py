"""The schema of the read models: made and brought up to date by numbered SQL files."""

from collections.abc import Iterator
from importlib import resources

import asyncpg

from rollbook.readmodel import database, unbuilt

TABLES = "tables"
"""The migrations without which nothing can be written."""


VAULT = "vault"
"""The folder of the vault's own migrations."""
TELEMETRY = "telemetry"
"""The folder of those of what is summed up of telemetry."""

WORK = "work"
"""The folder of those of what services have begun."""


def migrations(folder_name: str = "") -> Iterator[tuple[int, str, str]]:
    """Number, name and SQL of each migration of the views, or of a folder's, in order."""
    folder = resources.files("rollbook.readmodel") / "migrations" / folder_name
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        if file.name.endswith(".sql"):
            number, _, name = file.name.removesuffix(".sql").partition("_")
            yield int(number), name, file.read_text()


async def create(dsn: str, schema: str, *, only: str = "") -> None:
    """Make the schema, its vault, its telemetry and its work, or bring them up to date.

    With `only`, just the migrations of the views whose name begins so.
    """
    opened = await asyncpg.connect(dsn, timeout=10)
    try:
        if not only:
            async with opened.transaction():
                await _migrate(opened, database.vault(schema), list(migrations(VAULT)))
            async with opened.transaction():
                await _migrate(opened, database.telemetry(schema), list(migrations(TELEMETRY)))
            async with opened.transaction():
                await _migrate(opened, database.work(schema), list(migrations(WORK)))
        await migrate(opened, schema, only=only)
    finally:
        await opened.close()


async def migrate(
    opened: "asyncpg.Connection[asyncpg.Record]", schema: str, *, only: str = ""
) -> None:
    """The views' part of `create`, on a connection of any search path.

    A view that is new to tables which hold records is marked as not built.
    """
    wanted = [migration for migration in migrations() if migration[1].startswith(only)]
    async with opened.transaction():
        await _turn(opened, database.checked(schema))
        before = await unbuilt.shape(opened, schema)
        await _migrate(opened, schema, wanted)
        await unbuilt.mark(opened, before, await unbuilt.shape(opened, schema))


async def _migrate(
    opened: "asyncpg.Connection[asyncpg.Record]", name: str, wanted: list[tuple[int, str, str]]
) -> None:
    await _turn(opened, name)
    await opened.execute(f"CREATE SCHEMA IF NOT EXISTS {name}")
    await opened.execute(f"SET LOCAL search_path TO {name}")
    await opened.execute(
        "CREATE TABLE IF NOT EXISTS migration (number integer PRIMARY KEY, name text NOT NULL)"
    )
    done = {row["number"] for row in await opened.fetch("SELECT number FROM migration")}
    for number, title, sql in wanted:
        if number not in done:
            await opened.execute(sql)
            await opened.execute("INSERT INTO migration VALUES ($1, $2)", number, title)


async def _turn(opened: "asyncpg.Connection[asyncpg.Record]", name: str) -> None:
    """Services that start together take turns."""
    await opened.execute("SELECT pg_advisory_xact_lock(hashtext($1))", f"migrate {name}")


async def drop(opened: "asyncpg.Connection[asyncpg.Record]", schema: str) -> None:
    """Remove the views of a schema; its vault stays."""
    await opened.execute(f"DROP SCHEMA IF EXISTS {database.checked(schema)} CASCADE")
