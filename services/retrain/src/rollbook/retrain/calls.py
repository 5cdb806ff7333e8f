"""What the tables say of calls to pipelines: written before each call, so that none is doubled."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from rollbook.readmodel.database import Db
from rollbook.readmodel.retraining import RetrainingRow


async def was_called(db: Db, row: RetrainingRow) -> bool:
    """Whether anybody may have called the pipeline."""
    return bool(await db.fetchval("SELECT true FROM retraining_calls WHERE id = $1", UUID(row.id)))


async def claim(db: Db, row: RetrainingRow, settle: timedelta) -> bool:
    """Whether we are to call now, and nobody else until `settle` has passed; by Postgres' clock."""
    return bool(
        await db.fetchval(
            "INSERT INTO retraining_calls (id, model, retraining, called_at, calls)"
            " VALUES ($1, $2, $3, now(), 1)"
            " ON CONFLICT (id) DO UPDATE SET called_at = now(), calls = retraining_calls.calls + 1"
            " WHERE retraining_calls.called_at + $4 <= now() RETURNING true",
            UUID(row.id),
            row.model,
            row.retraining,
            settle,
        )
    )


async def let_go(db: Db, row: RetrainingRow) -> None:
    """The call was certainly not carried out: the next one need not wait."""
    await db.execute("UPDATE retraining_calls SET called_at = 'epoch' WHERE id = $1", UUID(row.id))


async def unstopped(db: Db) -> list[tuple[str, int]]:
    """Retrainings that ended for us while their runs may go on: model and number."""
    rows: list[Any] = await db.fetch(
        "SELECT model, retraining FROM retraining_calls JOIN retrainings USING (model, retraining)"
        " WHERE stopped_at IS NULL AND state IN ('cancelled', 'lost')"
        " AND ended_at > now() - interval '1 day'"
        " ORDER BY ended_at LIMIT 100"
    )
    return [(row["model"], row["retraining"]) for row in rows]


async def stopped(db: Db, row: RetrainingRow) -> None:
    """Its run was told to stop, or there is none."""
    await db.execute("UPDATE retraining_calls SET stopped_at = now() WHERE id = $1", UUID(row.id))
