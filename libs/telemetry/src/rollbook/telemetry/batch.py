"""What producers send: rows come in one by one, and records of many rows go out.

`Batches(source)`, then `add(Arm(…), Row(…))` for each answer, and every second or so `take(now)`:
each record goes to the topic, and the same bytes once more when that fails.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, SupportsFloat, TypeAlias

from rollbook.telemetry import messages
from rollbook.telemetry.messages import LONGEST, MOST_ROWS, PredictionRows, Predictions, Value

Record: TypeAlias = tuple[bytes, bytes]
"""Key and value."""

KEPT: Final = 100_000
"""Rows that wait to be sent, at most; more push the oldest out."""


class Arm(NamedTuple):
    """Which version answered, and as part of what."""

    model: str
    environment: str
    version: int
    rollout: int | None = None
    step: int | None = None
    shadow: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One answer."""

    time: int
    """Milliseconds since 1970."""
    id: str | None = None
    unit: str | None = None
    latency: float | None = None
    """Milliseconds."""
    error: bool = False
    prediction: float | str | None = None
    features: Mapping[str, Value] = field(default_factory=dict)
    values: Mapping[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Label:
    """What turned out to be true of the prediction with an id."""

    time: int
    id: str
    label: float | str


class Batches:
    """Rows of one process until they are taken; any thread may add to them."""

    def __init__(self, source: str, *, kept: int = KEPT) -> None:
        """`source` must be new each time a process starts, since its batches count from 1."""
        self.source = source
        self.dropped = 0
        """Rows that were pushed out."""
        self._kept = kept
        self._waiting: dict[Arm | str, list[Row | Label]] = {}
        self._rows = 0
        self._number = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Rows that wait."""
        return self._rows

    def add(self, arm: Arm, row: Row) -> None:
        """Take in an answer."""
        self._add(arm, row)

    def label(self, model: str, label: Label) -> None:
        """Take in what turned out to be true."""
        self._add(model, label)

    def _add(self, about: Arm | str, row: Row | Label) -> None:
        with self._lock:
            self._waiting.setdefault(about, []).append(row)
            self._rows += 1
            if self._rows > self._kept:
                self._push_out()

    def _push_out(self) -> None:
        # A tenth at once: an outage must not make each further row dear.
        left = max(self._kept // 10, 1)
        for about in list(self._waiting):
            rows = self._waiting[about]
            gone = min(left, len(rows))
            del rows[:gone]
            if not rows:
                del self._waiting[about]
            self.dropped += gone
            self._rows -= gone
            left -= gone

    def take(self, now: int) -> list[Record]:
        """All that waits, as records; `now` in milliseconds since 1970."""
        with self._lock:
            waiting, self._waiting, self._rows = self._waiting, {}, 0
            return [
                self._record(about, part, now)
                for about, rows in waiting.items()
                for part in _parts(rows)
            ]

    def _record(self, about: Arm | str, rows: Sequence[Row | Label], now: int) -> Record:
        self._number += 1
        message: messages.Message
        if isinstance(about, str):
            labels = [row for row in rows if isinstance(row, Label)]
            message = messages.Labels(
                about, self.source, self._number, now, messages.LabelRows(*_columns(labels))
            )
            return about.encode(), messages.encode(message)
        answers = [row for row in rows if isinstance(row, Row)]
        message = Predictions(
            about.model,
            about.environment,
            about.version,
            self.source,
            self._number,
            now,
            _in_columns(answers),
            about.rollout,
            about.step,
            about.shadow,
        )
        return about.model.encode(), messages.encode(message)


def presence(source: str, target: str, serves: Sequence[messages.Served], now: int) -> Record:
    """A record that tells what a server has in use."""
    message = messages.Presence(source, now, target, list(serves))
    return source.encode(), messages.encode(message)


def _parts(rows: list[Row | Label]) -> Iterator[list[Row | Label]]:
    for start in range(0, len(rows), MOST_ROWS):
        yield rows[start : start + MOST_ROWS]


def _columns(labels: Sequence[Label]) -> tuple[list[int], list[str], list[float | str]]:
    return (
        [label.time for label in labels],
        [_short(label.id) for label in labels],
        [_plain(label.label) or 0.0 for label in labels],
    )


def _in_columns(rows: Sequence[Row]) -> PredictionRows:
    """Columns that no row has a value for are left out."""
    ids, units = [row.id for row in rows], [row.unit for row in rows]
    return PredictionRows(
        time=[row.time for row in rows],
        id=[_short(i or "") for i in ids] if any(ids) else None,
        unit=[_short(u or "") for u in units] if any(units) else None,
        latency=[row.latency for row in rows]
        if any(row.latency is not None for row in rows)
        else None,
        error=[int(row.error) for row in rows],
        prediction=[_plain(row.prediction) for row in rows]
        if any(row.prediction is not None for row in rows)
        else None,
        features={
            name: [_plain(row.features.get(name)) for row in rows]
            for name in sorted({name for row in rows for name in row.features})
        },
        values={
            name: [row.values.get(name) for row in rows]
            for name in sorted({name for row in rows for name in row.values})
        },
    )


def _short(text: str) -> str:
    return text[:LONGEST]


def _plain(value: object) -> Value:
    """The value as JSON has it: one that is neither number nor text goes as its text."""
    match value:
        case None | float():
            return value
        case bool() | int():
            return float(value)
        case str():
            return _short(value)
        case SupportsFloat():
            return float(value)
        case _:
            return _short(str(value))
