"""The view of signatures that were attached to versions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rollbook.domain.signatures import SignatureAttached, Signed
from rollbook.domain.versions import VersionRegistered
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
    variant: str | None = None
    """Which of its variants was signed; None: its own artifact."""
    position: At
    attached_at: datetime
    attached_by: str


def project(event: EventEnvelope) -> Sequence[SignatureRow]:
    """The row that `event` adds."""
    match event.message:
        case SignatureAttached(variant=variant) as fact:
            return (_row(event, fact.version, fact, variant),)
        case VersionRegistered(version=number, signed=Signed() as signed):
            return (_row(event, number, signed, None),)
        case _:
            return ()


def _row(
    event: EventEnvelope, version: int, signed: Signed | SignatureAttached, variant: str | None
) -> SignatureRow:
    return SignatureRow(
        model=event.model or "",
        version=version,
        signer=signed.signer,
        digest=signed.digest,
        bundle=signed.bundle,
        variant=variant,
        position=event.position,
        attached_at=event.time,
        attached_by=event.actor,
    )


VIEW: Appended[SignatureRow] = Appended(
    table=Table(
        "signatures",
        key={"model": "text", "version": "int"},
        fixed={
            "signer": "text",
            "digest": "text",
            "bundle": "text",
            "variant": "text",
            **PLACE,
            "attached_at": "timestamptz",
            "attached_by": "text",
        },
    ),
    events=frozenset((SignatureAttached, VersionRegistered)),
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
