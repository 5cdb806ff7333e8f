"""The newest records of the log in memory, for all who follow it live: one reader serves them."""

import asyncio
from collections import deque
from collections.abc import Mapping
from functools import cached_property
from itertools import islice
from typing import Final

from rollbook.eventlog.envelope import EventEnvelope, Record
from rollbook.eventlog.records import STREAM_EVENTS, Broken, decode_event

RECORDS: Final = 4096
BYTES: Final = 8 << 20
"""What is kept of each partition, at most: whoever is further behind reads the tables."""


class Live:
    """A record that counts; decoded once, whoever asks first."""

    def __init__(self, record: Record, partition: int) -> None:
        self.record = record
        self.partition = partition
        self.shown: bytes | None = None
        """How it is shown, by whoever showed it first."""

    @cached_property
    def event(self) -> EventEnvelope | None:
        """What it says; None when it cannot be read, as the tables have no such record either."""
        try:
            event = decode_event(self.record, self.partition)
        except (Broken, ValueError):
            return None
        nobodys = event.model is None and type(event.message).__name__ in STREAM_EVENTS
        return None if nobodys or event.time.tzinfo is None else event


class Tail:
    """A ring of records for each partition, without gaps in between."""

    def __init__(self, *, records: int = RECORDS, size: int = BYTES) -> None:
        self.more = asyncio.Event()
        """Set by the next change, and then another one."""
        self._most = records
        self._most_bytes = size
        self._begins: dict[int, int] = {}
        self._rings: dict[int, deque[Live | None]] = {}
        self._bytes: dict[int, int] = {}

    @property
    def ends(self) -> dict[int, int]:
        """The next offset of each partition; empty before the first reader."""
        return {n: begin + len(self._rings[n]) for n, begin in self._begins.items()}

    def begin(self, places: Mapping[int, int]) -> None:
        """A reader begins here; what was kept before is of no use where there is a gap."""
        for partition, offset in places.items():
            if self.ends.get(partition) != offset:
                self._begins[partition] = offset
                self._rings[partition] = deque()
                self._bytes[partition] = 0
        self.tell()

    def add(self, partition: int, record: Record, *, counts: bool) -> None:
        """The next record of a partition; one that does not count only takes its place."""
        ring = self._rings[partition]
        if record.offset != self._begins[partition] + len(ring):
            self.begin({partition: record.offset})
            ring = self._rings[partition]
        ring.append(Live(record, partition) if counts else None)
        self._bytes[partition] += _size(ring[-1])
        while len(ring) > 1 and (
            len(ring) > self._most or self._bytes[partition] > self._most_bytes
        ):
            self._bytes[partition] -= _size(ring.popleft())
            self._begins[partition] += 1

    def tell(self) -> None:
        """Wake those who wait, after records were added."""
        self.more.set()
        self.more = asyncio.Event()

    def since(self, partition: int, offset: int, most: int) -> list[Live | None] | None:
        """Up to so many records from an offset on; None when they are not kept any more."""
        begin = self._begins.get(partition)
        if begin is None or offset < begin:
            return None
        ring = self._rings[partition]
        return list(islice(ring, offset - begin, offset - begin + most))


def _size(live: Live | None) -> int:
    return 0 if live is None else len(live.record.value or b"")
