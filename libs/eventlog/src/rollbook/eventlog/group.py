"""Membership of the command services' group: which partitions are ours, and serving them."""

import asyncio
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from aiokafka.errors import IllegalStateError, KafkaError

from rollbook.eventlog.kafka import KafkaIntake, KafkaPartitionLog
from rollbook.eventlog.log import PartitionLog
from rollbook.eventlog.processor import Processor
from rollbook.eventlog.topics import RECORD_LIMIT, LogAddress
from rollbook.observability.logs import logger

log = logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSettings:
    """How a command service takes part in its group."""

    log: LogAddress
    instance: str | None = None
    """A stable name that lets a restart keep its partitions."""
    session: timedelta = timedelta(seconds=30)
    """How long a silent instance keeps its partitions; under aiokafka's request timeout of 40 s."""
    wait: timedelta = timedelta(seconds=2)
    """How long an idle partition waits before it looks at its claim's age."""
    commit_every: timedelta = timedelta(seconds=5)


class Group(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """Serves the partitions that the group assigns to this process."""

    def __init__(
        self,
        settings: GroupSettings,
        make: Callable[[int], Processor],
        connect: Callable[[LogAddress, int], PartitionLog] = KafkaPartitionLog,
    ) -> None:
        self._settings = settings
        self._make = make
        self._connect = connect
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._owned: set[int] = set()
        self._assigned = False
        self._consumer: AIOKafkaConsumer | None = None
        self.processors: dict[int, Processor] = {}
        """By partition; one that was revoked keeps its state for the next time."""

    @property
    def serving(self) -> set[int]:
        """The partitions that answer commands here now."""
        return {number for number in self._owned if self.processors[number].serving}

    @property
    def ready(self) -> bool:
        """Whether the group has told us our partitions, be it none, and each of them answers."""
        return self._assigned and self.serving == self._owned

    async def start(self) -> None:
        """Join the group."""
        self.failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when a partition met an error that nobody foresaw: the process must end."""
        session = int(self._settings.session.total_seconds() * 1000)
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._settings.log.kafka,
            group_id=f"{self._settings.log.app}-command",
            group_instance_id=self._settings.instance,
            partition_assignment_strategy=[StickyPartitionAssignor],
            session_timeout_ms=session,
            heartbeat_interval_ms=min(3000, session // 3),
            rebalance_timeout_ms=session,  # shorter than a request waits for its answer
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=RECORD_LIMIT + 1_000_000,
            fetch_max_wait_ms=100,
        )
        consumer.subscribe([self._settings.log.commands], listener=self)
        self._consumer = consumer
        await consumer.start()
        self._committing = asyncio.create_task(self._commit_for_lag(consumer))

    async def stop(self) -> None:
        """Finish the batches in flight and leave."""
        self._committing.cancel()
        with suppress(asyncio.CancelledError):
            await self._committing
        await self._release(list(self._owned))
        if self._consumer is not None:
            await self._commit(self._consumer)
            await self._consumer.stop()

    def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        """Start serving; runs inside the rebalance, so it must neither wait nor fail."""
        consumer = self._consumer
        assert consumer is not None  # noqa: S101  # the consumer calls us
        consumer.pause(*assigned)  # first: records are handed out before this returns
        self._assigned = True
        for place in assigned:
            number = place.partition
            self._owned.add(number)
            processor = self.processors.setdefault(number, self._make(number))
            log_ = self._connect(self._settings.log, number)
            wait = int(self._settings.wait.total_seconds() * 1000)
            intake = KafkaIntake(consumer, place, wait)
            owned = partial(self._owned.__contains__, number)
            run = processor.run(log_, intake, owned)
            task = asyncio.create_task(run, name=f"partition-{number}")
            task.add_done_callback(self._crashed)
            self._tasks[number] = task

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        """Finish the batches in flight."""
        self._assigned = False
        await self._release([place.partition for place in revoked])

    async def _release(self, numbers: list[int]) -> None:
        for number in numbers:
            self._owned.discard(number)
            self.processors[number].stop()
        tasks = [self._tasks.pop(number) for number in numbers if number in self._tasks]
        await asyncio.gather(*tasks, return_exceptions=True)

    def _crashed(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("partition crashed", task=task.get_name(), exc_info=error)
            if not self.failure.done():
                self.failure.set_exception(error)

    async def _commit_for_lag(self, consumer: AIOKafkaConsumer) -> None:
        while True:
            await asyncio.sleep(self._settings.commit_every.total_seconds())
            await self._commit(consumer)

    async def _commit(self, consumer: AIOKafkaConsumer) -> None:
        """Only for lag metrics: recovery never reads these offsets."""
        offsets = {
            TopicPartition(self._settings.log.commands, number): state.next_command
            for number in self._owned
            if (state := self.processors[number].state) is not None
        }
        if offsets:
            with suppress(KafkaError, IllegalStateError):
                await consumer.commit(offsets)
