"""Predictions that wait for their labels: of each window a sample, which no order changes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rollbook.readmodel.database import Connection
from rollbook.readmodel.windows import moment
from rollbook.telemetry.messages import Labels


@dataclass(frozen=True, slots=True)
class Prediction:
    """One that waits."""

    model: str
    environment: str
    version: int
    start: int
    """Of its window, milliseconds since 1970."""
    order: int
    """The smallest of a window are kept."""
    id: str
    prediction: float | str


@dataclass(frozen=True, slots=True)
class Match:
    """A prediction whose label has come."""

    model: str
    environment: str
    version: int
    prediction: float | str
    label: float | str
    time: datetime
    """Of the label."""


async def save(db: Connection, found: Sequence[Prediction], most: int) -> None:
    """Keep predictions, of each window those that come first."""
    if not found:
        return
    rows = [
        (p.model, p.id, p.environment, p.version, moment(p.start), p.order, p.prediction)
        for p in found
    ]
    await db.executemany(
        "INSERT INTO awaited (model, id, environment, version, start, ord, prediction)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
        rows,
    )
    spots = sorted({(p.model, p.environment, p.version, moment(p.start)) for p in found})
    await db.executemany(
        "DELETE FROM awaited USING (SELECT ord, id FROM awaited WHERE model = $1"
        "   AND environment = $2 AND version = $3 AND start = $4"
        "   ORDER BY ord, id OFFSET $5 LIMIT 1) AS beyond"
        " WHERE awaited.model = $1 AND environment = $2 AND version = $3 AND start = $4"
        " AND (awaited.ord, awaited.id) >= (beyond.ord, beyond.id)",
        [(*spot, most) for spot in spots],
    )


async def matched(
    db: Connection, predictions: Iterable[Prediction], labels: Iterable[Labels], most_id: int
) -> list[Match]:
    """Bring both together, whichever came first; each prediction is matched once.

    Call it after `save`: what is not kept there is not matched.
    """
    arrived = [
        (message.model, id_, label, moment(time))
        for message in labels
        for id_, label, time in zip(
            message.rows.id, message.rows.label, message.rows.time, strict=True
        )
        if len(id_) <= most_id and "\x00" not in id_
    ]
    if arrived:
        await db.executemany(
            "INSERT INTO early (model, id, label, time) VALUES ($1, $2, $3, $4)"
            " ON CONFLICT DO NOTHING",  # the first word about a prediction counts
            arrived,
        )
    wanted = {(model, id_) for model, id_, _, _ in arrived}
    wanted |= {(p.model, p.id) for p in predictions}
    if not wanted:
        return []
    rows = await db.fetch(
        "UPDATE awaited a SET labelled = true FROM early e,"
        " unnest($1::text[], $2::text[]) AS n (model, id)"
        " WHERE a.model = n.model AND a.id = n.id AND e.model = n.model AND e.id = n.id"
        " AND NOT a.labelled"
        " RETURNING a.model, a.environment, a.version, a.prediction, e.label, e.time",
        [model for model, _ in wanted],
        [id_ for _, id_ in wanted],
    )
    return [_match(row) for row in rows]


def _match(row: Any) -> Match:
    return Match(
        row["model"],
        row["environment"],
        row["version"],
        row["prediction"],
        row["label"],
        row["time"],
    )
