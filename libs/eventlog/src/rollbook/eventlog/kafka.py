"""The log on Kafka: one partition's fenced writer, its readers, and its command intake."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError, OffsetOutOfRangeError

from rollbook.eventlog.commands import UNREADABLE
from rollbook.eventlog.envelope import Headers, Outgoing, Record
from rollbook.eventlog.fence import FencedProducer
from rollbook.eventlog.log import Unavailable
from rollbook.eventlog.topics import RECORD_LIMIT, LogAddress

STALLED = 30.0
"""Seconds without a record that must be there before a read is given up."""


class KafkaPartitionLog:
    """`PartitionLog` on a real Kafka."""

    def __init__(self, log: LogAddress, partition: int) -> None:
        self._log = log
        self._partition = partition
        self._name = f"{log.app}-events-{partition}"
        self._producer: FencedProducer | None = None
        self._snapshots_end = 0

    @property
    def commands(self) -> str:
        """The topic that the commands come from."""
        return self._log.commands

    async def claim(self, record: Outgoing) -> int:
        """Fence every older writer, append the claim, and return its offset."""
        await self.release()
        self._producer = await FencedProducer.open(self._log.kafka, self._name)
        offset = await self._producer.append(self._log.events, self._partition, [record])
        mark = Outgoing(b"claim", record.value, [], 0)  # fences the other topics as well
        self._snapshots_end = 1 + await self._writer.append(
            self._log.snapshots, self._partition, [mark]
        )
        own = Outgoing(b"claim/%d" % self._partition, b"null", [], 0)
        await self._writer.share(self._log.governance, 0, [own])
        await self._writer.share(self._log.serving, 0, [own])
        return offset

    async def events(self, start: int, stop: int) -> AsyncIterator[Sequence[Record]]:
        """The records from offset `start` up to, not including, `stop`."""
        async for batch in read(self._log.kafka, self._log.events, self._partition, start, stop):
            yield batch

    async def snapshots(self) -> AsyncIterator[Sequence[Record]]:
        """The partition's snapshot records, oldest first."""
        stop = self._snapshots_end
        async for batch in read(self._log.kafka, self._log.snapshots, self._partition, None, stop):
            yield batch

    async def append(self, outcomes: Sequence[Outgoing]) -> int:
        """Append in order and return the first offset."""
        return await self._writer.append(self._log.events, self._partition, outcomes)

    async def save(self, parts: Sequence[Outgoing]) -> None:
        """Append snapshot records in order."""
        if parts:
            await self._writer.append(self._log.snapshots, self._partition, parts)

    async def govern(self, states: Sequence[Outgoing]) -> None:
        """Append the newest states of namespaces."""
        await self._writer.share(self._log.governance, 0, states)

    async def direct(self, pointings: Sequence[Outgoing]) -> None:
        """Append what stands at environments and aliases now."""
        await self._writer.share(self._log.serving, 0, pointings)

    async def bury(self, letters: Sequence[Outgoing]) -> None:
        """Append dead letters."""
        await self._writer.share(self._log.dead_letters, 0, letters)

    async def release(self) -> None:
        """Let go of the claim and of every connection."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.close()

    @property
    def _writer(self) -> FencedProducer:
        if self._producer is None:
            raise Unavailable("the partition is not claimed")
        return self._producer


async def read(
    kafka: str, topic: str, partition: int, start: int | None, stop: int
) -> AsyncIterator[Sequence[ConsumerRecord[bytes, bytes]]]:
    """Records of one partition from `start` (None: the oldest) up to, not including, `stop`.

    A record must stand at `stop - 1`.
    """
    if start is not None and start >= stop:
        return
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka,
        enable_auto_commit=False,
        auto_offset_reset="none" if start is not None else "earliest",
        max_partition_fetch_bytes=RECORD_LIMIT,
        fetch_max_wait_ms=50,
    )
    place = TopicPartition(topic, partition)
    try:
        await consumer.start()
        consumer.assign([place])
        if start is not None:
            consumer.seek(place, start)
        done = False
        while not done:
            async with asyncio.timeout(STALLED):
                found = await consumer.getmany(place, timeout_ms=int(STALLED * 1000))
            records = found.get(place, [])
            done = not records or records[-1].offset >= stop - 1
            yield records if not done else [r for r in records if r.offset < stop]
            if not records:
                raise Unavailable(f"{topic}/{partition}: no record came for {STALLED} s")
    except OffsetOutOfRangeError as error:
        raise Unavailable(f"{topic}/{partition} has lost offset {start}: {error}") from error
    except (KafkaError, OSError, TimeoutError) as error:
        raise Unavailable(f"{topic}/{partition}: {error!r}") from error
    finally:
        await consumer.stop()


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Stands for a record that aiokafka cannot decode, or that follows one in its batch."""

    offset: int
    headers: Headers
    key: None = None
    value: None = None
    timestamp: int = 0


class KafkaIntake:
    """`Intake` on the consumer of a group."""

    def __init__(self, consumer: AIOKafkaConsumer, place: TopicPartition, wait_ms: int) -> None:
        self._consumer = consumer
        self._place = place
        self._wait_ms = wait_ms

    async def resume(self, offset: int) -> None:
        """Hand out commands from `offset` on, or from the oldest that is kept."""
        try:
            first = (await self._consumer.beginning_offsets([self._place]))[self._place]
            end = (await self._consumer.end_offsets([self._place]))[self._place]
            if offset > end:
                raise Unavailable(
                    f"{self._place.topic} ends at {end}, but the log has answered up to {offset}:"
                    " the topic was made again; restore it or empty its partition up to there"
                )
            self._consumer.seek(self._place, max(first, offset))
            self._consumer.resume(self._place)
        except (KafkaError, OSError) as error:
            raise Unavailable(repr(error)) from error
        except IllegalStateError:
            return  # revoked meanwhile: the caller sees that it owns nothing

    async def take(self, most: int) -> Sequence[Record]:
        """What is there, up to `most` commands; nothing when none came for a while."""
        try:
            found = await self._consumer.getmany(
                self._place, timeout_ms=self._wait_ms, max_records=most
            )
        except (KafkaError, OSError) as error:
            raise Unavailable(repr(error)) from error
        except UnicodeDecodeError as error:  # aiokafka would raise it for ever
            if most > 1:  # what stood before it was dropped: go there one by one
                return await self.take(1)
            offset = await self._consumer.position(self._place)
            self._consumer.seek(self._place, offset + 1)
            return [
                Unreadable(
                    offset, [(UNREADABLE, f"a header's name in its batch: {error}".encode())]
                )
            ]
        records: Sequence[Record] = found.get(self._place, [])
        return records
