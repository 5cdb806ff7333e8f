"""The schema of the read models: made and brought up to date by numbered SQL files."""

from collections.abc import Iterator
from importlib import resources

import asyncpg

from rollbook.readmodel import database

TABLES = "tables"
"""The migrations without which nothing can be written."""


VAULT = "vault"
"""The folder of the vault's own migrations."""


def migrations(folder_name: str = "") -> Iterator[tuple[int, str, str]]:
    """Number, name and SQL of each migration of the views, or of the vault, in order."""
    folder = resources.files("rollbook.readmodel") / "migrations" / folder_name
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        if file.name.endswith(".sql"):
            number, _, name = file.name.removesuffix(".sql").partition("_")
            yield int(number), name, file.read_text()


async def create(dsn: str, schema: str, *, only: str = "") -> None:
    """Make the schema and its vault, or bring them up to date; does nothing where they are.

    With `only`, just the migrations of the views whose name begins so, and no vault.
    """
    opened = await asyncpg.connect(dsn, timeout=10)
    try:
        if not only:
            await _migrate(opened, database.vault(schema), list(migrations(VAULT)))
        await migrate(opened, schema, only=only)
    finally:
        await opened.close()


async def migrate(
    opened: "asyncpg.Connection[asyncpg.Record]", schema: str, *, only: str = ""
) -> None:
    """The views' part of `create`, on a connection of any search path."""
    wanted = [migration for migration in migrations() if migration[1].startswith(only)]
    await _migrate(opened, database.checked(schema), wanted)


async def _migrate(
    opened: "asyncpg.Connection[asyncpg.Record]", name: str, wanted: list[tuple[int, str, str]]
) -> None:
    async with opened.transaction():
        # Services that start together take turns.
        await opened.execute("SELECT pg_advisory_xact_lock(hashtext($1))", f"migrate {name}")
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


async def drop(opened: "asyncpg.Connection[asyncpg.Record]", schema: str) -> None:
    """Remove the views of a schema; its vault stays."""
    await opened.execute(f"DROP SCHEMA IF EXISTS {database.checked(schema)} CASCADE")
