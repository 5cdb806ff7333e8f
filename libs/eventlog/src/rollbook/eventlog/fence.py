"""A producer that an older writer's claim cannot outlive: the one place that knows aiokafka inside.

`InitProducerId` with a transactional id gives a stable producer id and a new epoch. A partition
leader rejects batches of an older epoch, also when they are idempotent and not transactional.
aiokafka has no public way to hand an epoch to an idempotent producer, so this file does it by two
private names, aiokafka is pinned to 0.14, and a canary test fails when they move.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import InvalidProducerEpoch, KafkaError, ProducerFenced
from aiokafka.structs import RecordMetadata

from rollbook.eventlog.envelope import Outgoing
from rollbook.eventlog.log import Fenced, Unavailable
from rollbook.eventlog.topics import RECORD_LIMIT

BATCH = 512 * 1024
"""Bytes of one record batch, unless a single record is longer."""

REQUEST_TIMEOUT_MS = 10_000
DELIVERY_TIMEOUT = 30.0
"""Seconds without word of a record before the writer claims again and reads what became of it."""


class FencedProducer:
    """An idempotent producer with the newest epoch of its name."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer

    @classmethod
    async def open(cls, kafka: str, name: str) -> Self:
        """Take the next epoch of `name`; its first record in a partition fences older ones."""
        probe = AIOKafkaProducer(
            bootstrap_servers=kafka,
            client_id=name,
            transactional_id=name,
            request_timeout_ms=REQUEST_TIMEOUT_MS,
        )
        producer = AIOKafkaProducer(
            bootstrap_servers=kafka,
            client_id=name,
            enable_idempotence=True,
            acks="all",
            linger_ms=0,
            max_batch_size=BATCH,
            max_request_size=RECORD_LIMIT + 1_000_000,
            request_timeout_ms=REQUEST_TIMEOUT_MS,
        )
        try:
            try:
                await probe.start()
                taken = probe._txn_manager
                producer._txn_manager.set_pid_and_epoch(taken.producer_id, taken.producer_epoch)
            finally:
                await probe.stop()
            await producer.start()
        except (KafkaError, OSError) as error:
            await _close(producer)
            raise Unavailable(f"no producer id: {error!r}") from error
        return cls(producer)

    async def append(self, topic: str, partition: int, records: Sequence[Outgoing]) -> int:
        """Append in order and return the first offset, where nobody else may write.

        `Fenced` or `Unavailable` raises, the latter also when the records do not stand together.
        """
        stand = await self._deliver(topic, partition, records)
        first = stand[0][1]
        expected = first
        for count, offset in stand:
            if offset != expected or offset < 0:
                raise Unavailable(f"{topic}/{partition}: a batch stands at {offset}")
            expected += count
        return first

    async def share(self, topic: str, partition: int, records: Sequence[Outgoing]) -> None:
        """Append in order where others write as well; `Fenced` or `Unavailable` raises."""
        await self._deliver(topic, partition, records)

    async def _deliver(
        self, topic: str, partition: int, records: Sequence[Outgoing]
    ) -> list[tuple[int, int]]:
        """How many records each batch has, and where its first one stands."""
        sent: list[tuple[int, asyncio.Future[RecordMetadata]]] = []
        rest = iter(records)
        record = next(rest, None)
        try:
            while record is not None:
                batch = self._producer.create_batch()
                while record is not None and batch.append(
                    key=record.key,
                    value=record.value,
                    timestamp=record.timestamp or None,
                    headers=record.headers,
                ):
                    record = next(rest, None)
                count = batch.record_count()
                if not count:
                    raise Unavailable("a record is longer than a request")
                future = await self._producer.send_batch(batch, topic, partition=partition)
                sent.append((count, future))
            async with asyncio.timeout(DELIVERY_TIMEOUT):
                delivered = await asyncio.gather(*(future for _, future in sent))
        except (ProducerFenced, InvalidProducerEpoch) as error:
            raise Fenced(f"{topic}/{partition}: {error!r}") from error
        except (KafkaError, OSError, TimeoutError) as error:
            raise Unavailable(f"{topic}/{partition}: {error!r}") from error
        counts = (count for count, _ in sent)
        return list(zip(counts, (int(metadata.offset) for metadata in delivered), strict=True))

    async def close(self) -> None:
        """Let go at once; what is in flight lands before the next claim or never."""
        await _close(self._producer)


async def _close(producer: AIOKafkaProducer) -> None:
    stopping = asyncio.ensure_future(producer.stop())
    with suppress(TimeoutError, KafkaError, OSError):
        async with asyncio.timeout(1):
            await asyncio.shield(stopping)
            return
    sender = producer._sender.sender_task  # stop() waits for batches that never come
    if sender is not None:
        sender.cancel()
    await producer.client.close()
    stopping.cancel()
    with suppress(asyncio.CancelledError, KafkaError, OSError):
        await stopping
