"""The views as of a moment: a stream's records up to it, projected again by the code of now.

The rows stand in temporary tables of a connection of its own, under the names of the live ones, so
that every query reads them as it reads those of now. They last as long as their transaction.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias
from uuid import UUID

from rollbook.domain.aliases import AliasRemoved, AliasSet
from rollbook.domain.catalog import CatalogEvent
from rollbook.domain.versions import VersionArchived
from rollbook.eventlog.envelope import EventEnvelope
from rollbook.eventlog.position import Position
from rollbook.eventlog.records import STREAM_EVENTS, decode_message
from rollbook.readmodel import environments, requests, versions, writing
from rollbook.readmodel.changes import APPENDED, KEPT, Changes, Entry, Known
from rollbook.readmodel.database import Connection, Db, Pool, connect, one_moment
from rollbook.readmodel.digests import TABLES
from rollbook.readmodel.history import LAST
from rollbook.readmodel.models import ModelRow
from rollbook.readmodel.namespaces import NamespaceRow
from rollbook.readmodel.parked import ParkedRow
from rollbook.readmodel.view import Kept, of

Moment: TypeAlias = datetime | Position | UUID
"""A time, the place of a record, or the id of one: then as the record left it."""

WHOLE: Final = frozenset(("history", "search", "scores", "profiles", "pointings"))
"""Tables that hold all of the past themselves."""
SHADOWED: Final = tuple(table for table in TABLES if table not in WHOLE)
"""Tables that a connection to the past has of its own."""

MOST_LEFT: Final = 16_000_000
"""Bytes of rows that were taken back, until the tables are emptied."""
_LEFT: Final = (
    "SELECT sum(pg_relation_size(oid))::bigint FROM pg_class"
    " WHERE relnamespace = pg_my_temp_schema()"
)

BEGINNING: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
"""Before every record."""


class UnknownEventError(LookupError):
    """No record of the log has the id."""


@dataclass(frozen=True, slots=True)
class Until:
    """Where a stream's past ends."""

    offset: int
    """Of the last record that counts; -1: none does."""
    time: datetime
    """When it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What of a model will be looked at, beside its own row: so much need not be projected."""

    tables: frozenset[str] | None = None
    """Names of views; None: all of them."""
    versions: Sequence[int | str] | None = None
    """Only these, by number or label; None: all of them."""
    newest: int | None = None
    """Only so many versions, the newest."""


EVERYTHING: Final = Look()

EVENTS: Final[dict[str, frozenset[type]]] = {
    **{view.table.name: view.events for view in KEPT},
    **{view.table.name: view.events for view in APPENDED},
    "requests": requests.VIEW.events | environments.EVENTS | {VersionArchived},
    "environments": environments.EVENTS,
    "aliases": frozenset((AliasSet, AliasRemoved)),
}
"""What each view of a model is made of."""

OWN: Final = of(CatalogEvent)
"""What a model's own row is made of, with the last version's number."""

# Moments


async def until(db: Db, key: str, at: Moment) -> Until:
    """Where a stream's past ends: of records of the same time, the last one still counts.

    A record of another partition stands for its time: partitions have no order but that one.
    `UnknownEventError` when there is no record of that id.
    """
    found = await _settled(db, key, at)
    if isinstance(found, Position):
        return Until(found.offset, await time_of(db, found))
    offset = await db.fetchval(
        'SELECT greatest((SELECT off FROM history WHERE model = $1 AND "time" <= $2'  # noqa: S608
        f" ORDER BY off DESC LIMIT 1), (SELECT off FROM {await _live(db)}.parked"
        ' WHERE model = $1 AND "time" <= $2))',
        key,
        found,
    )
    return Until(-1 if offset is None else offset, found)


async def _settled(db: Db, key: str, at: Moment) -> datetime | Position:
    """A moment as a stream knows it: a time, or a position of the partition that it lives in."""
    if isinstance(at, UUID):
        at = await placed(db, at)
    if isinstance(at, datetime):
        return at
    lives = await db.fetchval("SELECT partition FROM history WHERE model = $1 LIMIT 1", key)
    return at if lives in (None, at.partition) else await time_of(db, at)


async def placed(db: Db, event: UUID) -> Position:
    """Where the record of an id stands; `UnknownEventError` when there is none."""
    found = await db.fetchrow("SELECT partition, off FROM history WHERE id = $1", event)
    if found is None:
        raise UnknownEventError(f"the log has no record {event}, or not yet")
    return Position(found["partition"], found["off"])


async def time_of(db: Db, position: Position) -> datetime:
    """The time of the record at a position, or of the one before where a claim stands there."""
    found: datetime | None = await db.fetchval(
        'SELECT "time" FROM history WHERE partition = $1 AND off <= $2 ORDER BY off DESC LIMIT 1',
        *position,
    )
    return found or BEGINNING


# Connections


async def pool(dsn: str, schema: str, *, largest: int) -> Pool:
    """A pool whose connections can be put back to moments; Postgres may still be down."""
    return await connect(dsn, schema, largest=largest, ready=shadow)


async def shadow(db: Connection) -> None:
    """Give a connection tables of its own for what it will see of the past."""
    await db.execute(
        ";".join(
            f"CREATE TEMPORARY TABLE {table} (LIKE {table}) ON COMMIT DELETE ROWS;"
            f" CREATE UNIQUE INDEX ON pg_temp.{table} ({TABLES[table]})"
            for table in SHADOWED
        )
    )


@asynccontextmanager
async def put_back(
    db: Db, at: Moment, streams: Collection[str], look: Look = EVERYTHING
) -> AsyncIterator[None]:
    """Show the views of some streams, and of nothing else, as of a moment.

    `db` is one of `pool`'s. `UnknownEventError` when there is no record of that id.
    """
    async with one_moment(db):  # READ ONLY lets temporary tables be written
        for key in streams:
            changes = await _changes(db, key, await until(db, key, at), look)
            await writing.save(db, changes)  # type: ignore[arg-type]  # a pool's proxy does, too
        yield
        # To commit is to empty every table there is, which takes longer than all that was read.
        if await db.fetchval(_LEFT) < MOST_LEFT:
            await db.execute("ROLLBACK; BEGIN READ ONLY")


async def _changes(db: Db, key: str, end: Until, look: Look) -> Changes:
    found = await _looked_at(db, key, end.offset, look)
    newest = await _newest(db, key, end.offset)
    still = await db.fetchrow(
        f"SELECT * FROM {await _live(db)}.parked WHERE model = $1 AND off <= $2",  # noqa: S608
        key,
        end.offset,
    )

    def project() -> Changes:
        changes = _Replayed(look)
        changes.take(found)
        if newest is not None:
            changes.end(newest)
        if still is not None:
            place = Position(still["partition"], still["off"])
            changes.take([ParkedRow(key, place, still["time"], still["reason"])])
        return changes

    return await asyncio.to_thread(project)


class _Replayed(Changes):
    """By events that a projector has taken in: their chain is right, and some may be left out."""

    def __init__(self, look: Look) -> None:
        super().__init__(Known({}, {}, {view: {} for view in KEPT}, {}, frozenset()))
        self._look = look

    def end(self, newest: Entry) -> None:
        """The newest event of the stream, which may have been left out itself."""
        self._newest[newest.event.model or ""] = newest.event, newest.digest

    def _views(self, kind: type) -> tuple[Kept[Any, Any], ...]:
        tables = self._look.tables
        views = super()._views(kind)
        return tuple(v for v in views if v.table.name in tables) if tables is not None else views

    def _check_chain(self, row: ModelRow | NamespaceRow | None, event: EventEnvelope) -> None:
        pass


# Records

_SELECT: Final = (
    'SELECT partition, off, seq, type, "time", actor, id, command_id, correlation_id,'
    ' causation_id, claim, prev, origin, origin_time, "schema",'
    " coalesce(raw, convert_to(data::text, 'UTF8')) AS value"
    " FROM history WHERE model = $1 AND off <= $2"
)
_LAST_VERSION: Final = (
    "SELECT off FROM history WHERE model = $1 AND off <= $2 AND type = 'VersionRegistered'"
    " ORDER BY off DESC LIMIT 1"
)


async def records(db: Db, key: str, last: int = LAST) -> Iterator[Entry]:
    """A stream's own events up to an offset, decoded as they are taken."""
    rows = await db.fetch(f"{_SELECT} AND type = ANY($3) ORDER BY off", key, last, _EVERY_EVENT)
    # What an event's digest was, the next one says.
    heads = [*(row["prev"] for row in rows[1:]), await _head(db, key, last) if rows else ""]
    return (Entry(event_of(key, row), b"", head) for row, head in zip(rows, heads, strict=False))


async def _looked_at(db: Db, key: str, last: int, look: Look) -> Iterator[Entry]:
    """Those events that count for what will be looked at; of their chain they tell nothing."""
    if look.tables is None or "/" not in key:
        return await records(db, key, last)
    wanted = OWN.union(*(EVENTS[table] for table in look.tables))
    numbers = await _numbers(db, key, last, look)
    by_number = wanted & versions.VIEW.events if numbers is not None else frozenset()
    rows = await db.fetch(
        f"{_SELECT} AND (type = ANY($3)"
        " OR type = ANY($4) AND (data->>'version')::int = ANY($5)"
        f" OR off = ({_LAST_VERSION})) ORDER BY off",
        key,
        last,
        _names(wanted - by_number),
        _names(by_number),
        numbers or [],
    )
    return (Entry(event_of(key, row), b"", "known") for row in rows)


async def _numbers(db: Db, key: str, last: int, look: Look) -> list[int] | None:
    """The versions that will be looked at; None: all of them."""
    if look.newest is not None:
        most = await db.fetchval(
            "SELECT (data->>'version')::int FROM history"  # noqa: S608  # our names
            f" WHERE model = $1 AND off = ({_LAST_VERSION})",
            key,
            last,
        )
        return list(range(max(1, (most or 0) - look.newest + 1), (most or 0) + 1))
    if look.versions is None:
        return None
    labels = [version for version in look.versions if isinstance(version, str)]
    found = await db.fetch(
        f"SELECT version FROM {await _live(db)}.versions"  # noqa: S608  # our names
        " WHERE model = $1 AND label = ANY($2)",
        key,
        labels,
    )
    numbers = [version for version in look.versions if isinstance(version, int)]
    return [*numbers, *(row["version"] for row in found)]


async def _newest(db: Db, key: str, last: int) -> Entry | None:
    """The newest of a stream's own events up to an offset."""
    row = await db.fetchrow(
        f"{_SELECT} AND type = ANY($3) ORDER BY off DESC LIMIT 1", key, last, _EVERY_EVENT
    )
    return Entry(event_of(key, row), b"", await _head(db, key, last)) if row else None


def _names(kinds: Collection[type]) -> list[str]:
    return [kind.__name__ for kind in kinds]


_EVERY_EVENT: Final = list(STREAM_EVENTS)


async def _head(db: Db, key: str, last: int) -> str:
    """The digest of the last event up to an offset."""
    table, column = ("models", "key") if "/" in key else ("namespaces", "namespace")
    found: str | None = await db.fetchval(
        "SELECT prev FROM history WHERE model = $1 AND off > $2 AND prev IS NOT NULL"
        " ORDER BY off LIMIT 1",
        key,
        last,
    )
    return found or await db.fetchval(
        f"SELECT head FROM {await _live(db)}.{table} WHERE {column} = $1",  # noqa: S608  # our names
        key,
    )


async def _live(db: Db) -> str:
    """Where the live tables stand, which temporary ones hide."""
    name: str = await db.fetchval("SELECT quote_ident(current_schema())")
    return name


def event_of(key: str | None, row: Any) -> EventEnvelope:
    """The event, or answer, that a row of `history` holds; `value` is its value in the log."""
    own = str(row["command_id"]) if row["command_id"] else None
    return EventEnvelope(
        position=Position(row["partition"], row["off"]),
        id=str(row["id"]),
        model=key,
        message=decode_message(row["type"], row["value"], row["schema"], row["actor"].encode()),
        time=row["time"],
        seq=row["seq"],
        prev=row["prev"] or "",
        command_id=own,
        cmd_offset=None,
        claim=row["claim"],
        actor=row["actor"],
        correlation_id=row["correlation_id"] or own,
        causation_id=row["causation_id"] or own,
        traceparent=None,
        origin=row["origin"],
        origin_time=row["origin_time"],
        schema=row["schema"],
    )
