"""`rollbook topics`: what the log is made of."""

import asyncio
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from rollbook.cli.exits import Exit, Failure
from rollbook.cli.output import document, table
from rollbook.cli.tailing import AppName, DataFolder, Json, Kafka, address

if TYPE_CHECKING:
    from rollbook.eventlog.topics import LogAddress


@dataclass(frozen=True, slots=True)
class Found:
    """One topic as it stands in Kafka; offsets by partition, from the oldest kept to the next."""

    name: str
    key: str
    holds: str
    partitions: int
    offsets: dict[int, tuple[int, int]]

    @property
    def records(self) -> int:
        """How many offsets are kept; a compacted topic has fewer records."""
        return sum(end - begin for begin, end in self.offsets.values())


def topics(
    *, kafka: Kafka = None, app: AppName = None, folder: DataFolder = None, json: Json = False
) -> Exit:
    """List the topics of the log: partitions, offsets, and what each holds.

    ```console
    rollbook topics
    ROLLBOOK_KAFKA=broker:9092 rollbook topics --json
    ```

    Any pipeline may publish a CloudEvent to the commands topic and find its outcome in the events
    topic; nobody but the command service writes there.
    """
    place = address(kafka, app, folder)
    found = asyncio.run(_look(place))
    if json:
        document(
            {"kafka": place.kafka, "topics": [asdict(t) | {"records": t.records} for t in found]}
        )
        return Exit.DONE
    table(
        ("topic", "#partitions", "#records", "offsets", "key", "holds"),
        [
            (
                topic.name,
                topic.partitions,
                f"{topic.records:,}",
                " ".join(f"{n}:{begin}-{end}" for n, (begin, end) in topic.offsets.items()),
                topic.key,
                topic.holds,
            )
            for topic in found
        ],
    )
    return Exit.DONE


async def _look(place: "LogAddress") -> list[Found]:
    from aiokafka import AIOKafkaConsumer, TopicPartition  # noqa: PLC0415
    from aiokafka.admin import AIOKafkaAdminClient  # noqa: PLC0415
    from aiokafka.errors import KafkaError  # noqa: PLC0415

    from rollbook.eventlog.topics import TOPICS  # noqa: PLC0415

    consumer = AIOKafkaConsumer(bootstrap_servers=place.kafka)
    admin = AIOKafkaAdminClient(bootstrap_servers=place.kafka)
    found = []
    try:
        await consumer.start()
        await admin.start()
        known = {place.name(topic): topic for topic in TOPICS}
        present = [name for name in known if name in await admin.list_topics()]
        for described in await admin.describe_topics(present) if present else ():
            name, numbers = described["topic"], [p["partition"] for p in described["partitions"]]
            places = [TopicPartition(name, number) for number in sorted(numbers)]
            begins = await consumer.beginning_offsets(places)
            ends = await consumer.end_offsets(places)
            offsets = {p.partition: (begins[p], ends[p]) for p in places}
            topic = known[name]
            found.append(Found(name, topic.key, topic.holds, len(numbers), offsets))
    except (KafkaError, OSError) as error:
        raise Failure(
            Exit.UNAVAILABLE,
            f"Kafka at {place.kafka} does not answer: {error}",
            advice="is it running? start `rollbook up`, or name another: ROLLBOOK_KAFKA=host:port",
            code="unavailable",
        ) from error
    finally:
        await admin.close()
        await consumer.stop()
    if not found:
        raise Failure(
            Exit.UNAVAILABLE,
            f"Kafka at {place.kafka} has no topics {place.app}.*",
            advice="the command service makes them: start it, or name another prefix by --app",
            code="unavailable",
        )
    return found
