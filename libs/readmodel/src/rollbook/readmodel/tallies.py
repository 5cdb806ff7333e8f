"""What rollouts are judged by: rows and sums by bucket of units, of each step, version and metric.

Written by the monitor from telemetry, beside the views.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rollbook.readmodel.database import Connection, Db
from rollbook.telemetry.sums import Tally, TallyKey

_COLUMNS = "model, rollout, step, version, shadow, metric, n, x, bins, first, last"


@dataclass(frozen=True, slots=True, kw_only=True)
class TallyRow:
    """One metric of one version in one step of a rollout."""

    model: str
    rollout: int
    step: int
    """-1 where the producer knew of none."""
    version: int
    shadow: bool
    metric: str
    """`errors`, `latency` (milliseconds), `prediction` or `value:<name>`."""
    n: tuple[int, ...]
    """Rows by bucket of units."""
    x: tuple[int, ...]
    """Their sums, in millionths."""
    bins: Mapping[int, int]
    """By `rollbook.telemetry.edges`; empty for errors."""
    first: datetime
    last: datetime

    @property
    def rows(self) -> int:
        """Of all buckets."""
        return sum(self.n)


async def of(db: Db, model: str, rollout: int) -> list[TallyRow]:
    """All tallies of a rollout."""
    found = await db.fetch(
        f"SELECT {_COLUMNS} FROM tallies WHERE model = $1 AND rollout = $2"  # noqa: S608  # our names
        " ORDER BY step, version, shadow, metric",
        model,
        rollout,
    )
    return [_row(row) for row in found]


async def put(db: Db, rows: Iterable[TallyRow]) -> None:
    """Write rows in the place of those with the same key."""
    await db.executemany(
        f"INSERT INTO tallies ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"  # noqa: S608
        " ON CONFLICT (model, rollout, step, version, shadow, metric) DO UPDATE SET n = excluded.n,"
        " x = excluded.x, bins = excluded.bins, first = excluded.first, last = excluded.last",
        [
            (
                *(row.model, row.rollout, row.step, row.version, row.shadow, row.metric),
                *([*row.n], [*row.x], sorted(row.bins.items()), row.first, row.last),
            )
            for row in rows
        ],
    )


async def add(db: Connection, found: Mapping[TallyKey, Tally]) -> None:
    """Add what was counted since, in a transaction of the caller's."""
    before: dict[TallyKey, Tally] = {}
    for model, rollout in sorted({(key.model, key.rollout) for key in found}):
        for row in await of(db, model, rollout):
            key = TallyKey(model, rollout, row.step, row.version, row.shadow, row.metric)
            before[key] = Tally(
                [*row.n], [*row.x], Counter(row.bins), _stamp(row.first), _stamp(row.last)
            )
    rows = []
    for key, tally in found.items():
        whole = before.get(key) or Tally()
        whole.add(tally)
        rows.append(_made(key, whole))
    await put(db, rows)


def _made(key: TallyKey, tally: Tally) -> TallyRow:
    return TallyRow(
        **key._asdict(),
        n=tuple(tally.n),
        x=tuple(tally.x),
        bins=tally.bins,
        first=_time(tally.first),
        last=_time(tally.last),
    )


def _row(found: Any) -> TallyRow:
    values = dict(found)
    return TallyRow(
        n=tuple(values.pop("n")),
        x=tuple(values.pop("x")),
        bins=dict(values.pop("bins")),
        **values,
    )


def _time(stamp: int) -> datetime:
    return datetime.fromtimestamp(stamp / 1000, UTC)


def _stamp(time: datetime) -> int:
    return round(time.timestamp() * 1000)
