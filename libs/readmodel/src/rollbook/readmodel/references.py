"""The view of reference profiles, and how they tell which edges live data is counted by."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

from pydantic import TypeAdapter

from rollbook.domain.profiles import Column, NumberColumn, Profile, ProfileRecorded
from rollbook.eventlog.envelope import EventEnvelope
from rollbook.readmodel.database import Db
from rollbook.readmodel.place import At
from rollbook.readmodel.table import PLACE, Table
from rollbook.readmodel.view import Kept, plain
from rollbook.telemetry.reference import Reference

ReferenceKey: TypeAlias = tuple[str, int]
"""Model and version."""

_PROFILE: Final = TypeAdapter(Profile)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceRow:
    """The reference profile of a version."""

    model: str
    version: int
    digest: str
    profile: Profile
    position: At
    recorded_at: datetime
    recorded_by: str


def _key(event: EventEnvelope) -> ReferenceKey:
    fact: Any = event.message
    return event.model or "", fact.version


def project(_: ReferenceRow | None, event: EventEnvelope) -> ReferenceRow:
    """The row after `event`."""
    assert isinstance(event.message, ProfileRecorded)  # noqa: S101
    return ReferenceRow(
        model=event.model or "",
        version=event.message.version,
        digest=event.message.digest,
        profile=event.message.profile,
        position=event.position,
        recorded_at=event.time,
        recorded_by=event.actor,
    )


def _row(found: Any) -> ReferenceRow:
    values = plain(found)
    return ReferenceRow(profile=_PROFILE.validate_python(values.pop("profile")), **values)


VIEW: Final[Kept[ReferenceKey, ReferenceRow]] = Kept(
    table=Table(
        "reference_profiles",
        key={"model": "text", "version": "int"},
        fixed={},
        changing={
            "digest": "text",
            "profile": "jsonb",
            **PLACE,
            "recorded_at": "timestamptz",
            "recorded_by": "text",
        },
        values={"profile": lambda row: row.profile.model_dump(mode="json")},
    ),
    events=frozenset((ProfileRecorded,)),
    begins=None,
    key=_key,
    project=project,
    row=_row,
    key_of=lambda row: (row.model, row.version),
)

# Queries


async def get(db: Db, model: str, version: int) -> ReferenceRow | None:
    """The reference profile of a version."""
    found = await db.fetchrow(
        f"SELECT {VIEW.table.columns} FROM reference_profiles"  # noqa: S608  # our names
        " WHERE model = $1 AND version = $2",
        model,
        version,
    )
    return _row(found) if found is not None else None


async def of_versions(db: Db, wanted: Collection[ReferenceKey]) -> dict[ReferenceKey, ReferenceRow]:
    """The reference profiles of some versions, as far as they have one."""
    rows = await db.fetch(
        f"SELECT {VIEW.table.columns} FROM reference_profiles"  # noqa: S608  # our names
        " JOIN unnest($1::text[], $2::int[]) AS n (model, version) USING (model, version)",
        [model for model, _ in wanted],
        [version for _, version in wanted],
    )
    return {(row.model, row.version): row for row in map(_row, rows)}


def reference(row: ReferenceRow) -> Reference:
    """How live data of the version is counted."""
    columns: dict[str, Column] = {f"feature:{n}": c for n, c in row.profile.features.items()}
    if row.profile.prediction is not None:
        columns["prediction"] = row.profile.prediction
    if row.profile.label is not None:
        columns["label"] = row.profile.label
    return Reference(
        profile=row.digest,
        numbers={n: c.edges for n, c in columns.items() if isinstance(c, NumberColumn)},
        words={n: tuple(c.counts) for n, c in columns.items() if not isinstance(c, NumberColumn)},
        task=row.profile.task,
    )
