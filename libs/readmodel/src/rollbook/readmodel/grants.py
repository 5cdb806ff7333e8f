"""The view of grants: who may or might do what, with those that hold no longer."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias

from rollbook.domain.grants import RoleGranted, RoleRevoked
from rollbook.domain.tenancy import Role
from rollbook.eventlog.envelope import EventEnvelope
from rollbook.readmodel.database import Db, storable
from rollbook.readmodel.place import At
from rollbook.readmodel.table import PLACE, Table
from rollbook.readmodel.view import Kept, plain

GrantKey: TypeAlias = tuple[str, int]
"""Namespace and number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRow:
    """A role for somebody in a namespace."""

    namespace: str
    number: int
    """Counts the namespace's grants from 1."""
    subject: str
    role: Role
    models: str
    """Pattern of the names of the models that it is for."""
    environments: str
    title: str | None
    """In whose name an approver signs."""
    until: datetime | None
    """When it ends by itself."""
    reason: str
    position: At
    granted_at: datetime
    granted_by: str
    revoked_at: datetime | None = None
    revoked_by: str | None = None
    revoked_reason: str | None = None


def key(event: EventEnvelope) -> GrantKey:
    """The grant that `event` is about."""
    return event.model or "", event.message.grant  # type: ignore[union-attr]  # all events here have one


def project(row: GrantRow | None, event: EventEnvelope) -> GrantRow:
    """The row after `event`; LookupError when it cannot follow."""
    match event.message:
        case RoleGranted() as fact if row is None:
            return GrantRow(
                namespace=event.model or "",
                number=fact.grant,
                subject=fact.subject,
                role=fact.role,
                models=fact.models,
                environments=fact.environments,
                title=fact.title,
                until=fact.until,
                reason=storable(fact.reason),
                position=event.position,
                granted_at=event.time,
                granted_by=event.actor,
            )
        case RoleRevoked(reason=reason) if row is not None and row.revoked_at is None:
            return replace(
                row,
                revoked_at=event.time,
                revoked_by=event.actor,
                revoked_reason=storable(reason),
            )
        case _:
            raise LookupError("the grant was made already, or does not hold")


def _row(found: Any) -> GrantRow:
    values = plain(found)
    return GrantRow(role=Role(values.pop("role")), **values)


VIEW: Kept[GrantKey, GrantRow] = Kept(
    table=Table(
        "grants",
        key={"namespace": "text", "number": "int"},
        fixed={
            "subject": "text",
            "role": "text",
            "models": "text",
            "environments": "text",
            "title": "text",
            "until": "timestamptz",
            "reason": "text",
            **PLACE,
            "granted_at": "timestamptz",
            "granted_by": "text",
        },
        changing={
            "revoked_at": "timestamptz",
            "revoked_by": "text",
            "revoked_reason": "text",
        },
        values={"role": lambda row: row.role.value},
    ),
    events=frozenset((RoleGranted, RoleRevoked)),
    begins=RoleGranted,
    key=key,
    project=project,
    row=_row,
    key_of=lambda row: (row.namespace, row.number),
)

# Queries

_SELECT = f"SELECT {VIEW.table.columns} FROM grants"  # noqa: S608  # our names


async def page(db: Db, namespace: str, after: int = 0, limit: int = 100) -> list[GrantRow]:
    """The namespace's grants in order of number, those after `after`, also revoked ones."""
    rows = await db.fetch(
        f"{_SELECT} WHERE namespace = $1 AND number > $2 ORDER BY number LIMIT $3",
        namespace,
        after,
        limit,
    )
    return [_row(row) for row in rows]


async def holding(db: Db, now: datetime, namespace: str) -> list[GrantRow]:
    """The namespace's grants that hold at `now`, in order of number."""
    rows = await db.fetch(
        f"{_SELECT} WHERE namespace = $1 AND revoked_at IS NULL AND (until IS NULL OR until > $2)"
        " ORDER BY number",
        namespace,
        now,
    )
    return [_row(row) for row in rows]


async def of(db: Db, subject: str) -> list[GrantRow]:
    """Everything that was ever granted to a subject, in all namespaces."""
    rows = await db.fetch(f"{_SELECT} WHERE subject = $1 ORDER BY namespace, number", subject)
    return [_row(row) for row in rows]
