"""Keeps two validators from measuring the same version at the same time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from rollbook.readmodel.database import Connection


@asynccontextmanager
async def alone(db: Connection, model: str, version: int) -> AsyncIterator[bool]:
    """Whether no other validator looks at the version; the lock goes with the connection.

    Nothing hangs on it but work that would be done twice: ids see to it that verdicts are not.
    """
    name = f"{await db.fetchval('SELECT current_schema()')} {model}@{version}"
    got = await db.fetchval("SELECT pg_try_advisory_lock(hashtextextended($1, 0))", name)
    try:
        yield bool(got)
    finally:
        if got and not db.is_closed():
            await db.execute("SELECT pg_advisory_unlock(hashtextextended($1, 0))", name)
