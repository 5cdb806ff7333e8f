"""The view of evaluations: everything that was measured of a version, with the registered ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rollbook.domain.evaluations import Evaluation, EvaluationRecorded
from rollbook.domain.versions import VersionRegistered
from rollbook.eventlog.envelope import EventEnvelope
from rollbook.readmodel.database import Db
from rollbook.readmodel.place import At
from rollbook.readmodel.table import PLACE, Table
from rollbook.readmodel.view import Appended, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationRow:
    """Metrics of a version on some data."""

    model: str
    version: int
    number: int
    """Counts those since registration from 1; 0: it was registered with the version."""
    place: int = 0
    """Among those of the registration, from 0."""
    evaluation: Evaluation
    digest: str | None = None
    """Pins the history up to here; None for what was registered."""
    position: At
    recorded_at: datetime
    recorded_by: str


def project(event: EventEnvelope) -> Sequence[EvaluationRow]:
    """The rows that `event` adds."""
    match event.message:
        case EvaluationRecorded(number=number, evaluation=evaluation, digest=digest):
            return (_row_of(event, event.message.version, evaluation, number, 0, digest),)
        case VersionRegistered(version=version, evaluations=evaluations):
            return [
                _row_of(event, version, evaluation, 0, place, None)
                for place, evaluation in enumerate(evaluations)
            ]
        case _:
            return ()


def _row_of(
    event: EventEnvelope,
    version: int,
    evaluation: Evaluation,
    number: int,
    place: int,
    digest: str | None,
) -> EvaluationRow:
    return EvaluationRow(
        model=event.model or "",
        version=version,
        number=number,
        place=place,
        evaluation=evaluation,
        digest=digest,
        position=event.position,
        recorded_at=event.time,
        recorded_by=event.actor,
    )


VIEW: Appended[EvaluationRow] = Appended(
    table=Table(
        "evaluations",
        key={"model": "text", "version": "int", "number": "int", "place": "int"},
        fixed={
            "evaluation": "jsonb",
            "digest": "text",
            **PLACE,
            "recorded_at": "timestamptz",
            "recorded_by": "text",
        },
        values={
            "evaluation": lambda row: row.evaluation.model_dump(mode="json", exclude_defaults=True)
        },
    ),
    events=frozenset((VersionRegistered, EvaluationRecorded)),
    project=project,
)

# Queries

_SELECT = (
    f"SELECT {VIEW.table.columns} FROM evaluations"  # noqa: S608  # our names
    " WHERE model = $1 AND version = $2"
)


def _row(found: Any) -> EvaluationRow:
    values = plain(found)
    return EvaluationRow(evaluation=Evaluation.model_validate(values.pop("evaluation")), **values)


async def of(
    db: Db, key: str, version: int, after: tuple[int, int] = (-1, -1), limit: int = 100
) -> list[EvaluationRow]:
    """The version's evaluations as they were recorded, those after (number, place) `after`."""
    rows = await db.fetch(
        f"{_SELECT} AND (number, place) > ($3, $4) ORDER BY number, place LIMIT $5",
        key,
        version,
        *after,
        limit,
    )
    return [_row(row) for row in rows]


async def newest(
    db: Db, key: str, version: int, before: tuple[int, int] | None = None, limit: int = 100
) -> list[EvaluationRow]:
    """The version's evaluations, newest first, those before (number, place) `before`."""
    rows = await db.fetch(
        f"{_SELECT} AND ($3::int IS NULL OR (number, place) < ($3, $4))"
        " ORDER BY number DESC, place DESC LIMIT $5",
        key,
        version,
        *(before or (None, None)),
        limit,
    )
    return [_row(row) for row in rows]
