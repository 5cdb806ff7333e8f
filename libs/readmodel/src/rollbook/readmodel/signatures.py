"""The view of signatures that were attached to versions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rollbook.domain.signatures import SignatureAttached
from rollbook.eventlog.envelope import EventEnvelope
from rollbook.readmodel.database import Db
from rollbook.readmodel.place import At
from rollbook.readmodel.table import PLACE, Table
from rollbook.readmodel.view import Appended, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureRow:
    """A signature, as it was attached; whether it is right, its reader finds out."""

    model: str
    version: int
    signer: str
    """As the bundle says."""
    digest: str
    """Of the bundle."""
    bundle: str
    position: At
    attached_at: datetime
    attached_by: str


def project(event: EventEnvelope) -> Sequence[SignatureRow]:
    """The row that `event` adds."""
    match event.message:
        case SignatureAttached() as fact:
            return (
                SignatureRow(
                    model=event.model or "",
                    version=fact.version,
                    signer=fact.signer,
                    digest=fact.digest,
                    bundle=fact.bundle,
                    position=event.position,
                    attached_at=event.time,
                    attached_by=event.actor,
                ),
            )
        case _:
            return ()


VIEW: Appended[SignatureRow] = Appended(
    table=Table(
        "signatures",
        key={"model": "text", "version": "int"},
        fixed={
            "signer": "text",
            "digest": "text",
            "bundle": "text",
            **PLACE,
            "attached_at": "timestamptz",
            "attached_by": "text",
        },
    ),
    events=frozenset((SignatureAttached,)),
    project=project,
)

# Queries


async def of(db: Db, key: str, version: int) -> list[SignatureRow]:
    """The version's signatures in the order in which they were attached."""
    rows = await db.fetch(
        f"SELECT {VIEW.table.columns} FROM signatures"  # noqa: S608  # our names
        " WHERE model = $1 AND version = $2 ORDER BY off",
        key,
        version,
    )
    return [SignatureRow(**plain(row)) for row in rows]
