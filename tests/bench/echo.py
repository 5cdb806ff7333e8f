"""The least that a round trip through Kafka takes: produce a record and see it come back."""

import asyncio
from contextlib import suppress
from typing import Self

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from rollbook.eventlog.envelope import Outgoing
from rollbook.eventlog.routing import partition_for
from rollbook.eventlog.topics import RECORD_LIMIT


class Echo:
    """One producer and one consumer on a topic, set as the Asker's are."""

    def __init__(self, kafka: str, topic: str, partitions: int) -> None:
        self._topic = topic
        self._partitions = partitions
        self._producer = AIOKafkaProducer(
            bootstrap_servers=kafka, enable_idempotence=True, acks="all"
        )
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=kafka,
            enable_auto_commit=False,
            auto_offset_reset="none",
            max_partition_fetch_bytes=RECORD_LIMIT,
            fetch_max_wait_ms=500,
        )
        self._waiting: dict[bytes, asyncio.Future[None]] = {}

    async def ask(self, record: Outgoing) -> None:
        """Append the record, and return when it was read back and acknowledged."""
        mark = dict(record.headers)["ce_id"]
        seen = self._waiting[mark] = asyncio.get_running_loop().create_future()
        partition = partition_for(record.key or b"", self._partitions)
        await self._producer.send_and_wait(
            self._topic, record.value, record.key, partition=partition, headers=record.headers
        )
        await seen

    async def _follow(self) -> None:
        while True:
            for records in (await self._consumer.getmany(timeout_ms=1000)).values():
                for record in records:
                    self._waiting.pop(dict(record.headers)["ce_id"]).set_result(None)

    async def __aenter__(self) -> Self:
        await self._consumer.start()
        places = [TopicPartition(self._topic, n) for n in range(self._partitions)]
        self._consumer.assign(places)
        for place in places:
            self._consumer.seek(place, 0)
        await self._producer.start()
        self._following = asyncio.create_task(self._follow())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._following.cancel()
        with suppress(asyncio.CancelledError):
            await self._following
        await self._consumer.stop()
        await self._producer.stop()
