"""Puts fresh tables in the place of the live ones, in one transaction, while reads go on."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from rollbook.readmodel import offsets, schema, unbuilt, vault
from rollbook.readmodel.database import Connection

PATIENCE = 15.0
"""Seconds that reads may take which began before the last records were written."""
LOOK = 0.005
"""Seconds between two looks whether they have ended."""


class ReadsHold(Exception):
    """Somebody has been reading the tables for too long; nothing was switched."""


async def switch_all(
    live: Connection, name: str, catch_up: Callable[[], Awaitable[object]]
) -> None:
    """Let `<name>_next` be `name`, and `name` be `<name>_old`; raises `ReadsHold`."""
    async with live.transaction():
        await _hold(live, catch_up)
        # Whoever waits for the lock finds no place of his in the old tables.
        await live.execute("UPDATE projection_offset SET projection = 'retired ' || projection")
        await schema.drop(live, f"{name}_old")
        await live.execute(f"ALTER SCHEMA {name} RENAME TO {name}_old")
        await live.execute(f"ALTER SCHEMA {name}_next RENAME TO {name}")
        # The old tables may have missed an erasure: their stream was parked, the vault came back.
        await vault.erase_again(live)


async def switch_some(
    live: Connection, name: str, views: Sequence[str], catch_up: Callable[[], Awaitable[object]]
) -> None:
    """The same for some tables, in the order of `digests.TABLES`; raises `ReadsHold`."""
    async with live.transaction():
        await _hold(live, catch_up)
        empty = await unbuilt.empty(live)
        await live.execute(f"CREATE SCHEMA IF NOT EXISTS {name}_old")
        for view in views:
            if view in empty:
                await live.execute(f"DROP TABLE {name}.{view}")
            else:
                await live.execute(f"DROP TABLE IF EXISTS {name}_old.{view}")
                await live.execute(f"ALTER TABLE {name}.{view} SET SCHEMA {name}_old")
            await live.execute(f"ALTER TABLE {name}_next.{view} SET SCHEMA {name}")
        await unbuilt.forget(live, views)
        await offsets.changed(live)
        await vault.erase_again(live)
    await schema.drop(live, f"{name}_next")


async def _hold(live: Connection, catch_up: Callable[[], Awaitable[object]]) -> None:
    # From here until the end no projector writes: each begins by locking its places.
    await live.execute("LOCK TABLE projection_offset IN EXCLUSIVE MODE")
    await catch_up()
    await _older_reads_end(live)


async def _older_reads_end(live: Connection) -> None:
    """Wait for reads that do not see the last records in the fresh tables.

    One that reads several tables at one moment would find them in the old ones only: a new one may
    see old and fresh tables side by side, since both hold the same. Who waits for our lock does
    not read.
    """
    began = await live.fetchval("SELECT clock_timestamp()")
    loop = asyncio.get_running_loop()
    deadline = loop.time() + PATIENCE
    while reading := await live.fetch(
        "SELECT pid, state, left(query, 60) AS query FROM pg_stat_activity WHERE xact_start < $1"
        " AND application_name = current_setting('application_name')"
        " AND datname = current_database() AND pid <> pg_backend_pid()"
        " AND NOT pg_backend_pid() = ANY(pg_blocking_pids(pid))",
        began,
    ):
        if loop.time() > deadline:
            who = "; ".join(f"{row['pid']} {row['state']}: {row['query']}" for row in reading)
            raise ReadsHold(
                f"reads go on for {PATIENCE:g} s: nothing was switched, try again ({who})"
            )
        await asyncio.sleep(LOOK)
        await live.execute("SELECT pg_stat_clear_snapshot()")  # else a transaction sees no news
