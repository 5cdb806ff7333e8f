"""The view of policies: the gates that versions of a namespace's models must pass."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

from rollbook.domain.policies import PolicyDropped, PolicySaved
from rollbook.eventlog.envelope import EventEnvelope
from rollbook.eventlog.position import Position
from rollbook.readmodel.database import Db
from rollbook.readmodel.place import At
from rollbook.readmodel.table import PLACE, Table
from rollbook.readmodel.view import Kept, plain

PolicyKey: TypeAlias = tuple[str, str]
"""Namespace and policy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRow:
    """A policy as it was saved last, or the fact that it was dropped."""

    namespace: str
    policy: str
    version: int
    digest: str
    document: dict[str, Any]
    """A `Policy`, as JSON has it; that of one that was dropped is the last one that held."""
    in_force: bool
    position: At
    """Of the event that saved or dropped it."""
    time: datetime
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PastPolicy:
    """A policy as one of its versions said."""

    namespace: str
    policy: str
    version: int
    digest: str
    document: dict[str, Any]
    position: At
    time: datetime
    actor: str


def _key(event: EventEnvelope) -> PolicyKey:
    fact: Any = event.message
    return event.model or "", fact.policy


def project(row: PolicyRow | None, event: EventEnvelope) -> PolicyRow:
    """The row after `event`; LookupError when it cannot follow."""
    fact: Any = event.message
    if isinstance(fact, PolicySaved):
        version, digest, document = fact.version, fact.digest, fact.document
    elif row is not None and row.in_force:
        version, digest, document = row.version, row.digest, row.document
    else:
        raise LookupError("a policy was dropped that is not in force")
    return PolicyRow(
        namespace=event.model or "",
        policy=fact.policy,
        version=version,
        digest=digest,
        document=document,
        in_force=isinstance(fact, PolicySaved),
        position=event.position,
        time=event.time,
        actor=event.actor,
    )


def _row(found: Any) -> PolicyRow:
    return PolicyRow(**plain(found))


VIEW: Final[Kept[PolicyKey, PolicyRow]] = Kept(
    table=Table(
        "policies",
        key={"namespace": "text", "policy": "text"},
        fixed={},
        changing={
            "version": "int",
            "digest": "text",
            "document": "jsonb",
            "in_force": "boolean",
            **PLACE,
            "time": "timestamptz",
            "actor": "text",
        },
    ),
    events=frozenset((PolicySaved, PolicyDropped)),
    begins=None,
    key=_key,
    project=project,
    row=_row,
    key_of=lambda row: (row.namespace, row.policy),
)

# Queries

_SELECT = f"SELECT {VIEW.table.columns} FROM policies"  # noqa: S608  # our names


async def get(db: Db, namespace: str, name: str) -> PolicyRow | None:
    """The namespace's policy, or None when none of this name is in force."""
    found = await db.fetchrow(
        f"{_SELECT} WHERE namespace = $1 AND policy = $2 AND in_force", namespace, name
    )
    return _row(found) if found else None


async def page(db: Db, namespace: str, after: str = "", limit: int = 100) -> list[PolicyRow]:
    """Those in force in the namespace, in alphabetical order, those after `after`."""
    rows = await db.fetch(
        f"{_SELECT} WHERE namespace = $1 AND policy > $2 AND in_force ORDER BY policy LIMIT $3",
        namespace,
        after,
        limit,
    )
    return [_row(row) for row in rows]


async def past(db: Db, namespace: str, name: str, version: int) -> PastPolicy | None:
    """What one of its versions said, in force or not."""
    found = await db.fetchrow(
        'SELECT partition, off, "time", actor, data FROM history'
        " WHERE type = 'PolicySaved' AND model = $1 AND data ->> 'policy' = $2"
        " AND (data ->> 'version')::int = $3 ORDER BY off LIMIT 1",
        namespace,
        name,
        version,
    )
    if found is None:
        return None
    return PastPolicy(
        namespace=namespace,
        policy=name,
        version=version,
        digest=found["data"]["digest"],
        document=found["data"]["document"],
        position=Position(found["partition"], found["off"]),
        time=found["time"],
        actor=found["actor"],
    )
