"""Following the log from any place, without a group: for projectors, waiters and auditors."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Self

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from rollbook.eventlog import topics
from rollbook.eventlog.log import Unavailable
from rollbook.eventlog.partition import LONG_AGO
from rollbook.eventlog.topics import RECORD_LIMIT, LogAddress


class EventReader:
    """Reads every partition of `rollbook.events`, each from its own offset."""

    def __init__(self, log: LogAddress, *, fetch_wait_ms: int = 100) -> None:
        self.partitions = 0
        self._log = log
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=log.kafka,
            enable_auto_commit=False,
            auto_offset_reset="none",
            max_partition_fetch_bytes=RECORD_LIMIT,
            fetch_max_wait_ms=fetch_wait_ms,
        )

    async def start(self, starts: Mapping[int, int] | None) -> None:
        """Begin at `starts` (offset by partition; others at 0), or at the end when None."""
        try:
            self.partitions = await topics.count(self._log)
            await self._consumer.start()
            places = self._places()
            self._consumer.assign(places)
            ends = await self._consumer.end_offsets(places) if starts is None else {}
            for place in places:
                start = ends[place] if starts is None else starts.get(place.partition, 0)
                self._consumer.seek(place, start)
        except (KafkaError, OSError) as error:
            raise Unavailable(repr(error)) from error

    async def take(
        self, *, most: int | None = None, wait_ms: int = 1000
    ) -> Mapping[int, Sequence[ConsumerRecord[bytes, bytes]]]:
        """What is there by partition, in order; empty when nothing came for `wait_ms`."""
        try:
            found = await self._consumer.getmany(timeout_ms=wait_ms, max_records=most)
        except (KafkaError, OSError) as error:
            raise Unavailable(repr(error)) from error
        return {place.partition: records for place, records in found.items()}

    async def ends(self) -> dict[int, int]:
        """The next offset of each partition now."""
        try:
            ends = await self._consumer.end_offsets(self._places())
        except (KafkaError, OSError) as error:
            raise Unavailable(repr(error)) from error
        return {place.partition: end for place, end in ends.items()}

    async def since(self, time: datetime) -> dict[int, int]:
        """The first offset of each partition whose record was not written before, or its end."""
        stamp = (time - LONG_AGO) // timedelta(milliseconds=1)
        try:
            found = await self._consumer.offsets_for_times(dict.fromkeys(self._places(), stamp))
        except (KafkaError, OSError) as error:
            raise Unavailable(repr(error)) from error
        ends = await self.ends()
        return {p.partition: at.offset if at else ends[p.partition] for p, at in found.items()}

    async def position(self, partition: int) -> int:
        """The next offset to be handed out."""
        return int(await self._consumer.position(TopicPartition(self._log.events, partition)))

    def _places(self) -> list[TopicPartition]:
        return [TopicPartition(self._log.events, number) for number in range(self.partitions)]

    async def stop(self) -> None:
        """Close the connections."""
        await self._consumer.stop()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
