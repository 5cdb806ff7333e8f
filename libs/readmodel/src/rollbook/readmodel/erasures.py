"""The view of erasures: which references have nothing behind them any more, and why."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from rollbook.domain.erasure import PERSON, PersonalDataErased
from rollbook.eventlog.envelope import EventEnvelope
from rollbook.readmodel.database import Db, storable
from rollbook.readmodel.place import At
from rollbook.readmodel.table import PLACE, Table
from rollbook.readmodel.vault import reference_of
from rollbook.readmodel.view import Appended, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureRow:
    """Personal data that is gone."""

    namespace: str
    reference: str
    """`personal:<uuid>`, or `person:<SHA-256 of a subject>`."""
    reason: str
    position: At
    erased_at: datetime
    erased_by: str


def project(event: EventEnvelope) -> Sequence[ErasureRow]:
    """The rows that `event` adds; behind what is no reference nothing can stand."""
    if not isinstance(event.message, PersonalDataErased):
        return ()
    reason = storable(event.message.reason)
    return [
        ErasureRow(
            namespace=event.model or "",
            reference=reference,
            reason=reason,
            position=event.position,
            erased_at=event.time,
            erased_by=event.actor,
        )
        for reference in dict.fromkeys(event.message.references)
        if reference.startswith(PERSON) or reference_of(reference) is not None
    ]


VIEW: Appended[ErasureRow] = Appended(
    table=Table(
        "erasures",
        key={"namespace": "text", "reference": "text"},
        fixed={
            "reason": "text",
            **PLACE,
            "erased_at": "timestamptz",
            "erased_by": "text",
        },
    ),
    events=frozenset((PersonalDataErased,)),
    project=project,
)

# Queries


async def of(db: Db, namespace: str, references: Collection[str]) -> list[ErasureRow]:
    """The erasures of those of `references` that were erased, oldest first."""
    rows = await db.fetch(
        f"SELECT {VIEW.table.columns} FROM erasures"  # noqa: S608  # our names
        " WHERE namespace = $1 AND reference = ANY($2::text[]) ORDER BY off, reference",
        namespace,
        list(references),
    )
    return [ErasureRow(**plain(row)) for row in rows]
