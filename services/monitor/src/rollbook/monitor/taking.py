"""What a stretch of telemetry adds to the tables. Pure but for numpy, which it needs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from rollbook.readmodel.awaited import Match, Prediction
from rollbook.readmodel.intake import Seen
from rollbook.readmodel.windows import Watermark, stamp
from rollbook.telemetry.folding import Awaited, Timing, fold, smallest
from rollbook.telemetry.losses import loss_of
from rollbook.telemetry.messages import Garbage, Labels, Predictions, Presence, decode
from rollbook.telemetry.reference import NOTHING, Reference
from rollbook.telemetry.sums import Tally, TallyKey, Window, WindowKey


class Record(Protocol):
    """What of a record in the topic is looked at."""

    @property
    def offset(self) -> int:
        """Where it stands."""

    @property
    def timestamp(self) -> int:
        """When it came to the broker, in milliseconds since 1970."""

    @property
    def key(self) -> bytes | None:
        """Its key."""

    @property
    def value(self) -> bytes | None:
        """Its bytes."""


class Letter(NamedTuple):
    """A record that is no message."""

    partition: int
    record: Record
    reason: str


class Ended(NamedTuple):
    """How long windows are, and for how long rows may be late, in milliseconds."""

    length: int
    lateness: int

    def start(self, time: int) -> int:
        """Of the window that a moment lies in."""
        return time - time % self.length

    def open_from(self, newest: int) -> int:
        """The first window that is open when time has come so far."""
        return max(0, self.start(newest - self.lateness))


@dataclass(slots=True)
class Known:
    """What the tables hold that a stretch must know."""

    seen: dict[tuple[int, str], Seen]
    marks: dict[str, Watermark]
    references: Mapping[tuple[str, int], Reference]


@dataclass(slots=True)
class Taken:
    """All that a stretch adds."""

    tallies: dict[TallyKey, Tally] = field(default_factory=dict)
    windows: dict[WindowKey, Window] = field(default_factory=dict)
    awaited: dict[WindowKey, list[Awaited]] = field(default_factory=dict)
    labels: list[Labels] = field(default_factory=list)
    presence: list[tuple[Presence, int]] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)
    seen: dict[tuple[int, str], Seen] = field(default_factory=dict)
    marks: dict[str, Watermark] = field(default_factory=dict)
    rows: int = 0
    repeated: int = 0
    """Batches that had come before."""
    stamp: int = 0
    """When the newest record came to the broker."""

    @property
    def predictions(self) -> list[Prediction]:
        """That wait for their labels."""
        return [
            Prediction(key.model, key.environment, key.version, key.start, *one)
            for key, found in self.awaited.items()
            for one in smallest(found)
        ]


class Message(NamedTuple):
    """A record that could be read."""

    partition: int
    stamp: int
    message: Predictions | Labels | Presence


def read(partition: int, records: Iterable[Record]) -> tuple[list[Message], list[Letter]]:
    """The messages among some records, and those that are none."""
    messages: list[Message] = []
    letters: list[Letter] = []
    for record in records:
        try:
            messages.append(Message(partition, record.timestamp, decode(record.value)))
        except Garbage as reason:
            letters.append(Letter(partition, record, str(reason)))
    return messages, letters


def about(messages: Iterable[Message]) -> set[tuple[str, int]]:
    """The models and versions whose reference counting needs; version 0 for labels."""
    found: set[tuple[str, int]] = set()
    for _, _, message in messages:
        if isinstance(message, Predictions):
            found.add((message.model, message.version))
        elif isinstance(message, Labels):
            found.add((message.model, 0))
    return found


def take(messages: Sequence[Message], known: Known, ended: Ended, taken: Taken) -> None:
    """Count messages, in the order of their partition."""
    for partition, stamp_, message in messages:
        taken.stamp = max(taken.stamp, stamp_)
        if isinstance(message, Presence):
            taken.presence.append((message, stamp_))
            continue
        place = (partition, message.source)
        seen = known.seen.setdefault(place, Seen())
        if not seen.take(message.number):
            taken.repeated += 1
            continue
        taken.seen[place] = seen
        taken.rows += len(message.rows.time)
        mark = known.marks.setdefault(message.model, Watermark())
        taken.marks[message.model] = mark
        if isinstance(message, Labels):
            # What was true is known by now, whatever the sender's clock says.
            message.rows.time = [min(time, stamp_) for time in message.rows.time]
            taken.labels.append(message)
            continue
        timing = Timing(ended.length, mark.open_from, stamp_)
        reference = known.references.get((message.model, message.version), NOTHING)
        found = fold(message, reference, timing)
        for tally_key, tally in found.tallies.items():
            if tally_key in taken.tallies:
                taken.tallies[tally_key].add(tally)
            else:
                taken.tallies[tally_key] = tally
        for key, window in found.windows.items():
            if key in taken.windows:
                taken.windows[key].add(window)
            else:
                taken.windows[key] = window
        for key, waiting in found.awaited.items():
            taken.awaited[key] = smallest([*taken.awaited.get(key, ()), *waiting])
        mark.newest = max(mark.newest, found.newest)


def close(taken: Taken, ended: Ended) -> None:
    """Close the windows that time has left behind; rows that come later are late."""
    for mark in taken.marks.values():
        mark.open_from = max(mark.open_from, ended.open_from(mark.newest))


def learn(taken: Taken, matches: Iterable[Match], known: Known, ended: Ended) -> None:
    """Count what labels say of predictions, in the window of when they say it."""
    for match in matches:
        reference = known.references.get((match.model, match.version), NOTHING)
        mark = known.marks[match.model]
        start = max(ended.start(stamp(match.time)), mark.open_from)
        key = WindowKey(match.model, match.environment, match.version, start, reference.profile)
        window = taken.windows.setdefault(key, Window())
        loss_of(window, match.prediction, match.label, reference)
