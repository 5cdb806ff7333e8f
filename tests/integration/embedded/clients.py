"""The few things that the tests do with a running stack, through the clients of the project."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic


def create_topic(kafka: str, topic: str) -> None:
    async def create() -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
        await admin.start()
        try:
            await admin.create_topics([NewTopic(topic, 1, 1)])
        finally:
            await admin.close()

    asyncio.run(create())


def write(kafka: str, topic: str, values: Sequence[bytes]) -> None:
    """Return when the broker has acknowledged every value."""

    async def send() -> None:
        async with AIOKafkaProducer(
            bootstrap_servers=kafka, acks="all", max_request_size=7_000_000
        ) as producer:
            for value in values:
                await producer.send_and_wait(topic, value)

    asyncio.run(send())


def read(kafka: str, topic: str, count: int) -> list[bytes]:
    """The first `count` values of the topic, within 20 seconds."""

    async def receive() -> list[bytes]:
        async with AIOKafkaConsumer(
            topic, bootstrap_servers=kafka, auto_offset_reset="earliest"
        ) as consumer:
            return [(await consumer.getone()).value for _ in range(count)]

    return asyncio.run(asyncio.wait_for(receive(), 20))


def query(postgres: str, sql: str, patience: float = 10) -> list[tuple[object, ...]]:
    async def ask() -> list[tuple[object, ...]]:
        connection = await asyncpg.connect(postgres, timeout=patience)
        try:
            return [tuple(row) for row in await connection.fetch(sql)]
        finally:
            await connection.close()

    return asyncio.run(ask())


def processes_below(folder: Path) -> list[str]:
    """What runs with its working directory in the folder, as "pid name"."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if (entry / "cwd").readlink().is_relative_to(folder):
                    found.append(f"{entry.name} {(entry / 'comm').read_text().strip()}")
            except OSError:
                continue
    return found


def is_root() -> bool:
    return os.geteuid() == 0
