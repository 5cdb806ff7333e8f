"""The view of verdicts: what the gates said about a version, each time they looked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rollbook.domain.validation import GateResult, VersionRejected, VersionValidated
from rollbook.eventlog.envelope import EventEnvelope
from rollbook.readmodel.database import Db
from rollbook.readmodel.place import At
from rollbook.readmodel.table import PLACE, Table
from rollbook.readmodel.view import Appended, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictRow:
    """What the gates found."""

    model: str
    version: int
    stage: str
    """`validated` or `rejected`."""
    gates: tuple[GateResult, ...]
    policy: str | None
    digest: str
    barred: dict[str, tuple[str, ...]]
    """Environment -> gates that keep the version out of there, and only of there."""
    position: At
    decided_at: datetime
    decided_by: str


def project(event: EventEnvelope) -> Sequence[VerdictRow]:
    """The row that `event` adds."""
    match event.message:
        case (VersionValidated() | VersionRejected()) as fact:
            return (
                VerdictRow(
                    model=event.model or "",
                    version=fact.version,
                    stage="validated" if isinstance(fact, VersionValidated) else "rejected",
                    gates=fact.gates,
                    policy=fact.policy,
                    digest=fact.digest,
                    barred=fact.barred,
                    position=event.position,
                    decided_at=event.time,
                    decided_by=event.actor,
                ),
            )
        case _:
            return ()


VIEW: Appended[VerdictRow] = Appended(
    table=Table(
        "verdicts",
        key={"model": "text", "version": "int"},
        fixed={
            "stage": "text",
            "gates": "jsonb",
            "policy": "text",
            "digest": "text",
            "barred": "jsonb",
            **PLACE,
            "decided_at": "timestamptz",
            "decided_by": "text",
        },
        values={"gates": lambda row: [gate.model_dump(mode="json") for gate in row.gates]},
    ),
    events=frozenset((VersionValidated, VersionRejected)),
    project=project,
)

# Queries


def _row(found: Any) -> VerdictRow:
    values = plain(found)
    gates = tuple(GateResult.model_validate(gate) for gate in values.pop("gates"))
    barred = {name: tuple(failed) for name, failed in values.pop("barred").items()}
    return VerdictRow(gates=gates, barred=barred, **values)


async def of(db: Db, key: str, version: int, limit: int = 100) -> list[VerdictRow]:
    """The verdicts about the version, newest first: the first one holds."""
    rows = await db.fetch(
        f"SELECT {VIEW.table.columns} FROM verdicts"  # noqa: S608  # our names
        " WHERE model = $1 AND version = $2 ORDER BY off DESC LIMIT $3",
        key,
        version,
        limit,
    )
    return [_row(row) for row in rows]
