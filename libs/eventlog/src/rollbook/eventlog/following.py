"""Keeps what is known up with a compacted topic of one partition, whether Kafka is there or not."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Protocol

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from rollbook.eventlog import topics
from rollbook.eventlog.envelope import Record
from rollbook.eventlog.log import Unavailable
from rollbook.eventlog.topics import RECORD_LIMIT, LogAddress, Topic
from rollbook.observability.logs import logger

log = logger(__name__)

PAUSE = 1.0
"""Seconds before Kafka is tried again."""

LOOK_MS = 10_000
"""Milliseconds without a record after which it is asked whether Kafka is still there."""

ANSWER = 5.0
"""Seconds that it may take to say so."""

STALLED = 30.0
"""Seconds without a record that must be there before a start is given up."""


class Known(Protocol):
    """What is made of the records."""

    def begin(self) -> None:
        """The topic is read from its beginning now, perhaps not for the first time."""

    def take(self, record: Record) -> None:
        """Take in a record; it never raises."""

    def caught_up(self) -> None:
        """All that stood in the topic was taken."""


class Follower:
    """Takes in all that stands in a topic and goes on; what was known holds while Kafka is away."""

    def __init__(self, address: LogAddress, topic: Topic, known: Known) -> None:
        self._address = address
        self._topic = topic
        self._known = known
        self._place = TopicPartition(address.name(topic), 0)
        self._following: asyncio.Task[None] | None = None
        self.connected = False
        """Whether Kafka answers, so that what changes comes at once."""

    @property
    def following(self) -> bool:
        """Whether what changes will be known here."""
        return self._following is not None and not self._following.done()

    async def start(self) -> None:
        """Take in all that stands in the topic, and go on following; `Unavailable` raises."""
        self._begin(await self._open())

    def start_late(self) -> None:
        """Go on following as soon as Kafka is there, which may be never."""
        self._begin(None)

    def _begin(self, consumer: AIOKafkaConsumer | None) -> None:
        self._following = asyncio.create_task(self._follow(consumer), name=self._topic.name)

    async def stop(self) -> None:
        """Close the connection."""
        if self._following is not None:
            self._following.cancel()
            with suppress(asyncio.CancelledError):
                await self._following

    async def _open(self) -> AIOKafkaConsumer:
        await topics.count(self._address, self._topic)  # a broker may make what one asks for
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._address.kafka,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=RECORD_LIMIT,
            fetch_max_wait_ms=500,
        )
        try:
            async with asyncio.timeout(STALLED) as limit:  # aiokafka would wait for ever
                await consumer.start()
                consumer.assign([self._place])
                await consumer.seek_to_beginning(self._place)
                end = (await consumer.end_offsets([self._place]))[self._place]
                self._known.begin()
                # The position passes over what was compacted away, records need not come.
                while await consumer.position(self._place) < end:
                    found = await consumer.getmany(self._place, timeout_ms=500)
                    if found:
                        limit.reschedule(asyncio.get_running_loop().time() + STALLED)
                    self._take(found.values())
                self._known.caught_up()
        except (KafkaError, OSError) as error:
            await consumer.stop()
            raise Unavailable(f"{self._place.topic}: {error!r}") from error
        except BaseException:
            await consumer.stop()
            raise
        return consumer

    async def _follow(self, consumer: AIOKafkaConsumer | None) -> None:
        while True:
            try:
                consumer = consumer or await self._open()
                self.connected = True
                while True:
                    found = await consumer.getmany(self._place, timeout_ms=LOOK_MS)
                    self._take(found.values())
                    self.connected = bool(found) or await self._answers(consumer)
            except (KafkaError, OSError, Unavailable) as error:
                log.warning("a topic is not followed", topic=self._topic.name, reason=repr(error))
            finally:
                self.connected = False
                if consumer is not None:
                    await consumer.stop()
                    consumer = None
            await asyncio.sleep(PAUSE)

    async def _answers(self, consumer: AIOKafkaConsumer) -> bool:
        # aiokafka connects again by itself, for as long as it takes, and says nothing meanwhile.
        try:
            async with asyncio.timeout(ANSWER):
                await consumer.end_offsets([self._place])
        except (KafkaError, OSError, TimeoutError):
            return False
        return True

    def _take(self, batches: Iterable[list[ConsumerRecord[bytes, bytes]]]) -> None:
        for batch in batches:
            for taken in batch:
                self._known.take(taken)
