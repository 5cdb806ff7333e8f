"""What the in-process stand-in for Kafka needs before the services can run on it."""

from aiokafka import AIOKafkaProducer

from rollbook.eventlog.topics import TOPICS, LogAddress


async def make_topics(log: LogAddress) -> None:
    """Bring the topics into being: the stand-in makes them when asked, but by no admin request."""
    asker = AIOKafkaProducer(bootstrap_servers=log.kafka)
    await asker.start()
    try:
        for topic in TOPICS:
            await asker.partitions_for(log.name(topic))
    finally:
        await asker.stop()
