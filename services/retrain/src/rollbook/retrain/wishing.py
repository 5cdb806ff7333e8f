"""Which open alarms ask for a retraining now, as their models' policies have it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from rollbook.domain.retraining import RequestRetraining
from rollbook.domain.retrainpolicy import MOST_RUNS, Past, RetrainingPolicy, due
from rollbook.readmodel import retraining, rollouts
from rollbook.readmodel.database import Db
from rollbook.readmodel.retraining import RetrainingRow
from rollbook.retrain import handlers

# Models whose last retraining runs, or of which a version rolls out, wait for that. Where another
# version serves by now, the alarm is about the past.
_WAITING: Final = """
    SELECT a.model, a.alarm, a.version, a.environment, a.kind, a.end_ AS since, r.document
    FROM alarms a JOIN retraining r USING (model) JOIN models m ON m.key = a.model
    WHERE a.state = 'open' AND a.kind <> 'serving' AND r.document IS NOT NULL
        AND m.retired_reason IS NULL AND NOT EXISTS
            (SELECT FROM retrainings t WHERE t.model = a.model AND t.ended_at IS NULL)
        AND NOT EXISTS (SELECT FROM environments e WHERE e.model = a.model
            AND e.environment = a.environment AND e.version <> a.version AND e.until_off IS NULL)
    ORDER BY a.model, a.alarm LIMIT 1000
"""


@dataclass(frozen=True, slots=True)
class Wish:
    """A command that asks for a retraining, with its id."""

    id: str
    model: str
    command: RequestRetraining


async def wishes(db: Db, now: datetime) -> list[Wish]:
    """What is to be asked for now; of each model one at most."""
    found: dict[str, Wish] = {}
    rows: list[Any] = await db.fetch(_WAITING)
    for row in rows:
        policy = RetrainingPolicy.model_validate(row["document"])
        model = row["model"]
        if model in found or not policy.heeds(row["kind"], row["environment"]):
            continue
        if await rollouts.live_of(db, model):
            continue
        done = await retraining.newest(db, model, limit=MOST_RUNS)
        rejected = await _rejected(db, model, done)
        past = [Past(t.requested_at, t.ended_at, t.state, t.candidate) for t in reversed(done)]
        if due(policy, past, rejected.__contains__, row["since"]) > now:
            continue
        trained = done[0].retraining if done else 0
        reason = f"{row['kind']} of version {row['version']} drifts in {row['environment']}"
        found[model] = Wish(
            handlers.request_id(model, row["alarm"], trained, now),
            model,
            RequestRetraining(alarm=row["alarm"], reason=reason),
        )
    return list(found.values())


async def _rejected(db: Db, model: str, done: Iterable[RetrainingRow]) -> frozenset[int]:
    """The candidates among those of some retrainings that the gates were against."""
    candidates = [row.candidate for row in done if row.candidate is not None]
    if not candidates:
        return frozenset()
    rows: list[Any] = await db.fetch(
        "SELECT version FROM versions WHERE model = $1 AND version = ANY($2) AND rejected",
        model,
        candidates,
    )
    return frozenset(row["version"] for row in rows)
