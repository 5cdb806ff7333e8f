"""Publishing a command and waiting for its outcome to stand in the log."""

import asyncio
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Self

from aiokafka import AIOKafkaProducer, ConsumerRecord
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from aiokafka.structs import RecordMetadata

from rollbook.eventlog.commands import Signer, encode_command
from rollbook.eventlog.envelope import CommandEnvelope, EventEnvelope
from rollbook.eventlog.fence import FencedProducer
from rollbook.eventlog.kafka import read
from rollbook.eventlog.log import Unavailable
from rollbook.eventlog.outcomes import CommandRepeated, WriterClaimed
from rollbook.eventlog.position import Position
from rollbook.eventlog.reader import EventReader
from rollbook.eventlog.records import Broken, Heading, decode_event, heading
from rollbook.eventlog.routing import partition_for
from rollbook.eventlog.tail import Tail
from rollbook.eventlog.topics import RECORD_LIMIT, LogAddress


class NoAnswer(Exception):
    """No outcome came in time; the command may yet be carried out. Ask again with the same id."""


@dataclass(eq=False, slots=True)
class Waiter:
    """Somebody who waits for the outcome of one record of the commands, and of no other.

    Anybody may send another command with the same id: what it comes to is not ours to tell.
    """

    outcome: asyncio.Future[EventEnvelope]
    _offset: int | None = None
    _early: dict[int, EventEnvelope] = field(default_factory=dict)

    def delivered(self, offset: int) -> None:
        """The record stands at `offset` of the commands."""
        self._offset = offset
        if (found := self._early.get(offset)) is not None:
            self._tell(found)
        self._early.clear()

    def see(self, outcome: EventEnvelope) -> None:
        """An outcome of a command with the same id, in the same partition."""
        if outcome.cmd_offset is None:
            return
        if self._offset is None:  # the log was quicker than the word of our own record
            self._early[outcome.cmd_offset] = outcome
        elif outcome.cmd_offset == self._offset:
            self._tell(outcome)

    def fail(self, error: BaseException) -> None:
        """There will be no outcome."""
        if not self.outcome.done():
            self.outcome.set_exception(error)

    def _tell(self, outcome: EventEnvelope) -> None:
        if not self.outcome.done():
            self.outcome.set_result(outcome)


class Asker:
    """Publishes commands and answers from the outcomes that stand in the log, never before.

    What it reads of the log it also keeps in `tail`, if there is one.
    """

    def __init__(self, log: LogAddress, tail: Tail | None = None) -> None:
        self._log = log
        self._tail = tail
        self._producer = AIOKafkaProducer(
            bootstrap_servers=log.kafka,
            enable_idempotence=True,
            acks="all",
            max_request_size=RECORD_LIMIT,
            request_timeout_ms=10_000,
        )
        self._reader = EventReader(log, fetch_wait_ms=500)
        self._waiting: defaultdict[tuple[int, bytes], set[Waiter]] = defaultdict(set)
        self._claims: dict[int, int] = {}
        self._following: asyncio.Task[None] | None = None
        self._undelivered = False

    async def start(self) -> None:
        """Connect, and follow the log from its end."""
        try:
            await self._reader.start(None)
            if self._tail is not None:
                numbers = range(self._reader.partitions)
                self._tail.begin({n: await self._reader.position(n) for n in numbers})
            await self._producer.start()
        except (KafkaError, OSError) as error:
            raise Unavailable(repr(error)) from error
        self._following = asyncio.create_task(self._follow(), name="outcomes")

    async def stop(self) -> None:
        """Close the connections, within a second or two even where Kafka does not answer."""
        if self._following is not None:
            self._following.cancel()
            with suppress(asyncio.CancelledError, Unavailable):
                await self._following
        await self._reader.stop()
        await FencedProducer(self._producer).close()

    @property
    def following(self) -> bool:
        """Whether outcomes are being read."""
        return self._following is not None and not self._following.done()

    @property
    def usable(self) -> bool:
        """Whether it can go on asking; if not, make another one.

        A record given up leaves a gap in the producer's sequence, and the broker takes no more.
        """
        return self.following and not self._undelivered

    @property
    def partitions(self) -> int:
        """How many partitions the log has; 0 before `start`."""
        return self._reader.partitions

    async def ends(self) -> dict[int, int]:
        """The next offset of each partition now; `Unavailable` when Kafka does not say."""
        return await self._reader.ends()

    async def read_up_to(self, partition: int) -> int:
        """The offset of the next outcome to be seen."""
        return await self._reader.position(partition)

    async def ask(
        self,
        envelope: CommandEnvelope,
        *,
        sign: Signer | None = None,
        timeout: timedelta = timedelta(seconds=30),
    ) -> EventEnvelope:
        """The command's outcome, from the log.

        Raises `NoAnswer` when none came in time, and `Unavailable` when it could not be published
        or outcomes cannot be read any more.
        A command that was carried out before gets its first outcome again.
        """
        key, value, headers = encode_command(envelope, sign)
        partition = partition_for(key, self._reader.partitions)
        waiter = Waiter(asyncio.get_running_loop().create_future())
        mark = partition, envelope.id.lower().encode()
        delivery: asyncio.Future[RecordMetadata] | None = None
        self._waiting[mark].add(waiter)
        try:
            async with asyncio.timeout(timeout.total_seconds()):
                delivery = await self._producer.send(
                    self._log.commands, value, key, partition=partition, headers=headers
                )
                delivery.add_done_callback(lambda done: self._delivered(done, waiter))
                outcome = await waiter.outcome
                if isinstance(outcome.message, CommandRepeated):
                    outcome = await self.outcome_at(Position(partition, outcome.message.offset))
                return outcome
        except TimeoutError:
            if delivery is None or not delivery.done():
                raise Unavailable(
                    f"Kafka has not taken command {envelope.id} within"
                    f" {timeout.total_seconds():g} s: it may yet; ask again with the same id"
                ) from None
            raise NoAnswer(
                f"no outcome of command {envelope.id} within {timeout.total_seconds():g} s: it may"
                " yet be carried out; ask again with the same id"
            ) from None
        except MessageSizeTooLargeError as error:
            raise Unavailable(f"the command is longer than {RECORD_LIMIT:,} bytes") from error
        except (KafkaError, OSError) as error:
            raise Unavailable(repr(error)) from error
        finally:
            self._waiting[mark].discard(waiter)
            if not self._waiting[mark]:
                del self._waiting[mark]

    async def outcome_at(self, position: Position) -> EventEnvelope:
        """The record at a position of the log."""
        partition, offset = position
        async for records in read(self._log.kafka, self._log.events, partition, offset, offset + 1):
            for record in records:
                return decode_event(record, partition)
        raise Unavailable(f"nothing stands at {position}")

    def _delivered(self, delivery: asyncio.Future[RecordMetadata], waiter: Waiter) -> None:
        if delivery.cancelled():
            return
        if (error := delivery.exception()) is not None:
            self._undelivered = True
            waiter.fail(error)
        else:  # -1 where the broker does not know it any more: then no outcome is told
            waiter.delivered(delivery.result().offset)

    async def _follow(self) -> None:
        try:
            while True:
                for partition, records in (await self._reader.take()).items():
                    for record in records:
                        self._see(partition, record)
                if self._tail is not None:
                    self._tail.tell()
        finally:  # nobody would answer those who wait
            for waiters in self._waiting.values():
                for waiter in waiters:
                    waiter.fail(Unavailable("outcomes are not read any more"))

    def _see(self, partition: int, record: ConsumerRecord[bytes, bytes]) -> None:
        head = self._counting(partition, record)
        if self._tail is not None:
            counts = head is not None and head.kind != WriterClaimed.__name__
            self._tail.add(partition, record, counts=counts)
        if head is None:
            return
        waiting = self._waiting.get((partition, head.command_id)) if head.command_id else None
        if not waiting:
            return
        with suppress(Broken):
            outcome = decode_event(record, partition)
            for waiter in waiting:
                waiter.see(outcome)

    def _counting(self, partition: int, record: ConsumerRecord[bytes, bytes]) -> Heading | None:
        """The headers of a record, unless it is broken or of a writer whose claim had ended."""
        try:
            head = heading(record)
        except Broken:
            return None
        if head.claim < self._claims.get(partition, -1):
            return None
        self._claims[partition] = head.claim
        return head

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
