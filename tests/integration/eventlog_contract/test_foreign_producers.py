"""Commands as other client libraries write them; the service must take each, or bury it."""

import asyncio
import struct
from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.record.util import calc_crc32c
from confluent_kafka import Producer

from rollbook.eventlog import topics
from rollbook.eventlog.commands import Poison, decode_command
from rollbook.eventlog.envelope import Record
from rollbook.eventlog.kafka import KafkaIntake
from rollbook.eventlog.topics import LogAddress
from tests.support.stack import Cluster


@pytest.fixture
async def address(cluster: Cluster) -> LogAddress:
    address = cluster.log()
    await topics.ensure(address, 1)
    return address


@pytest.fixture
async def intake(address: LogAddress) -> AsyncIterator[KafkaIntake]:
    place = TopicPartition(address.commands, 0)
    consumer = AIOKafkaConsumer(bootstrap_servers=address.kafka, enable_auto_commit=False)
    await consumer.start()
    consumer.assign([place])
    intake = KafkaIntake(consumer, place, 1_000)
    await intake.resume(0)
    yield intake
    await consumer.stop()


async def taken(intake: KafkaIntake, count: int) -> list[Record]:
    found: list[Record] = []
    async with asyncio.timeout(20):
        while len(found) < count:
            found += await intake.take(100)
    return found


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
async def test_a_command_may_come_compressed_by_librdkafka(
    address: LogAddress, intake: KafkaIntake, codec: str
) -> None:
    producer = Producer({"bootstrap.servers": address.kafka, "compression.type": codec})
    for number in range(50):
        producer.produce(address.commands, b"x" * 1000, b"%d" % number, partition=0)
    assert await asyncio.to_thread(producer.flush, 20) == 0
    records = await taken(intake, 50)
    assert [record.key for record in records] == [b"%d" % n for n in range(50)]
    assert {record.value for record in records} == {b"x" * 1000}


async def test_a_header_whose_name_is_not_utf_8_is_buried_and_the_rest_is_taken(
    address: LogAddress, intake: KafkaIntake
) -> None:
    """aiokafka decodes neither such a record nor the rest of its batch; C clients can write it."""
    producer = AIOKafkaProducer(bootstrap_servers=address.kafka, acks="all")
    await producer.start()
    try:
        batch = producer.create_batch()
        for number in range(4):
            name = "broken" if number == 2 else "fine"
            batch.append(key=b"%d" % number, value=b"{}", timestamp=None, headers=[(name, b"x")])
        batch.close()
        raw = bytearray(batch._build())
        raw[raw.index(b"broken")] = 0xFF
        raw[17:21] = struct.pack(">I", calc_crc32c(bytes(raw[21:])))
        batch._buffer = bytes(raw)
        await (await producer.send_batch(batch, address.commands, partition=0))
        await producer.send_and_wait(address.commands, b"{}", b"4", partition=0)
    finally:
        await producer.stop()
    records = await taken(intake, 5)
    assert [record.offset for record in records] == [0, 1, 2, 3, 4]
    assert [record.key for record in records] == [b"0", b"1", None, None, b"4"]
    with pytest.raises(
        Poison, match="a header's name in its batch: 'utf-8' codec can't decode"
    ) as caught:
        decode_command(records[2])
    assert caught.value.code == "malformed"
