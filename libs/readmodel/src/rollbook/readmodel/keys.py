"""The view of machines' keys: their public halves, with those that may no longer be used."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias

from rollbook.domain.grants import KeyIssued, KeyRevoked
from rollbook.domain.tenancy import Role
from rollbook.eventlog.envelope import EventEnvelope
from rollbook.readmodel.database import Db, storable
from rollbook.readmodel.place import At
from rollbook.readmodel.table import PLACE, Table
from rollbook.readmodel.view import Kept, plain

KeyKey: TypeAlias = tuple[str, str]
"""Namespace and key id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRow:
    """A machine's key, as it was issued last."""

    namespace: str
    key: str
    """First 16 hexadecimal digits of the SHA-256 of the public half."""
    account: str
    public_key: str
    """Ed25519, base64url without padding."""
    until: datetime
    roles: tuple[Role, ...]
    """What it may be used as, of what its account is granted; nothing: all of it."""
    position: At
    issued_at: datetime
    issued_by: str
    revoked_at: datetime | None = None
    revoked_by: str | None = None
    revoked_reason: str | None = None


def key(event: EventEnvelope) -> KeyKey:
    """The key that `event` is about."""
    return event.model or "", event.message.key  # type: ignore[union-attr]  # all events here have one


def project(row: KeyRow | None, event: EventEnvelope) -> KeyRow:
    """The row after `event`; LookupError when it cannot follow."""
    match event.message:
        case KeyIssued() as fact:
            return KeyRow(
                namespace=event.model or "",
                key=fact.key,
                account=fact.account,
                public_key=fact.public_key,
                until=fact.until,
                roles=fact.roles,
                position=event.position,
                issued_at=event.time,
                issued_by=event.actor,
            )
        case KeyRevoked(reason=reason) if row is not None and row.revoked_at is None:
            return replace(
                row,
                revoked_at=event.time,
                revoked_by=event.actor,
                revoked_reason=storable(reason),
            )
        case _:
            raise LookupError("the key may not be used already")


def _row(found: Any) -> KeyRow:
    values = plain(found)
    return KeyRow(roles=tuple(map(Role, values.pop("roles"))), **values)


VIEW: Kept[KeyKey, KeyRow] = Kept(
    table=Table(
        "keys",
        key={"namespace": "text", "key": "text"},
        fixed={},
        changing={
            "account": "text",
            "public_key": "text",
            "until": "timestamptz",
            "roles": "jsonb",
            **PLACE,
            "issued_at": "timestamptz",
            "issued_by": "text",
            "revoked_at": "timestamptz",
            "revoked_by": "text",
            "revoked_reason": "text",
        },
    ),
    events=frozenset((KeyIssued, KeyRevoked)),
    begins=None,
    key=key,
    project=project,
    row=_row,
    key_of=lambda row: (row.namespace, row.key),
)

# Queries

_SELECT = f"SELECT {VIEW.table.columns} FROM keys"  # noqa: S608  # our names


async def get(db: Db, namespace: str, key: str) -> KeyRow | None:
    """The namespace's key, or None when it was never issued."""
    found = await db.fetchrow(f"{_SELECT} WHERE namespace = $1 AND key = $2", namespace, key)
    return _row(found) if found else None


async def page(db: Db, namespace: str, after: str = "", limit: int = 100) -> list[KeyRow]:
    """The namespace's keys in order of key id, those after `after`, also revoked ones."""
    rows = await db.fetch(
        f"{_SELECT} WHERE namespace = $1 AND key > $2 ORDER BY key LIMIT $3",
        namespace,
        after,
        limit,
    )
    return [_row(row) for row in rows]
