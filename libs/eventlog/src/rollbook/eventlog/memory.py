"""The log in memory, with the failures of a real one: for tests of all that stands above it."""

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum, auto
from typing import Literal, TypeAlias

from rollbook.eventlog.commands import encode_command
from rollbook.eventlog.envelope import CommandEnvelope, Headers, Outgoing, Record
from rollbook.eventlog.log import Fenced, Unavailable
from rollbook.eventlog.routing import partition_for

FETCH = 100
"""Records that a read hands out at once."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A `Record` that lies in memory."""

    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    timestamp: int


class Fault(Enum):
    """What goes wrong with one append; to the writer all but NONE look the same, `Unavailable`."""

    NONE = auto()
    LOST = auto()
    """No record landed."""
    LANDED = auto()
    """All records landed."""
    TORN = auto()
    """The first half landed."""
    LATE = auto()
    """The records land just before the next claim."""


Operation: TypeAlias = Literal[
    "claim", "append", "save", "govern", "direct", "bury", "events", "snapshots"
]


@dataclass(slots=True)
class _Place:
    """One partition of every topic, and who may write it."""

    commands: list[Stored] = field(default_factory=list)
    events: list[Stored] = field(default_factory=list)
    snapshots: list[Stored] = field(default_factory=list)
    epoch: int = 0
    late: list[tuple[list[Stored], Sequence[Outgoing]]] = field(default_factory=list)
    faults: defaultdict[str, deque[Fault]] = field(default_factory=lambda: defaultdict(deque))
    came: asyncio.Event = field(default_factory=asyncio.Event)


class MemoryBroker:
    """All topics of one log."""

    def __init__(self, partitions: int = 1) -> None:
        self.places = [_Place() for _ in range(partitions)]
        self.dead_letters: list[Stored] = []
        self.governance: list[Stored] = []
        self.serving: list[Stored] = []

    def publish(
        self, partition: int, key: bytes | None, value: bytes | None, headers: Headers
    ) -> int:
        """Append any record to a partition of commands, right or wrong; its offset."""
        place = self.places[partition]
        offset = _put(place.commands, [Outgoing(key, value, list(headers), 0)])
        place.came.set()
        return offset

    def send(self, envelope: CommandEnvelope) -> int:
        """Publish a command where it belongs; its offset there."""
        key, value, headers = encode_command(envelope)
        return self.publish(partition_for(key, len(self.places)), key, value, headers)

    def fail(self, operation: Operation, *faults: Fault, partition: int = 0) -> None:
        """Let the next calls of `operation` on a partition fail, one fault each, in order."""
        self.places[partition].faults[operation].extend(faults)

    def compact(self, partition: int = 0) -> None:
        """Drop each snapshot record that a newer one with its key replaces."""
        snapshots = self.places[partition].snapshots
        newest = {record.key: record.offset for record in snapshots}
        snapshots[:] = [record for record in snapshots if newest[record.key] == record.offset]

    def log(self, partition: int = 0) -> "MemoryLog":
        """A writer that has not claimed yet."""
        return MemoryLog(self, partition)

    def intake(self, partition: int = 0) -> "MemoryIntake":
        """A reader of commands that waits for `resume`."""
        return MemoryIntake(self.places[partition])


class MemoryLog:
    """`PartitionLog` in memory."""

    def __init__(self, broker: MemoryBroker, partition: int) -> None:
        self._broker = broker
        self._place = broker.places[partition]
        self._epoch = -1

    @property
    def commands(self) -> str:
        """The topic that the commands come from."""
        return "rollbook.commands"

    async def claim(self, record: Outgoing) -> int:
        """Fence every older writer, append the claim, and return its offset."""
        for topic, records in self._place.late:
            _put(topic, records)
        self._place.late.clear()
        self._place.epoch += 1
        self._epoch = self._place.epoch
        offset = await self._write("claim", self._place.events, [record])
        _put(self._place.snapshots, [Outgoing(b"claim", record.value, [], 0)])
        return offset

    async def events(self, start: int, stop: int) -> AsyncIterator[Sequence[Record]]:
        """The records from offset `start` up to, not including, `stop`."""
        if start >= stop:
            return
        self._may_fail("events")
        for records in _batches(r for r in self._place.events if start <= r.offset < stop):
            yield records
        if stop > len(self._place.events):
            raise Unavailable(f"no record came before offset {stop}")

    async def snapshots(self) -> AsyncIterator[Sequence[Record]]:
        """The partition's snapshot records, oldest first."""
        self._may_fail("snapshots")
        for records in _batches(self._place.snapshots):
            yield records

    async def append(self, outcomes: Sequence[Outgoing]) -> int:
        """Append in order and return the first offset."""
        return await self._write("append", self._place.events, outcomes)

    async def save(self, parts: Sequence[Outgoing]) -> None:
        """Append snapshot records in order."""
        if parts:
            await self._write("save", self._place.snapshots, parts)

    async def govern(self, states: Sequence[Outgoing]) -> None:
        """Append the newest states of namespaces."""
        await self._write("govern", self._broker.governance, states)

    async def direct(self, pointings: Sequence[Outgoing]) -> None:
        """Append what stands at environments and aliases now."""
        await self._write("direct", self._broker.serving, pointings)

    async def bury(self, letters: Sequence[Outgoing]) -> None:
        """Append dead letters."""
        await self._write("bury", self._broker.dead_letters, letters)

    async def release(self) -> None:
        """Let go of the claim."""
        self._epoch = -1

    async def _write(
        self, operation: Operation, topic: list[Stored], records: Sequence[Outgoing]
    ) -> int:
        await asyncio.sleep(0)  # a real write lets others run
        if self._epoch < 0:
            raise Unavailable("the partition is not claimed")
        if self._epoch != self._place.epoch and topic is not self._broker.dead_letters:
            raise Fenced("a newer claim stands")
        faults = self._place.faults[operation]
        match faults.popleft() if faults else Fault.NONE:
            case Fault.NONE:
                return _put(topic, records)
            case Fault.LOST:
                pass
            case Fault.LANDED:
                _put(topic, records)
            case Fault.TORN:
                _put(topic, records[: len(records) // 2])
            case Fault.LATE:
                self._place.late.append((topic, records))
        raise Unavailable(f"{operation}: no word of {len(records)} records")

    def _may_fail(self, operation: Operation) -> None:
        faults = self._place.faults[operation]
        if faults and faults.popleft() is not Fault.NONE:
            raise Unavailable(f"{operation}: cannot be read")


class MemoryIntake:
    """`Intake` in memory."""

    def __init__(self, place: _Place, wait: timedelta = timedelta(milliseconds=10)) -> None:
        self._place = place
        self._wait = wait
        self._next: int | None = None

    async def resume(self, offset: int) -> None:
        """Hand out commands from `offset` on."""
        if offset > len(self._place.commands):
            raise Unavailable(f"the commands end before offset {offset}")
        self._next = offset

    async def take(self, most: int) -> Sequence[Record]:
        """What is there, up to `most` commands; nothing when none came for a while."""
        if self._next is None:
            raise Unavailable("resume first")
        if self._next == len(self._place.commands):
            self._place.came.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._place.came.wait(), self._wait.total_seconds())
        found = self._place.commands[self._next : self._next + most]
        self._next += len(found)
        return found


def _put(topic: list[Stored], records: Sequence[Outgoing]) -> int:
    first = topic[-1].offset + 1 if topic else 0
    for offset, record in enumerate(records, first):
        stamp = record.timestamp or time.time_ns() // 1_000_000
        topic.append(Stored(offset, record.key, record.value, tuple(record.headers), stamp))
    return first


def _batches(records: Iterable[Stored]) -> Iterable[list[Stored]]:
    rest = list(records)
    return (rest[at : at + FETCH] for at in range(0, len(rest), FETCH))
