"""The same log twice: in memory and on a real Kafka."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from typing import Protocol

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from rollbook.eventlog import topics
from rollbook.eventlog.envelope import Record
from rollbook.eventlog.kafka import KafkaIntake, KafkaPartitionLog, read
from rollbook.eventlog.log import Intake, PartitionLog
from rollbook.eventlog.memory import MemoryBroker
from rollbook.eventlog.topics import RECORD_LIMIT, LogAddress
from tests.support.stack import Cluster

PARTITION = 1
PARTITIONS = 2


class World(Protocol):
    """One log, and a look at it from outside."""

    def log(self, partition: int = PARTITION) -> PartitionLog:
        """A new writer of a partition."""

    async def publish(self, *values: bytes) -> None:
        """Append commands to the partition."""

    async def intake(self) -> Intake:
        """A reader of the partition's commands."""

    async def dead_letters(self, count: int) -> Sequence[Record]:
        """The first dead letters."""

    async def copies(self) -> Sequence[Record]:
        """What was copied about namespaces, without the marks of claims."""

    async def pointings(self) -> Sequence[Record]:
        """What was said to stand at environments and aliases, without the marks of claims."""


class Memory:
    def __init__(self) -> None:
        self._broker = MemoryBroker(PARTITIONS)

    def log(self, partition: int = PARTITION) -> PartitionLog:
        return self._broker.log(partition)

    async def publish(self, *values: bytes) -> None:
        for value in values:
            self._broker.publish(PARTITION, b"a/b", value, [("ce_type", b"x")])

    async def intake(self) -> Intake:
        return self._broker.intake(PARTITION)

    async def dead_letters(self, count: int) -> Sequence[Record]:
        return self._broker.dead_letters[:count]

    async def copies(self) -> Sequence[Record]:
        return self._broker.governance

    async def pointings(self) -> Sequence[Record]:
        return self._broker.serving


class Kafka:
    def __init__(self, address: LogAddress, open_: AsyncExitStack) -> None:
        self._address = address
        self._open = open_

    def log(self, partition: int = PARTITION) -> PartitionLog:
        log = KafkaPartitionLog(self._address, partition)
        self._open.push_async_callback(log.release)
        return log

    async def publish(self, *values: bytes) -> None:
        producer = AIOKafkaProducer(bootstrap_servers=self._address.kafka, acks="all")
        await producer.start()
        try:
            for value in values:
                await producer.send_and_wait(
                    self._address.commands,
                    value,
                    b"a/b",
                    partition=PARTITION,
                    headers=[("ce_type", b"x")],
                )
        finally:
            await producer.stop()

    async def intake(self) -> Intake:
        place = TopicPartition(self._address.commands, PARTITION)
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._address.kafka,
            enable_auto_commit=False,
            max_partition_fetch_bytes=RECORD_LIMIT,
        )
        await consumer.start()
        self._open.push_async_callback(consumer.stop)
        consumer.assign([place])
        consumer.pause(place)
        return KafkaIntake(consumer, place, 1_000)

    async def dead_letters(self, count: int) -> Sequence[Record]:
        found = read(self._address.kafka, self._address.dead_letters, 0, 0, count)
        return [record async for batch in found for record in batch]

    async def copies(self) -> Sequence[Record]:
        return await self._unmarked(self._address.governance)

    async def pointings(self) -> Sequence[Record]:
        return await self._unmarked(self._address.serving)

    async def _unmarked(self, topic: str) -> Sequence[Record]:
        consumer = AIOKafkaConsumer(bootstrap_servers=self._address.kafka)
        await consumer.start()
        try:
            place = TopicPartition(topic, 0)
            end = (await consumer.end_offsets([place]))[place]
        finally:
            await consumer.stop()
        found = read(self._address.kafka, topic, 0, 0, end)
        records = [record async for batch in found for record in batch]
        return [r for r in records if not (r.key or b"").startswith(b"claim/")]


@pytest.fixture(params=["memory", "kafka"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    if request.param == "memory":
        yield Memory()
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    address = cluster.log()
    assert await topics.ensure(address, PARTITIONS) == PARTITIONS
    async with AsyncExitStack() as open_:
        yield Kafka(address, open_)
