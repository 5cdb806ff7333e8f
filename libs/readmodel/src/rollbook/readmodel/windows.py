"""What versions did in stretches of time, and what was made of it; written by the monitor."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rollbook.readmodel.database import Connection, Db
from rollbook.telemetry.sums import Window, WindowKey

_KEY = "model, environment, version, profile, start"


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowRow:
    """One version in one environment for a while."""

    model: str
    environment: str
    version: int
    profile: str
    """Digest of the reference profile by whose edges it counts; empty for none."""
    start: datetime
    counts: Window
    findings: Mapping[str, Any] | None = None
    """What was made of it; None while it is open, or waits to be looked at."""

    @property
    def key(self) -> WindowKey:
        """As those know it who count."""
        return WindowKey(
            self.model, self.environment, self.version, stamp(self.start), self.profile
        )


@dataclass(slots=True)
class Watermark:
    """How far the time of a model's telemetry has come, in milliseconds since 1970."""

    newest: int = 0
    open_from: int = 0
    """Windows that begin before are closed."""


def stamp(time: datetime) -> int:
    """Milliseconds since 1970."""
    return round(time.timestamp() * 1000)


def moment(stamp_: int) -> datetime:
    """The time of some milliseconds since 1970."""
    return datetime.fromtimestamp(stamp_ / 1000, UTC)


async def of(
    db: Db, model: str, *, environment: str | None, version: int | None, limit: int
) -> list[WindowRow]:
    """The newest windows of a model, newest first."""
    rows = await db.fetch(
        f"SELECT {_KEY}, counts, findings FROM windows WHERE model = $1"  # noqa: S608  # our names
        " AND ($2::text IS NULL OR environment = $2) AND ($3::int IS NULL OR version = $3)"
        " ORDER BY start DESC, environment, version, profile LIMIT $4",
        model,
        environment,
        version,
        limit,
    )
    return [_row(row) for row in rows]


async def before(db: Db, key: WindowKey, limit: int) -> list[WindowRow]:
    """Those of the same version and profile that begin no later, newest first."""
    rows = await db.fetch(
        f"SELECT {_KEY}, counts, findings FROM windows"  # noqa: S608  # our names
        " WHERE model = $1 AND environment = $2 AND version = $3 AND profile = $4 AND start <= $5"
        " ORDER BY start DESC LIMIT $6",
        *(key.model, key.environment, key.version, key.profile),
        moment(key.start),
        limit,
    )
    return [_row(row) for row in rows]


async def unjudged(db: Db, limit: int) -> list[WindowRow]:
    """Closed windows that nobody has looked at, the oldest first."""
    rows = await db.fetch(
        f"SELECT {_KEY}, counts, findings FROM windows JOIN watermarks w USING (model)"  # noqa: S608
        " WHERE findings IS NULL AND extract(epoch FROM start) * 1000 < w.open_from"
        " ORDER BY start, model, environment, version, profile LIMIT $1",
        limit,
    )
    return [_row(row) for row in rows]


async def last_judged(db: Db, limit: int) -> list[WindowRow]:
    """Of each version the newest window that says to raise an alarm, or to end one."""
    rows = await db.fetch(
        f"SELECT {_KEY}, counts, findings FROM newest_verdicts JOIN windows"  # noqa: S608  # ours
        f" USING ({_KEY}) ORDER BY start DESC LIMIT $1",
        limit,
    )
    return [_row(row) for row in rows]


async def judged(db: Db, key: WindowKey, findings: Mapping[str, Any]) -> None:
    """Keep what was made of a window."""
    place = (key.model, key.environment, key.version, key.profile, moment(key.start))
    await db.execute(
        "UPDATE windows SET findings = $6 WHERE model = $1 AND environment = $2 AND version = $3"
        " AND profile = $4 AND start = $5",
        *place,
        findings,
    )
    if findings["verdicts"]:
        await db.execute(
            f"INSERT INTO newest_verdicts ({_KEY}) VALUES ($1, $2, $3, $4, $5)"  # noqa: S608  # ours
            " ON CONFLICT (model, environment, version) DO UPDATE SET profile = excluded.profile,"
            " start = excluded.start WHERE excluded.start >= newest_verdicts.start",
            *place,
        )


async def add(db: Connection, found: Mapping[WindowKey, Window]) -> None:
    """Add what was counted since, in a transaction of the caller's."""
    if not found:
        return
    columns = _columns(found)
    rows = await db.fetch(
        f"SELECT {_KEY}, counts, findings FROM windows JOIN"  # noqa: S608  # our names
        " unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::timestamptz[])"
        f" AS n ({_KEY}) USING ({_KEY})",
        *columns,
    )
    whole = {row.key: row.counts for row in map(_row, rows)}
    for key, window in found.items():
        whole.setdefault(key, Window()).add(window)
    await db.execute(
        f"INSERT INTO windows ({_KEY}, counts)"  # noqa: S608  # our names
        " SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::timestamptz[],"
        f" $6::jsonb[]) ON CONFLICT ({_KEY}) DO UPDATE SET counts = excluded.counts",
        *_columns(whole),
        [window.as_json() for window in whole.values()],
    )


def _columns(keys: Iterable[WindowKey]) -> list[list[object]]:
    parts = [(k.model, k.environment, k.version, k.profile, moment(k.start)) for k in keys]
    return [list(column) for column in zip(*parts, strict=True)]


async def watermarks(db: Db, models: Collection[str]) -> dict[str, Watermark]:
    """How far the time of some models has come."""
    rows = await db.fetch("SELECT * FROM watermarks WHERE model = ANY($1)", [*models])
    return {row["model"]: Watermark(row["newest"], row["open_from"]) for row in rows}


async def save_watermarks(db: Connection, marks: Mapping[str, Watermark]) -> None:
    """Write how far it has come."""
    await db.execute(
        "INSERT INTO watermarks SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[])"
        " ON CONFLICT (model) DO UPDATE SET newest = excluded.newest,"
        " open_from = excluded.open_from",
        [*marks],
        [mark.newest for mark in marks.values()],
        [mark.open_from for mark in marks.values()],
    )


async def overdue_models(db: Db, open_to: int) -> dict[str, Watermark]:
    """Models with windows that begin before a moment and are open."""
    rows = await db.fetch(
        "SELECT w.* FROM watermarks w WHERE w.open_from < $1 AND EXISTS (SELECT FROM windows"
        " WHERE windows.model = w.model AND findings IS NULL AND start < $2)",
        open_to,
        moment(open_to),
    )
    return {row["model"]: Watermark(row["newest"], row["open_from"]) for row in rows}


async def forget(db: Connection, before_: datetime) -> None:
    """Windows that began before; their sums are of no use to anybody any more."""
    await db.execute("DELETE FROM newest_verdicts WHERE start < $1", before_)
    await db.execute("DELETE FROM windows WHERE start < $1", before_)


def by_version(rows: Sequence[WindowRow]) -> Mapping[tuple[str, int], list[WindowRow]]:
    """The rows of each environment and version, in the order given."""
    found: dict[tuple[str, int], list[WindowRow]] = defaultdict(list)
    for row in rows:
        found[row.environment, row.version].append(row)
    return found


def _row(found: Any) -> WindowRow:
    values = dict(found)
    return WindowRow(counts=Window.of(values.pop("counts")), **values)
