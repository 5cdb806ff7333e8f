"""Batches of predictions to exact sums, a column at a time; needs numpy."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeAlias
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from rollbook.telemetry.edges import BUCKETS, EDGES, MICRO, MOST
from rollbook.telemetry.messages import Predictions, Value
from rollbook.telemetry.reference import Reference
from rollbook.telemetry.sums import Histogram, Measure, Tally, TallyKey, Window, WindowKey

Numbers: TypeAlias = NDArray[np.float64]
Places: TypeAlias = NDArray[np.int64]

AHEAD: Final = 600_000
"""Milliseconds by which a row may be ahead of the broker's clock."""
LONGEST_ID: Final = 500
SAMPLE: Final = 500
"""Predictions of a window that wait for their labels."""

_EDGES: Final = np.array(EDGES)


class Awaited(NamedTuple):
    """A prediction whose label may come."""

    order: int
    """The smallest of a window are kept: a sample that no order changes."""
    id: str
    prediction: float | str


@dataclass(slots=True)
class Folded:
    """What a batch adds to what was there."""

    tallies: dict[TallyKey, Tally] = field(default_factory=dict)
    windows: dict[WindowKey, Window] = field(default_factory=dict)
    awaited: dict[WindowKey, list[Awaited]] = field(default_factory=dict)
    newest: int = 0
    """The latest moment that counts, in milliseconds since 1970."""


class Timing(NamedTuple):
    """Which rows of a batch count for windows."""

    length: int
    """Of a window, milliseconds."""
    open_from: int
    """The first window that is still open."""
    stamp: int
    """When the batch came to the broker."""


def fold(batch: Predictions, reference: Reference, timing: Timing) -> Folded:
    """Count a batch of one version."""
    found = Folded()
    times = np.array(batch.rows.time, dtype=np.int64)
    if batch.rollout is not None:
        _tallies(found, batch, batch.rollout, times)
    if not batch.shadow:
        _windows(found, batch, reference, timing, times)
    return found


def _tallies(found: Folded, batch: Predictions, rollout: int, times: Places) -> None:
    rows = batch.rows
    buckets = _buckets(batch)
    measured: dict[str, Sequence[Value]] = {}
    if rows.error is not None:
        measured["errors"] = rows.error
    if rows.latency is not None:
        measured["latency"] = rows.latency
    if rows.prediction is not None:
        measured["prediction"] = rows.prediction
    for name, column in rows.values.items():
        measured[f"value:{name}"] = column
    step = -1 if batch.step is None else batch.step
    for metric, values in measured.items():
        numbers = numbers_of(values)[0]
        there = np.abs(numbers) <= MOST  # NaN is not
        if not there.any():
            continue
        kept = numbers[there]
        n = np.bincount(buckets[there], minlength=BUCKETS)
        x = np.zeros(BUCKETS, np.int64)
        np.add.at(x, buckets[there], _micro(kept))
        bins: Counter[int] = Counter() if metric == "errors" else bins_of(kept)
        key = TallyKey(batch.model, rollout, step, batch.version, batch.shadow, metric)
        when = times[there]
        first, last = int(when.min()), int(when.max())
        found.tallies[key] = Tally(n.tolist(), x.tolist(), bins, first, last)


def _buckets(batch: Predictions) -> Places:
    """By unit, else by id, else by the row's own place."""
    rows = batch.rows
    units = rows.unit or [""] * len(rows.time)
    if not all(units):
        ids = rows.id or units
        own = f"{batch.source}/{batch.number}/"
        units = [u or i or f"{own}{n}" for n, (u, i) in enumerate(zip(units, ids, strict=True))]
    codes = [crc32(unit.encode(errors="surrogatepass")) for unit in units]
    return np.array(codes, dtype=np.int64) % BUCKETS


def _windows(
    found: Folded, batch: Predictions, reference: Reference, timing: Timing, times: Places
) -> None:
    starts = times - times % timing.length
    ahead = times > timing.stamp + AHEAD
    late = (starts < timing.open_from) & ~ahead
    counted = ~(ahead | late)
    if counted.any():
        found.newest = int(times[counted].max())
    for rows, name in ((late, "late"), (ahead, "ahead")):
        if rows.any():
            home = max(timing.open_from, timing.stamp - timing.stamp % timing.length)
            window = found.windows.setdefault(_key(batch, home, reference), Window())
            setattr(window, name, int(rows.sum()))
    columns = _columns(batch, reference)
    for start in np.unique(starts[counted]).tolist():
        here = counted & (starts == start)
        key = _key(batch, start, reference)
        window = found.windows.setdefault(key, Window())
        _count(window, batch, reference, columns, here)
        if awaited := _awaited(batch, here):
            found.awaited[key] = awaited


def _key(batch: Predictions, start: int, reference: Reference) -> WindowKey:
    return WindowKey(batch.model, batch.environment, batch.version, start, reference.profile)


def _columns(batch: Predictions, reference: Reference) -> dict[str, Places]:
    """The bin of each row by column; -1 for missing, -2 for the wrong kind."""
    rows = batch.rows
    given: dict[str, Sequence[Value]] = {f"feature:{n}": c for n, c in rows.features.items()}
    if given:
        # A feature that no row of the batch has is missing like one that some have not.
        nothing = [None] * len(rows.time)
        for name in (*reference.numbers, *reference.words):
            if name.startswith("feature:"):
                given.setdefault(name, nothing)
    if rows.prediction is not None:
        given["prediction"] = rows.prediction
    found: dict[str, Places] = {}
    for name, column in given.items():
        if (edges := reference.numbers.get(name)) is not None:
            found[name] = places_by_edges(column, edges)
        elif (words := reference.words.get(name)) is not None:
            found[name] = places_by_words(column, words)
    return found


def _count(
    window: Window,
    batch: Predictions,
    reference: Reference,
    columns: Mapping[str, Places],
    here: NDArray[np.bool_],
) -> None:
    rows = batch.rows
    window.rows += int(here.sum())
    if rows.error is not None:
        window.errors += int(np.array(rows.error)[here].sum())
    if rows.latency is not None:
        numbers = numbers_of(rows.latency)[0][here]
        window.latency.update(bins_of(numbers[np.abs(numbers) <= MOST]))
    for name, places in columns.items():
        counts = np.bincount(places[here] + 2, minlength=reference.size(name) + 2).tolist()
        # Whoever predicts nothing leaves the column out, or not: that must not make a difference.
        nulls = 0 if name == "prediction" else counts[1]
        if nulls + counts[0] + sum(counts[2:]):
            window.columns[name] = Histogram(counts[2:], nulls, counts[0])
    if reference.task == "probability" and rows.prediction is not None:
        numbers = numbers_of(rows.prediction)[0][here]
        inside = numbers[(numbers >= 0) & (numbers <= 1)]
        micro = _micro(np.maximum(inside, 1 - inside))
        window.sure.add(Measure(len(inside), int(micro.sum()), int((micro * micro // MICRO).sum())))


def _awaited(batch: Predictions, here: NDArray[np.bool_]) -> list[Awaited]:
    ids, predictions = batch.rows.id, batch.rows.prediction
    if ids is None or predictions is None:
        return []
    found = [
        Awaited(crc32(ids[n].encode(errors="surrogatepass")), ids[n], prediction)
        for n in np.flatnonzero(here).tolist()
        if joins(ids[n]) and (prediction := predictions[n]) is not None
    ]
    return smallest(found)


def joins(id_: str) -> bool:
    """Whether labels can find a prediction by this id: a table's key must be able to hold it."""
    return 0 < len(id_) <= LONGEST_ID and "\x00" not in id_


def smallest(found: Sequence[Awaited]) -> list[Awaited]:
    """The sample of them."""
    return sorted(found, key=lambda one: (one.order, one.id))[:SAMPLE]


def numbers_of(column: Sequence[Value]) -> tuple[Numbers, NDArray[np.bool_] | None]:
    """NaN for what is missing or no number, and where texts stand, if there are any."""
    if str not in set(map(type, column)):
        return np.array(column, dtype=np.float64), None
    odd = np.array([isinstance(value, str) for value in column])
    plain = [None if isinstance(value, str) else value for value in column]
    return np.array(plain, dtype=np.float64), odd


def places_by_edges(column: Sequence[Value], edges: Sequence[float]) -> Places:
    """The bin of each number; -1 for missing, -2 for texts."""
    numbers, odd = numbers_of(column)
    places = np.searchsorted(np.array(edges), numbers, side="right")
    places[np.isnan(numbers)] = -1
    if odd is not None:
        places[odd] = -2
    return places.astype(np.int64)


def places_by_words(column: Sequence[Value], words: Sequence[str]) -> Places:
    """The place of each word, that after the last for unknown ones; -1 missing, -2 for numbers."""
    known: dict[Value, int] = {word: n for n, word in enumerate(words)}
    known[None] = -1
    other = len(words)
    found = [
        known[value] if value in known else other if isinstance(value, str) else -2
        for value in column
    ]
    return np.array(found, dtype=np.int64)


def bins_of(numbers: Numbers) -> Counter[int]:
    """How many fall into which bin of `edges.EDGES`."""
    places = np.searchsorted(_EDGES, np.abs(numbers), side="right")
    places = np.where(numbers < 0, -places, places)
    found, counts = np.unique(places, return_counts=True)
    return Counter(dict(zip(found.tolist(), counts.tolist(), strict=True)))


def _micro(numbers: Numbers) -> Places:
    return np.rint(numbers * MICRO).astype(np.int64)
