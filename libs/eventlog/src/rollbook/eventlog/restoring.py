"""Putting a log's records back where they stood, with what other topics must hold beside them.

Snapshots and dead letters are not needed: the one is made again, the other is for people. Two
things are. **Commands**: an outcome names the offset of its command, and a writer goes on behind
the highest one. So the topic of commands is filled up to there, with records that are nothing, and
the next command is neither skipped nor taken for one that was answered. **Governance**: models
and what governs them live in different partitions, which recover each at its own time. So the
newest state of every namespace stands in its topic before anybody decides.
"""

from collections.abc import Sequence
from typing import Final, Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from rollbook.domain.streams import beginning
from rollbook.domain.tenancy import Namespace
from rollbook.eventlog.envelope import Outgoing, Record
from rollbook.eventlog.fence import FencedProducer
from rollbook.eventlog.governance import Follower, Governance, as_record
from rollbook.eventlog.kafka import read
from rollbook.eventlog.log import Unavailable
from rollbook.eventlog.partition import Stream, follow
from rollbook.eventlog.records import NAMESPACE_EVENTS, Broken, heading
from rollbook.eventlog.topics import LogAddress

NOTHING: Final = Outgoing(None, None, [], 0)
"""What stands for a command that was answered elsewhere; no writer ever comes to read it."""

MOST: Final = 10_000
"""Records that are handed to Kafka at once."""


class Occupied(Exception):
    """Something stands in a topic that no restoring has put there."""


class Left:
    """What the records of a partition leave to be known in other topics."""

    def __init__(self) -> None:
        self.next_offset = 0
        self.next_command = 0
        self._claim = -1
        self._streams: dict[str, Stream] = {}

    def take(self, record: Record) -> None:
        """Take in the next record; what nobody can read leaves nothing, as for every writer."""
        self.next_offset = record.offset + 1
        try:
            head = heading(record)
        except Broken:
            return
        if head.kind == "WriterClaimed":
            self._claim = record.offset
            return
        if head.claim != self._claim:
            return
        if head.cmd_offset is not None:
            self.next_command = max(self.next_command, head.cmd_offset + 1)
        if head.kind not in NAMESPACE_EVENTS or record.key is None:
            return
        key = record.key.decode(errors="replace")
        stream = self._streams.get(key, Stream(beginning(key)))
        if stream.broken is None:
            self._streams[key] = follow(stream, head, record)

    @property
    def namespaces(self) -> dict[str, Namespace]:
        """The namespaces of the partition, as they stand."""
        states = {key: stream.state for key, stream in sorted(self._streams.items())}
        return {key: state for key, state in states.items() if isinstance(state, Namespace)}

    def governance(self) -> list[Outgoing]:
        """The newest state of each namespace of the partition."""
        offset = self.next_offset - 1
        return [as_record(name, state, offset) for name, state in self.namespaces.items()]


class Restorer:
    """The only writer of one partition while its records are put back."""

    def __init__(self, log: LogAddress, partition: int, producer: FencedProducer) -> None:
        self._log = log
        self._partition = partition
        self._producer = producer

    @classmethod
    async def open(cls, log: LogAddress, partition: int) -> Self:
        """Fence whoever writes the partition; it notices at its next record."""
        producer = await FencedProducer.open(log.kafka, f"{log.app}-events-{partition}")
        return cls(log, partition, producer)

    async def commands(self, stop: int) -> None:
        """Let commands begin at offset `stop`; `Occupied` where somebody has sent one before."""
        topic = self._log.commands
        first, end = await bounds(self._log.kafka, topic, self._partition)
        if first < end:
            async for batch in read(self._log.kafka, topic, self._partition, first, end):
                if any(record.headers or record.value for record in batch):
                    raise Occupied(f"commands stand in {topic}, partition {self._partition}")
        if end > stop:
            raise Occupied(f"{topic}, partition {self._partition}, goes on to {end} behind {stop}")
        for start in range(end, stop, MOST):
            await self._put(topic, start, [NOTHING] * min(MOST, stop - start))

    async def events(self, start: int, records: Sequence[Outgoing]) -> None:
        """Append records, of which the first must come to stand at `start`."""
        await self._put(self._log.events, start, records)

    async def govern(self, states: Sequence[Outgoing]) -> None:
        """Append the newest states of namespaces."""
        await self._producer.share(self._log.governance, 0, states)

    async def close(self) -> None:
        """Let go of the partition."""
        await self._producer.close()

    async def _put(self, topic: str, start: int, records: Sequence[Outgoing]) -> None:
        at = await self._producer.append(topic, self._partition, records)
        if at != start:
            said = f"a record of {topic}, partition {self._partition}, stands at {at}, not {start}"
            raise Occupied(f"{said}: somebody else writes there")


async def free(log: LogAddress, left: Sequence[Left]) -> None:
    """`Occupied` where other topics hold what the records do not say, and what would win over them.

    All are made again from the log, so that they can be deleted where they are not wanted.
    """
    for partition in range(len(left)):
        _, end = await bounds(log.kafka, log.snapshots, partition)
        if end:
            raise Occupied(f"{log.snapshots} holds the snapshots of another log: delete the topic")
    _, end = await bounds(log.kafka, log.serving, 0)
    if end:
        raise Occupied(f"{log.serving} says what another log lets serve: delete the topic")
    known = Governance()
    follower = Follower(log, known)
    await follower.start()
    await follower.stop()
    newest = {name: one.next_offset - 1 for one in left for name in one.namespaces}
    for name in known.namespaces:
        if known.position(name) > newest.get(name, -1):
            raise Occupied(f"{log.governance} says of {name} what the log does not: delete it")


async def bounds(kafka: str, topic: str, partition: int) -> tuple[int, int]:
    """The oldest offset that is kept, and the next one."""
    place = TopicPartition(topic, partition)
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False)
    try:
        await consumer.start()
        first = (await consumer.beginning_offsets([place]))[place]
        return int(first), int((await consumer.end_offsets([place]))[place])
    except (KafkaError, OSError) as error:
        raise Unavailable(f"{topic}/{partition}: {error!r}") from error
    finally:
        await consumer.stop()
