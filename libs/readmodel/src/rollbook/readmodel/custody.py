"""The views of who keeps artifacts and for how long: legal holds, and what namespaces want."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

from rollbook.domain.holds import VersionHeld, VersionReleased
from rollbook.domain.retention import RetentionSet
from rollbook.domain.rulebook import Retention
from rollbook.eventlog.envelope import EventEnvelope
from rollbook.readmodel.database import Db, storable
from rollbook.readmodel.place import At
from rollbook.readmodel.scope import Scope, filled, holds, likes
from rollbook.readmodel.table import PLACE, Table
from rollbook.readmodel.view import Kept, plain

HoldKey: TypeAlias = tuple[str, int]
"""Model and version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRow:
    """A legal hold, or the fact that it was lifted."""

    model: str
    version: int
    held: bool
    reason: str
    position: At
    """Of the event that placed or lifted it."""
    time: datetime
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionRow:
    """How long a namespace's artifacts are kept."""

    namespace: str
    version: int
    retention: Retention
    position: At
    set_at: datetime
    set_by: str


def _key(event: EventEnvelope) -> HoldKey:
    fact: Any = event.message
    return event.model or "", fact.version


def project(_: HoldRow | None, event: EventEnvelope) -> HoldRow:
    """The row after `event`."""
    fact: Any = event.message
    return HoldRow(
        model=event.model or "",
        version=fact.version,
        held=isinstance(fact, VersionHeld),
        reason=storable(fact.reason),
        position=event.position,
        time=event.time,
        actor=event.actor,
    )


HOLDS: Final[Kept[HoldKey, HoldRow]] = Kept(
    table=Table(
        "holds",
        key={"model": "text", "version": "int"},
        fixed={},
        changing={
            "held": "boolean",
            "reason": "text",
            **PLACE,
            "time": "timestamptz",
            "actor": "text",
        },
    ),
    events=frozenset((VersionHeld, VersionReleased)),
    begins=None,
    key=_key,
    project=project,
    row=lambda found: HoldRow(**plain(found)),
    key_of=lambda row: (row.model, row.version),
)


def project_retention(_: RetentionRow | None, event: EventEnvelope) -> RetentionRow:
    """The row after `event`."""
    assert isinstance(event.message, RetentionSet)  # noqa: S101
    return RetentionRow(
        namespace=event.model or "",
        version=event.message.version,
        retention=event.message.retention,
        position=event.position,
        set_at=event.time,
        set_by=event.actor,
    )


def _retention(found: Any) -> RetentionRow:
    values = plain(found)
    return RetentionRow(retention=Retention.model_validate(values.pop("retention")), **values)


RETENTION: Final[Kept[str, RetentionRow]] = Kept(
    table=Table(
        "retention",
        key={"namespace": "text"},
        fixed={},
        changing={
            "version": "int",
            "retention": "jsonb",
            **PLACE,
            "set_at": "timestamptz",
            "set_by": "text",
        },
        values={"retention": lambda row: row.retention.model_dump(mode="json")},
    ),
    events=frozenset((RetentionSet,)),
    begins=None,
    key=lambda event: event.model or "",
    project=project_retention,
    row=_retention,
    key_of=lambda row: row.namespace,
)

# Queries

_HOLDS = f"SELECT {HOLDS.table.columns} FROM holds"  # noqa: S608  # our names
_RETENTION = f"SELECT {RETENTION.table.columns} FROM retention"  # noqa: S608  # our names


async def held(
    db: Db,
    namespace: str | None = None,
    scope: Scope | None = None,
    after: HoldKey = ("", 0),
    limit: int = 100,
) -> list[HoldRow]:
    """The holds that stand, by model and version, those after `after`."""

    async def fetch(last: HoldRow | None) -> list[HoldRow]:
        rows = await db.fetch(
            f"{_HOLDS} WHERE held AND (model, version) > ($1, $2)"
            " AND ($3::text IS NULL OR split_part(model, '/', 1) = $3)"
            " AND ($4::text[] IS NULL OR model LIKE ANY($4))"
            " ORDER BY model, version LIMIT $5",
            *((last.model, last.version) if last else after),
            namespace,
            likes(scope),
            limit,
        )
        return [HoldRow(**plain(row)) for row in rows]

    return await filled(fetch, lambda row: holds(scope, row.model), limit)


async def retention(db: Db, namespace: str) -> RetentionRow | None:
    """How long the namespace's artifacts are kept; None where nobody has said."""
    found = await db.fetchrow(f"{_RETENTION} WHERE namespace = $1", namespace)
    return _retention(found) if found else None
