"""What servers say they have in use, as of a few seconds ago; written by the monitor."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from rollbook.readmodel.database import Connection, Db
from rollbook.telemetry.messages import Presence

GONE: Final = timedelta(minutes=1)
"""A server that has said nothing for so long is taken for gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceRow:
    """A version that a server has in use."""

    source: str
    """The server."""
    target: str
    """What kind of place it is, such as `local`."""
    model: str
    environment: str
    version: int
    """0 where the server does not know it."""
    digest: str
    since: datetime
    seen: datetime


async def of(db: Db, model: str, now: datetime) -> list[PresenceRow]:
    """What is in use of a model."""
    found = await db.fetch(
        "SELECT * FROM presence WHERE model = $1 AND seen > $2"
        " ORDER BY environment, version, target, source, digest",
        model,
        now - GONE,
    )
    return [PresenceRow(**row) for row in found]


async def every(db: Db, now: datetime, limit: int) -> list[PresenceRow]:
    """What is in use of all models."""
    found = await db.fetch(
        "SELECT * FROM presence WHERE seen > $1"
        " ORDER BY model, environment, version, target, source, digest LIMIT $2",
        now - GONE,
        limit,
    )
    return [PresenceRow(**row) for row in found]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stray:
    """Something in use that the registry does not want there."""

    model: str
    environment: str
    version: int
    digest: str
    known: bool
    """Whether there is such a model at all."""
    registered: str | None
    """The digest that the version was registered with; None where there is no such version."""
    servers: int
    source: str
    """One of them."""
    since: datetime


async def strays(db: Db, now: datetime, settled: timedelta, limit: int) -> list[Stray]:
    """What is in use that nobody registered, or that stands elsewhere or nowhere.

    What moved less than `settled` ago is left in peace: servers follow, but not at once.
    """
    found = await db.fetch(
        "SELECT p.model, p.environment, p.version, p.digest, bool_or(m.key IS NOT NULL) AS known,"
        " min(v.digest) AS registered, count(*) AS servers, min(p.source) AS source,"
        " min(p.since) AS since"
        " FROM presence p LEFT JOIN models m ON m.key = p.model"
        " LEFT JOIN versions v ON v.model = p.model AND v.version = p.version"
        " WHERE p.seen > $1 AND p.since < $2 AND (v.digest = p.digest AND ("
        "  EXISTS (SELECT FROM environments e WHERE e.model = p.model"
        "   AND e.environment = p.environment AND e.version = p.version"
        "   AND (e.until IS NULL OR e.until > $2))"
        "  OR EXISTS (SELECT FROM rollouts r WHERE r.model = p.model"
        "   AND r.environment = p.environment AND (r.ended_at IS NULL OR r.ended_at > $2)"
        "   AND (r.version = p.version OR r.baseline = p.version"
        "    OR r.challengers @> to_jsonb(p.version)))"
        " )) IS NOT TRUE GROUP BY p.model, p.environment, p.version, p.digest"
        " ORDER BY p.model, p.environment, p.version, p.digest LIMIT $3",
        now - GONE,
        now - settled,
        limit,
    )
    return [Stray(**row) for row in found]


async def told(db: Db, now: datetime) -> bool:
    """Whether any server tells what it serves."""
    return bool(
        await db.fetchval("SELECT EXISTS (SELECT FROM presence WHERE seen > $1)", now - GONE)
    )


async def save(db: Connection, told: Sequence[tuple[Presence, int]]) -> None:
    """Take in what servers said, and when it came to the broker (milliseconds since 1970)."""
    for message, stamp in told:
        seen = datetime.fromtimestamp(stamp / 1000, UTC)
        serves = {(s.model, s.environment, s.version, s.digest) for s in message.serves}
        columns = [list(part) for part in zip(*sorted(serves), strict=True)] or [[], [], [], []]
        await db.execute(
            "INSERT INTO presence (source, target, model, environment, version, digest, since,"
            " seen) SELECT $1, $2, n.*, $7, $7 FROM"
            " unnest($3::text[], $4::text[], $5::int[], $6::text[]) n"
            " ON CONFLICT (source, model, environment, version, digest)"
            " DO UPDATE SET target = excluded.target,"
            " seen = greatest(presence.seen, excluded.seen)",
            message.source,
            message.target,
            *columns,
            seen,
        )
        # What it no longer says is not in use any more, unless it said so later.
        await db.execute(
            "DELETE FROM presence WHERE source = $1 AND seen < $2", message.source, seen
        )


async def forget(db: Connection, before: datetime) -> None:
    """Servers that have said nothing since."""
    await db.execute("DELETE FROM presence WHERE seen < $1", before)
