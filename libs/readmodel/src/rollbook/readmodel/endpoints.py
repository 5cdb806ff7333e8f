"""The view of endpoints: who is told of what happens to a namespace's models."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, TypeAlias

from rollbook.domain.endpoints import EndpointDropped, EndpointSecretRotated, EndpointSet
from rollbook.eventlog.envelope import EventEnvelope
from rollbook.readmodel.database import Db
from rollbook.readmodel.place import At
from rollbook.readmodel.table import PLACE, Table
from rollbook.readmodel.view import Kept, plain

EndpointKey: TypeAlias = tuple[str, str]
"""Namespace and endpoint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointRow:
    """An endpoint as it was set last, or the fact that it was dropped."""

    namespace: str
    endpoint: str
    version: int
    digest: str
    document: dict[str, Any]
    """An `Endpoint`, as JSON has it."""
    in_force: bool
    rotation: int
    """Of its secret: counts from 1."""
    overlap_until: datetime | None
    """Until then, what is sent is signed by the secret before as well."""
    position: At
    """Of the newest event about it."""
    time: datetime
    actor: str


def _key(event: EventEnvelope) -> EndpointKey:
    fact: Any = event.message
    return event.model or "", fact.endpoint


def project(row: EndpointRow | None, event: EventEnvelope) -> EndpointRow:
    """The row after `event`; LookupError when it cannot follow."""
    told: dict[str, Any] = {"position": event.position, "time": event.time, "actor": event.actor}
    match event.message:
        case EndpointSet(version=version, digest=digest, document=document) as fact:
            before = row.rotation if row is not None else 1
            return EndpointRow(
                namespace=event.model or "",
                endpoint=fact.endpoint,
                version=version,
                digest=digest,
                document=document,
                in_force=True,
                rotation=before,
                overlap_until=row.overlap_until if row is not None else None,
                **told,
            )
        case EndpointDropped() if row is not None and row.in_force:
            more: Any = {"in_force": False, "rotation": row.rotation + 1, "overlap_until": None}
            return replace(row, **more, **told)
        case EndpointSecretRotated() as rotated if row is not None and row.in_force:
            more = {"rotation": rotated.rotation, "overlap_until": rotated.overlap_until}
            return replace(row, **more, **told)
        case _:
            raise LookupError("the endpoint is not in force")


def _row(found: Any) -> EndpointRow:
    return EndpointRow(**plain(found))


VIEW: Final[Kept[EndpointKey, EndpointRow]] = Kept(
    table=Table(
        "endpoints",
        key={"namespace": "text", "endpoint": "text"},
        fixed={},
        changing={
            "version": "int",
            "digest": "text",
            "document": "jsonb",
            "in_force": "boolean",
            "rotation": "int",
            "overlap_until": "timestamptz",
            **PLACE,
            "time": "timestamptz",
            "actor": "text",
        },
    ),
    events=frozenset((EndpointSet, EndpointDropped, EndpointSecretRotated)),
    begins=None,
    key=_key,
    project=project,
    row=_row,
    key_of=lambda row: (row.namespace, row.endpoint),
)

# Queries

_SELECT = f"SELECT {VIEW.table.columns} FROM endpoints"  # noqa: S608  # our names


async def get(db: Db, namespace: str, name: str) -> EndpointRow | None:
    """The namespace's endpoint, or None when none of this name is in force."""
    found = await db.fetchrow(
        f"{_SELECT} WHERE namespace = $1 AND endpoint = $2 AND in_force", namespace, name
    )
    return _row(found) if found else None


async def page(db: Db, namespace: str, after: str = "", limit: int = 100) -> list[EndpointRow]:
    """Those in force in the namespace, in alphabetical order, those after `after`."""
    rows = await db.fetch(
        f"{_SELECT} WHERE namespace = $1 AND endpoint > $2 AND in_force ORDER BY endpoint LIMIT $3",
        namespace,
        after,
        limit,
    )
    return [_row(row) for row in rows]


async def every(db: Db) -> list[EndpointRow]:
    """All that are in force."""
    rows = await db.fetch(f"{_SELECT} WHERE in_force ORDER BY namespace, endpoint")
    return [_row(row) for row in rows]
