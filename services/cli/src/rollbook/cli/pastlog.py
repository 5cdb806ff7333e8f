"""The log read for a back-test: partitions side by side, on every core where it is worth it."""

import asyncio
import gc
import multiprocessing
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeAlias

from rollbook.cli import auditlog
from rollbook.cli.backlog import Kept
from rollbook.domain.namespace import NamespaceEvent
from rollbook.domain.tenancy import REGISTRY
from rollbook.eventlog.kafka import read
from rollbook.eventlog.records import (
    NAMESPACE_EVENTS,
    STREAM_EVENTS,
    Heading,
    decode_message,
    heading,
)
from rollbook.eventlog.routing import partition_for
from rollbook.eventlog.topics import LogAddress
from rollbook.gates.backtest import Backtest, WhatIf
from rollbook.gates.tally import Tally
from rollbook.projector.building import cores, end_with_parent, shared_out

if TYPE_CHECKING:
    from rollbook.eventlog.envelope import Record
    from rollbook.eventlog.outcomes import LogMessage

Source: TypeAlias = LogAddress | Path
"""A log on Kafka, or one that `rollbook log export` has kept."""

WORTH_A_PROCESS = 25_000
"""Records that take longer than the start of a process."""
SHAPED_BY = ("RulesSet", "MetadataSchemaSet", "PolicySaved", "PolicyDropped")
"""Events of namespaces that a back-test looks at."""


@dataclass(frozen=True, slots=True)
class PastLog:
    """A log up to a moment: of each partition the records before an offset."""

    source: Source
    ends: Mapping[int, int]

    @classmethod
    def on_kafka(cls, place: LogAddress) -> Self:
        """All that stands there now."""
        return cls(place, asyncio.run(auditlog.ends(place)))

    @classmethod
    def kept(cls, file: Path) -> Self:
        """All that the file holds."""
        kept = Kept.open(file)
        kept.close()
        return cls(file, dict(enumerate(kept.manifest.sizes)))

    def governance(self, namespace: str) -> Sequence[tuple[str, datetime, NamespaceEvent]]:
        """What was decided about a namespace and the registry; of `rollbook`, about all."""
        return asyncio.run(self._governance(namespace))

    async def _governance(self, namespace: str) -> list[tuple[str, datetime, NamespaceEvent]]:
        keys = {namespace.encode(), REGISTRY.encode()}
        places: Iterable[int] = {partition_for(key, len(self.ends)) for key in keys}

        def wanted(key: bytes) -> bool:
            return b"/" not in key and (namespace == REGISTRY or key in keys)

        found: list[tuple[str, datetime, NamespaceEvent]] = []
        for number in self.ends if namespace == REGISTRY else places:
            async for record, head in _records(self.source, number, self.ends[number], wanted):
                if head.kind in SHAPED_BY:
                    found.append((*_place(record, head), _message(record, head)))  # type: ignore[arg-type]
        return sorted(found, key=lambda event: event[1])

    def judged(self, what: WhatIf, namespace: str) -> Tally:
        """Every candidate of a namespace judged; of `rollbook`, of all namespaces."""
        prefix = b"" if namespace == REGISTRY else namespace.encode() + b"/"
        count = max(1, min(cores(), sum(self.ends.values()) // WORTH_A_PROCESS, len(self.ends)))
        shares = shared_out(self.ends, count)
        if count == 1:
            return _judged(self.source, shares[0], what, prefix)
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(count, context, initializer=_end_with_parent) as pool:
            done = [pool.submit(_judged, self.source, share, what, prefix) for share in shares]
            tally = Tally()
            for part in done:
                tally += part.result()
        return tally


def _judged(source: Source, share: Mapping[int, int], what: WhatIf, prefix: bytes) -> Tally:
    gc.disable()  # nothing that is made here refers to itself, and much of it stays
    try:
        return asyncio.run(_fold(source, share, what, prefix))
    finally:
        gc.enable()


async def _fold(source: Source, share: Mapping[int, int], what: WhatIf, prefix: bytes) -> Tally:
    def wanted(key: bytes) -> bool:
        return b"/" in key and key.startswith(prefix)

    tally = Tally()
    for number, end in share.items():
        backtest = Backtest(what)
        async for record, head in _records(source, number, end, wanted):
            if head.kind in STREAM_EVENTS and head.kind not in NAMESPACE_EVENTS:
                backtest.take(*_place(record, head), _message(record, head))  # type: ignore[arg-type]
        tally += backtest.tally()
    return tally


def _place(record: "Record", head: Heading) -> tuple[str, datetime]:
    return (record.key or b"").decode(), datetime.fromisoformat(head.time.decode())


def _message(record: "Record", head: Heading) -> "LogMessage":
    return decode_message(head.kind, record.value, head.schema, head.actor)


async def _records(
    source: Source, number: int, end: int, wanted: Callable[[bytes], bool]
) -> "AsyncIterator[tuple[Record, Heading]]":
    """A partition's records of some streams, without those of a writer whose claim had ended."""
    claim = -1
    async for batch in _batches(source, number, end):
        for record in batch:
            if record.key is None:
                claim = max(claim, heading(record).claim)
            elif wanted(record.key):
                head = heading(record)
                if head.claim >= claim:
                    yield record, head


async def _batches(source: Source, number: int, end: int) -> "AsyncIterator[Iterable[Record]]":
    if isinstance(source, LogAddress):
        async for batch in read(source.kafka, source.events, number, 0, end):
            yield batch
    else:
        yield _kept(source, number)


def _kept(file: Path, number: int) -> "Iterator[Record]":
    kept = Kept.open(file)
    try:
        yield from kept.entries(number)  # type: ignore[misc]  # our own have no null headers
    finally:
        kept.close()


def _end_with_parent() -> None:
    threading.Thread(target=end_with_parent, daemon=True).start()
