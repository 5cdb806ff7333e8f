"""Tells what was answered and what is served, to a topic: in batches, and never in the way."""

import asyncio
import os
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final
from uuid import uuid4

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from rollbook.eventlog.topics import LogAddress
from rollbook.observability import metrics
from rollbook.observability.logs import logger
from rollbook.telemetry.batch import Batches, presence
from rollbook.telemetry.messages import Served

log = logger(__name__)

EVERY: Final = 1.0
"""Seconds between two looks at what is to be told."""
PRESENT: Final = 5.0
"""Seconds between two words about what is served."""
PAUSE: Final = 2.0
SENDING: Final = 30.0
"""Seconds before Kafka is tried again, and that one attempt may take."""
TARGET: Final = "local"


class Teller:
    """Sends rows and presence; while Kafka is away the oldest rows go first, and are counted."""

    def __init__(self, address: LogAddress, serves: Callable[[], Sequence[Served]]) -> None:
        self.batches = Batches(f"{socket.gethostname()}/{os.getpid()}/{uuid4()}")
        self._address = address
        self._serves = serves
        self._pending: list[tuple[bytes, bytes]] = []
        self._present = 0.0
        self._said: Sequence[Served] = ()
        self._counted = 0
        self._telling: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to tell."""
        self._telling = asyncio.create_task(self._tell(), name="telemetry")

    async def stop(self) -> None:
        """Tell no more."""
        if self._telling is not None:
            self._telling.cancel()
            with suppress(asyncio.CancelledError):
                await self._telling

    async def _tell(self) -> None:
        producer: AIOKafkaProducer | None = None
        try:
            while True:
                await asyncio.sleep(EVERY)
                if not self._due():
                    continue
                try:
                    async with asyncio.timeout(SENDING):
                        if producer is None:
                            producer = AIOKafkaProducer(
                                bootstrap_servers=self._address.kafka, acks="all"
                            )
                            await producer.start()
                        await self._send(producer)
                except (KafkaError, OSError, TimeoutError) as error:
                    log.warning("telemetry waits", reason=repr(error), rows=len(self.batches))
                    await _closed(producer)
                    producer = None
                    await asyncio.sleep(PAUSE)
        finally:
            await _closed(producer)

    def _due(self) -> bool:
        dropped = self.batches.dropped
        metrics.TELEMETRY_DROPPED.inc(dropped - self._counted)
        self._counted = dropped
        serves = self._serves()
        late = time.monotonic() - self._present >= PRESENT
        if (serves and late) or serves != self._said:
            # Again and again while something is served; once when nothing is any more.
            self._said, self._present = serves, time.monotonic()
            self._pending = [p for p in self._pending if p[0] != self.batches.source.encode()]
            self._pending.append(presence(self.batches.source, TARGET, serves, _now()))
        return bool(self._pending or len(self.batches))

    async def _send(self, producer: AIOKafkaProducer) -> None:
        if len(self._pending) < 2:  # what could not be sent comes first, the same bytes again
            self._pending += self.batches.take(_now())
        while self._pending:
            key, value = self._pending[0]
            await producer.send_and_wait(self._address.telemetry, key=key, value=value)
            self._pending.pop(0)


async def _closed(producer: AIOKafkaProducer | None) -> None:
    if producer is not None:
        with suppress(KafkaError, OSError, TimeoutError):
            async with asyncio.timeout(1):
                await producer.stop()


def _now() -> int:
    return time.time_ns() // 1_000_000
