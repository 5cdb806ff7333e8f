"""Commands straight from the topic, without a group: for writers that wrongly think they own it."""

from collections.abc import Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition

from rollbook.eventlog.envelope import Record
from rollbook.eventlog.topics import LogAddress


class FromTheLog:
    """`Intake` on one partition that nobody assigns."""

    def __init__(self, log: LogAddress, partition: int) -> None:
        self._log = log
        self._place = TopicPartition(log.commands, partition)
        self._consumer: AIOKafkaConsumer | None = None

    async def resume(self, offset: int) -> None:
        await self.close()
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=self._log.kafka, auto_offset_reset="earliest", fetch_max_wait_ms=20
        )
        await self._consumer.start()
        self._consumer.assign([self._place])
        self._consumer.seek(self._place, offset)

    async def take(self, most: int) -> Sequence[Record]:
        assert self._consumer is not None
        found = await self._consumer.getmany(self._place, timeout_ms=50, max_records=most)
        return found.get(self._place, [])  # type: ignore[no-any-return]

    async def close(self) -> None:
        if self._consumer is not None:
            await self._consumer.stop()
