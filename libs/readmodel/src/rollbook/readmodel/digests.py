"""One number per table for what stands in it, wherever and in whatever order it is stored."""

from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from rollbook.readmodel.database import Connection

TABLES: Final = {
    "models": "key",
    "versions": "model, version",
    "evaluations": "model, version, number, place",
    "verdicts": "model, version, off",
    "cards": "model, version, revision",
    "reviews": "model, version, off",
    "documents": "model, version, off",
    "signatures": "model, version, off",
    "holds": "model, version",
    "reference_profiles": "model, version",
    "alarms": "model, alarm",
    "aliases": "model, alias",
    "environments": "model, environment, off",
    "breaks": "model, number",
    "rollouts": "model, rollout",
    "rollout_steps": "model, rollout, off",
    "requests": "model, request",
    "discussion": "model, request, off",
    "namespaces": "namespace",
    "grants": "namespace, number",
    "keys": "namespace, key",
    "collections": "namespace, collection",
    "queries": "namespace, query",
    "synonyms": "namespace, word",
    "policies": "namespace, policy",
    "retention": "namespace",
    "retraining": "model",
    "retrainings": "model, retraining",
    "endpoints": "namespace, endpoint",
    "erasures": "namespace, reference, off",
    "search": "model, version, off",
    "scores": "model, metric, version",
    "profiles": "model, off",
    "pointings": "model, alias, off",
    "history": "partition, off",
    "parked": "model",
}
"""The views, each with the key by which its rows are put in order; the vault is none of them."""


async def digests(db: Connection, tables: Iterable[str] = TABLES) -> dict[str, str]:
    """SHA-256 (hexadecimal) of each table: columns by name, rows by key, values as Postgres' text.

    Postgres writes equal `jsonb` values alike, and texts of keys are compared by their bytes.
    """
    return {table: await _digest(db, table, TABLES[table]) for table in tables}


async def _digest(db: Connection, table: str, key: str) -> str:
    columns = await db.fetchval(
        "SELECT string_agg(quote_ident(column_name), ', ' ORDER BY column_name)"
        " FROM information_schema.columns"
        " WHERE table_schema = current_schema() AND table_name = $1",
        table,
    )
    total = sha256(f"{columns}\n".encode())

    async def take(data: bytes) -> None:
        total.update(data)

    await db.copy_from_query(
        f"SELECT {columns} FROM {table} ORDER BY {key}",  # noqa: S608  # names of our own tables
        output=take,
    )
    return total.hexdigest()
