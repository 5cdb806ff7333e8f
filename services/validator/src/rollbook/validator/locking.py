"""Keeps two validators from measuring the same version at the same time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from rollbook.readmodel.database import LETTING_GO, Connection

_KEY = "hashtextextended(current_schema() || ' ' || $1, 0)"


@asynccontextmanager
async def alone(db: Connection, model: str, version: int) -> AsyncIterator[bool]:
    """Whether no other validator looks at the version; the lock goes with the connection.

    Nothing hangs on it but work that would be done twice: ids see to it that verdicts are not.
    """
    name = f"{model}@{version}"
    got = await db.fetchval(f"SELECT pg_try_advisory_lock({_KEY})", name)
    try:
        yield bool(got)
    finally:
        if got and not db.is_closed():
            await _let_go(db, name)


async def _let_go(db: Connection, name: str) -> None:
    try:
        async with asyncio.timeout(LETTING_GO):
            await db.execute(f"SELECT pg_advisory_unlock({_KEY})", name)
    except TimeoutError:
        db.terminate()  # and with it the lock goes
