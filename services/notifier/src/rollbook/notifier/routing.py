"""Writes what is to be sent, with how far it has looked: one transaction for each partition."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError

from rollbook.domain.endpointdocs import Endpoint
from rollbook.notifier.handlers import Happened, Owner, Wanted, wanted
from rollbook.readmodel import endpoints, offsets
from rollbook.readmodel.database import Connection, Db
from rollbook.readmodel.endpoints import EndpointKey, EndpointRow

PAGE: Final = 1000

_NEW: Final = (
    "SELECT partition, off, id, type, model, data->>'endpoint' AS endpoint, data->>'since' AS since"
    " FROM history WHERE partition = $1 AND off >= $2 AND off < $3 AND type NOT LIKE 'Command%'"
    " ORDER BY off LIMIT $4"
)


async def standing(db: Db) -> dict[EndpointKey, tuple[EndpointRow, Endpoint]]:
    """The endpoints in force that today's code can read."""
    found = {}
    for row in await endpoints.every(db):
        try:
            document = Endpoint.model_validate(row.document)
        except ValidationError:
            continue  # of a newer release than ours: that one sends
        found[row.namespace, row.endpoint] = row, document
    return found


async def route(db: Connection, documents: Mapping[EndpointKey, Endpoint]) -> bool:
    """Write what new events ask for; whether there is more."""
    more = False
    rows: list[Any] = await db.fetch("SELECT partition, off FROM notifier_places")
    looked = {row["partition"]: row["off"] for row in rows}
    for partition, place in (await offsets.places(db)).items():
        if looked.get(partition, -1) < place.offset:
            async with db.transaction():
                more |= await _route(db, partition, place.offset, documents)
    return more


async def _route(
    db: Connection, partition: int, end: int, documents: Mapping[EndpointKey, Endpoint]
) -> bool:
    start = await db.fetchval(
        "SELECT off FROM notifier_places WHERE partition = $1 FOR UPDATE", partition
    )
    if start is None:  # what happened before there was a notifier, nobody is told of
        await db.execute(
            "INSERT INTO notifier_places VALUES ($1, $2) ON CONFLICT DO NOTHING", partition, end
        )
        return False
    if start >= end:
        return False
    rows: list[Any] = await db.fetch(_NEW, partition, start, end, PAGE)
    events = [
        Happened(
            row["partition"], row["off"], str(row["id"]), row["type"], row["model"], row["endpoint"]
        )
        for row in rows
    ]
    await _write(db, list(wanted(events, documents, await _owners(db, events))))
    for row in rows:
        await _changed(db, row)
    full = len(rows) == PAGE
    await db.execute(
        "UPDATE notifier_places SET off = $2 WHERE partition = $1",
        partition,
        rows[-1]["off"] + 1 if full else end,
    )
    return full


async def _owners(db: Db, events: Sequence[Happened]) -> dict[str, Owner]:
    rows: list[Any] = await db.fetch(
        "SELECT key, owner, team FROM models WHERE key = ANY($1)",
        list({event.stream for event in events}),
    )
    return {row["key"]: Owner(row["owner"], row["team"]) for row in rows}


async def _write(db: Connection, found: Sequence[Wanted]) -> None:
    await db.executemany(
        "INSERT INTO deliveries (namespace, endpoint, partition, off, id, type, model, state,"
        " next_at, give_up_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 'waiting', now() + $8::interval,"
        " now() + $8::interval + $9::interval) ON CONFLICT DO NOTHING",
        [
            (
                *each.key,
                each.event.partition,
                each.event.offset,
                UUID(each.event.id),
                each.event.type,
                each.event.stream,
                each.wait,
                each.patience,
            )
            for each in found
        ],
    )


async def _changed(db: Connection, row: Any) -> None:
    """What an event about an endpoint does to what waits for it, or was given up."""
    match row["type"]:
        case "EndpointDropped":
            await db.execute(
                "UPDATE deliveries SET state = 'dropped', ended_at = now(),"
                " said = 'the endpoint was dropped'"
                " WHERE namespace = $1 AND endpoint = $2 AND state = 'waiting'",
                row["model"],
                row["endpoint"],
            )
        case "EndpointRedriven":
            since = datetime.fromisoformat(row["since"]) if row["since"] else None
            await db.execute(
                "UPDATE deliveries SET state = 'waiting', attempts = 0, next_at = now(),"
                " give_up_at = now() + (give_up_at - created_at), ended_at = NULL"
                " WHERE namespace = $1 AND endpoint = $2 AND state = 'given_up'"
                " AND ($3::timestamptz IS NULL OR created_at >= $3)",
                row["model"],
                row["endpoint"],
                since,
            )
        case _:
            pass
