"""Tables as the first release left them: its migrations, and the rows it would have written."""

import asyncpg

from rollbook.readmodel import schema
from rollbook.readmodel.digests import TABLES
from tests.support.stack import Cluster

FIRST_RELEASE = 2
"""The last migration of it."""


async def aged(cluster: Cluster, source: str) -> str:
    """A schema of that release with the rows of `source`, which a projector of today has made."""
    name = cluster.schema()
    opened = await asyncpg.connect(cluster.postgres)
    try:
        await opened.execute(f"CREATE SCHEMA {name}")
        await opened.execute(f"SET search_path TO {name}")
        await opened.execute(
            "CREATE TABLE migration (number integer PRIMARY KEY, name text NOT NULL)"
        )
        for number, title, sql in schema.migrations():
            if number <= FIRST_RELEASE:
                await opened.execute(sql)
                await opened.execute("INSERT INTO migration VALUES ($1, $2)", number, title)
        for table in (*TABLES, "projection_offset"):
            await _copy(opened, table, source, name)
    finally:
        await opened.close()
    return name


async def _copy(
    opened: "asyncpg.Connection[asyncpg.Record]", table: str, source: str, target: str
) -> None:
    columns = await opened.fetchval(
        "SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns"
        " WHERE table_schema = $1 AND table_name = $2",
        target,
        table,
    )
    if columns:
        await opened.execute(
            f"INSERT INTO {target}.{table} ({columns}) SELECT {columns} FROM {source}.{table}"
        )
