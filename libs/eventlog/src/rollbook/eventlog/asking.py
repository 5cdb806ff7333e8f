"""Publishing a command and waiting for its outcome to stand in the log."""

import asyncio
from collections import defaultdict
from contextlib import suppress
from datetime import timedelta
from typing import Self

from aiokafka import AIOKafkaProducer, ConsumerRecord
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from aiokafka.structs import RecordMetadata

from rollbook.eventlog.codec import Broken, Signer, decode_event, encode_command, heading
from rollbook.eventlog.envelope import CommandEnvelope, EventEnvelope
from rollbook.eventlog.fence import FencedProducer
from rollbook.eventlog.kafka import read
from rollbook.eventlog.log import Unavailable
from rollbook.eventlog.outcomes import CommandRepeated
from rollbook.eventlog.position import Position
from rollbook.eventlog.reader import EventReader
from rollbook.eventlog.routing import partition_for
from rollbook.eventlog.topics import RECORD_LIMIT, LogAddress


class NoAnswer(Exception):
    """No outcome came in time; the command may yet be carried out. Ask again with the same id."""


class Asker:
    """Publishes commands and answers from the outcomes that stand in the log, never before."""

    def __init__(self, log: LogAddress) -> None:
        self._log = log
        self._producer = AIOKafkaProducer(
            bootstrap_servers=log.kafka,
            enable_idempotence=True,
            acks="all",
            max_request_size=RECORD_LIMIT,
            request_timeout_ms=10_000,
        )
        self._reader = EventReader(log, fetch_wait_ms=500)
        self._waiting: defaultdict[bytes, set[asyncio.Future[EventEnvelope]]] = defaultdict(set)
        self._claims: dict[int, int] = {}
        self._following: asyncio.Task[None] | None = None
        self._undelivered = False

    async def start(self) -> None:
        """Connect, and follow the log from its end."""
        try:
            await self._reader.start(None)
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
        future: asyncio.Future[EventEnvelope] = asyncio.get_running_loop().create_future()
        mark = envelope.id.encode()
        delivery: asyncio.Future[RecordMetadata] | None = None
        self._waiting[mark].add(future)
        try:
            async with asyncio.timeout(timeout.total_seconds()):
                delivery = await self._producer.send(
                    self._log.commands, value, key, partition=partition, headers=headers
                )
                delivery.add_done_callback(lambda done: self._delivered(done, future))
                outcome = await future
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
            self._waiting[mark].discard(future)
            if not self._waiting[mark]:
                del self._waiting[mark]

    async def outcome_at(self, position: Position) -> EventEnvelope:
        """The record at a position of the log."""
        partition, offset = position
        async for records in read(self._log.kafka, self._log.events, partition, offset, offset + 1):
            for record in records:
                return decode_event(record, partition)
        raise Unavailable(f"nothing stands at {position}")

    def _delivered(
        self, delivery: asyncio.Future[RecordMetadata], future: asyncio.Future[EventEnvelope]
    ) -> None:
        error = None if delivery.cancelled() else delivery.exception()
        if error is not None:
            self._undelivered = True
            if not future.done():
                future.set_exception(error)

    async def _follow(self) -> None:
        try:
            while True:
                for partition, records in (await self._reader.take()).items():
                    for record in records:
                        self._see(partition, record)
        finally:  # nobody would answer those who wait
            for futures in self._waiting.values():
                for future in futures:
                    if not future.done():
                        future.set_exception(Unavailable("outcomes are not read any more"))

    def _see(self, partition: int, record: ConsumerRecord[bytes, bytes]) -> None:
        try:
            head = heading(record)
        except Broken:
            return
        if head.claim < self._claims.get(partition, -1):
            return  # a writer whose claim had ended
        self._claims[partition] = head.claim
        waiting = self._waiting.get(head.command_id) if head.command_id is not None else None
        if not waiting:
            return
        with suppress(Broken):
            outcome = decode_event(record, partition)
            for future in waiting:
                if not future.done():
                    future.set_result(outcome)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
