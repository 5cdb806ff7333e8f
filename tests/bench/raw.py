"""What bare aiokafka does with the same bytes: the references of the figures on Kafka."""

import asyncio
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence

import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from rollbook.eventlog.envelope import Outgoing
from rollbook.eventlog.routing import partition_for
from rollbook.eventlog.topics import RECORD_LIMIT
from tests.bench.process import until

BATCH = 512 * 1024


async def create(kafka: str, topic: str, partitions: int) -> None:
    """Make a topic."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, partitions, 1)])
        await until(lambda: _known(admin, topic))
    finally:
        await admin.close()


async def _known(admin: AIOKafkaAdminClient, topic: str) -> bool:
    return not (await admin.describe_topics([topic]))[0]["error_code"]


def spread(records: Iterable[Outgoing], partitions: int) -> dict[int, list[Outgoing]]:
    """The records by the partition of their key."""
    found: dict[int, list[Outgoing]] = defaultdict(list)
    for record in records:
        found[partition_for(record.key or b"", partitions)].append(record)
    return found


def producer(kafka: str) -> AIOKafkaProducer:
    """An idempotent producer that waits for all replicas and batches up to 512 KB."""
    return AIOKafkaProducer(
        bootstrap_servers=kafka,
        enable_idempotence=True,
        acks="all",
        linger_ms=0,
        max_batch_size=BATCH,
        max_request_size=RECORD_LIMIT,
    )


async def produce(kafka: str, topic: str, records: dict[int, list[Outgoing]]) -> float:
    """Seconds until all records stand in `topic`, in batches that we fill ourselves."""
    async with producer(kafka) as sender:
        started = time.perf_counter()
        await asyncio.gather(*(_fill(sender, topic, n, part) for n, part in records.items()))
        return time.perf_counter() - started


async def _fill(
    sender: AIOKafkaProducer, topic: str, partition: int, records: Sequence[Outgoing]
) -> None:
    sent = []
    rest = iter(records)
    record = next(rest, None)
    while record is not None:
        batch = sender.create_batch()
        while record is not None and batch.append(
            key=record.key, value=record.value, timestamp=None, headers=record.headers
        ):
            record = next(rest, None)
        sent.append(await sender.send_batch(batch, topic, partition=partition))
    await asyncio.gather(*sent)


async def send(kafka: str, topic: str, records: dict[int, list[Outgoing]]) -> float:
    """Seconds until all records stand in `topic`, each handed to `send`, which batches them."""
    async with producer(kafka) as sender:
        started = time.perf_counter()
        sent = [
            await sender.send(topic, r.value, r.key, partition=n, headers=r.headers)
            for n, part in records.items()
            for r in part
        ]
        await asyncio.gather(*sent)
        return time.perf_counter() - started


def consumer(kafka: str) -> AIOKafkaConsumer:
    """A consumer without a group that reads as our own readers do."""
    return AIOKafkaConsumer(
        bootstrap_servers=kafka,
        enable_auto_commit=False,
        auto_offset_reset="none",
        max_partition_fetch_bytes=RECORD_LIMIT,
        fetch_max_wait_ms=50,
    )


async def ends(reader: AIOKafkaConsumer, topic: str, partitions: int) -> dict[int, int]:
    """The next offset of each partition."""
    places = [TopicPartition(topic, number) for number in range(partitions)]
    return {place.partition: end for place, end in (await reader.end_offsets(places)).items()}


async def consume(kafka: str, topic: str, partition: int, stop: int) -> list[Outgoing]:
    """Everything in a partition before offset `stop`."""
    place = TopicPartition(topic, partition)
    found: list[Outgoing] = []
    async with consumer(kafka) as reader:
        reader.assign([place])
        reader.seek(place, 0)
        while len(found) < stop:
            records = (await reader.getmany(place, timeout_ms=10_000))[place]
            found += (Outgoing(r.key, r.value, list(r.headers), r.timestamp) for r in records)
    return found


async def main(kafka: str, source: str, target: str, count: str) -> None:
    """Produce what stands in `source` to fresh topics, both ways.

    Prints the records, the seconds of either way, and the seconds of processor time of the first.
    """
    partitions = int(count)
    async with consumer(kafka) as reader:
        last = await ends(reader, source, partitions)
    records = {n: await consume(kafka, source, n, end) for n, end in last.items()}
    await create(kafka, target, partitions)
    await create(kafka, f"{target}.send", partitions)
    used = time.process_time()
    batches = await produce(kafka, target, records)
    used = time.process_time() - used
    plain = await send(kafka, f"{target}.send", records)
    print(sum(map(len, records.values())), batches, plain, used)


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
