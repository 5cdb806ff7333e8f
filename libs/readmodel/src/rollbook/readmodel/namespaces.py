"""The view of namespaces: what governs the models whose names begin with them."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from rollbook.domain.namespace import NamespaceEvent
from rollbook.domain.rulebook import MetadataSchema, Rules
from rollbook.domain.rules import MetadataSchemaSet, RulesSet
from rollbook.eventlog.envelope import EventEnvelope
from rollbook.readmodel.database import Connection, Db
from rollbook.readmodel.place import At
from rollbook.readmodel.table import PLACE, Table
from rollbook.readmodel.view import of, plain

EVENTS = of(NamespaceEvent)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamespaceRow:
    """A namespace as it is now; one to which nothing has happened has no row."""

    namespace: str
    rules: Rules
    rules_version: int
    """0 while nobody has set any: the rules are the defaults, which restrict nothing."""
    metadata: MetadataSchema | None
    """What the record of a version must hold."""
    schema_version: int
    adapters: tuple[dict[str, str], ...]
    """Old name -> new name of properties, for each step from one schema version to the next."""
    seq: int
    """How many events; what `expected_seq` is compared with."""
    head: str
    """SHA-256 (hexadecimal) of the newest event."""
    position: At
    """Of the newest event."""
    created_at: datetime
    created_by: str
    updated_at: datetime
    parked: str | None = None
    """Why this row and everything of the namespace itself stands still, if it does."""


TABLE: Table[NamespaceRow] = Table(
    "namespaces",
    key={"namespace": "text"},
    fixed={"partition": "int", "created_at": "timestamptz", "created_by": "text"},
    changing={
        "rules": "jsonb",
        "rules_version": "int",
        "metadata": "jsonb",
        "schema_version": "int",
        "adapters": "jsonb",
        "seq": "bigint",
        "head": "text",
        "off": PLACE["off"],
        "updated_at": "timestamptz",
    },
    values={
        "rules": lambda row: row.rules.model_dump(mode="json", exclude_defaults=True),
        "metadata": lambda row: row.metadata and row.metadata.model_dump(mode="json"),
    },
)


def project(row: NamespaceRow | None, event: EventEnvelope) -> NamespaceRow:
    """What `event` makes of the namespace itself; LookupError when it cannot follow."""
    if type(event.message) not in EVENTS:
        raise LookupError("an event of a model stands in the stream of a namespace")
    row = row or _first(event)
    match event.message:
        case RulesSet(version=version, rules=rules):
            return replace(row, rules=rules, rules_version=version)
        case MetadataSchemaSet(version=version, metadata=metadata):
            return replace(
                row,
                metadata=metadata,
                schema_version=version,
                adapters=(*row.adapters, metadata.renamed),
            )
        case _:
            return row


def moved(row: NamespaceRow, event: EventEnvelope, head: str) -> NamespaceRow:
    """The row with `event`, whose digest is `head`, as its newest."""
    return replace(row, seq=event.seq, head=head, position=event.position, updated_at=event.time)


def _first(event: EventEnvelope) -> NamespaceRow:
    return NamespaceRow(
        namespace=event.model or "",
        rules=Rules(),
        rules_version=0,
        metadata=None,
        schema_version=0,
        adapters=(),
        seq=0,
        head="",
        position=event.position,
        created_at=event.time,
        created_by=event.actor,
        updated_at=event.time,
    )


# Queries

_FROM = (
    f"SELECT {TABLE.columns}, p.reason AS parked"  # noqa: S608  # our names
    " FROM namespaces n LEFT JOIN (SELECT model, reason FROM parked) p ON p.model = n.namespace"
)


def _row(found: Any) -> NamespaceRow:
    values = plain(found)
    metadata = values.pop("metadata")
    return NamespaceRow(
        rules=Rules.model_validate(values.pop("rules")),
        metadata=MetadataSchema.model_validate(metadata) if metadata is not None else None,
        adapters=tuple(values.pop("adapters")),
        **values,
    )


async def get(db: Db, namespace: str) -> NamespaceRow | None:
    """The namespace, or None when nothing has happened to it itself."""
    found = await db.fetchrow(f"{_FROM} WHERE n.namespace = $1", namespace)
    return _row(found) if found else None


async def page(db: Db, after: str | None = None, limit: int = 100) -> list[NamespaceRow]:
    """Governed namespaces in alphabetical order, those after `after`."""
    rows = await db.fetch(
        f"{_FROM} WHERE n.namespace > $1 ORDER BY n.namespace LIMIT $2", after or "", limit
    )
    return [_row(row) for row in rows]


async def names(db: Db) -> list[str]:
    """All namespaces that govern or hold models, in alphabetical order."""
    rows = await db.fetch(
        "SELECT namespace FROM namespaces UNION SELECT DISTINCT namespace FROM models ORDER BY 1"
    )
    return [row["namespace"] for row in rows]


# What the projector reads and writes


async def load(db: Connection, names: Collection[str]) -> dict[str, NamespaceRow]:
    """The rows of those of `names` that are there."""
    return {row["namespace"]: _row(row) for row in await TABLE.load(db, names)}
