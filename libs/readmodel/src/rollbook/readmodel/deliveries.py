"""What is to be sent to endpoints, and what became of it: a table of the notifier's, not a view."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias
from uuid import UUID

from rollbook.readmodel.database import Db
from rollbook.readmodel.place import At
from rollbook.readmodel.view import plain

DeliveryState: TypeAlias = Literal["waiting", "delivered", "given_up", "dropped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRow:
    """An event on its way to an endpoint."""

    number: int
    """The order in which the endpoint gets them."""
    namespace: str
    endpoint: str
    position: At
    """Of the event."""
    id: str
    """Of the event: `webhook-id` of what is sent, and sent again."""
    type: str
    model: str | None
    state: DeliveryState
    attempts: int
    created_at: datetime
    next_at: datetime
    """When it is tried again, at the earliest."""
    give_up_at: datetime
    ended_at: datetime | None
    said: str
    """What came of the last attempt."""


COLUMNS: Final = ", ".join(
    (
        "number, namespace, endpoint, partition, off, id, type, model, state, attempts",
        "created_at, next_at, give_up_at, ended_at, said",
    )
)


def row_of(found: Any) -> DeliveryRow:
    """The row that a record of `deliveries` holds."""
    values = plain(found)
    identity: UUID = values.pop("id")
    return DeliveryRow(id=str(identity), **values)


async def newest(
    db: Db,
    namespace: str,
    endpoint: str,
    *,
    state: DeliveryState | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[DeliveryRow]:
    """An endpoint's deliveries, newest first, those before number `before`."""
    rows = await db.fetch(
        f"SELECT {COLUMNS} FROM deliveries WHERE namespace = $1 AND endpoint = $2"  # noqa: S608
        " AND ($3::text IS NULL OR state = $3) AND ($4::bigint IS NULL OR number < $4)"
        " ORDER BY number DESC LIMIT $5",
        namespace,
        endpoint,
        state,
        before,
        limit,
    )
    return [row_of(row) for row in rows]
