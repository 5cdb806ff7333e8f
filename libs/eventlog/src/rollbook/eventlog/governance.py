"""What governs each namespace, known to everybody who decides or reads: followed from its topic.

The truth is the namespaces' streams in the log. The command service that writes one of them copies
its state to a compacted topic, so that who follows need not read the whole log.
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from pydantic_core import from_json, to_json

from rollbook.domain import snapshot
from rollbook.domain.tenancy import REGISTRY, Key, Namespace
from rollbook.eventlog import topics
from rollbook.eventlog.envelope import Outgoing, Record
from rollbook.eventlog.log import Unavailable
from rollbook.eventlog.topics import RECORD_LIMIT, LogAddress
from rollbook.observability.logs import logger

log = logger(__name__)

NOTHING = Namespace()
SCHEMA = 2
"""Of a copy. Whoever raises it must go on reading the one before: what cannot be read does not
govern, and while services are replaced one by one the older ones still write theirs."""

PAUSE = 1.0
"""Seconds before Kafka is tried again."""

STALLED = 30.0
"""Seconds without a record that must be there before a start is given up."""


class Governance:
    """The newest known state of every namespace."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, Namespace]] = {}
        self.registry = NOTHING
        """The namespace whose grants hold everywhere."""

    def of(self, key: str) -> Namespace:
        """What governs a model, `namespace/name`, or a namespace by itself."""
        found = self._known.get(key.partition("/")[0])
        return found[1] if found is not None else NOTHING

    def position(self, namespace: str) -> int:
        """The offset of the event that the namespace's state includes; -1 where none is known."""
        found = self._known.get(namespace)
        return found[0] if found is not None else -1

    def both(self, key: str) -> tuple[Namespace, Namespace]:
        """What governs a model, and the registry's own: whose grants hold there."""
        return self.of(key), self.registry

    def key(self, namespace: str, name: str) -> Key | None:
        """A machine's key that the namespace issued and has not revoked."""
        return self.of(namespace).keys.get(name)

    @property
    def namespaces(self) -> dict[str, Namespace]:
        """Every namespace about which something was decided."""
        return {name: state for name, (_, state) in self._known.items()}

    def apply(self, namespace: str, state: Namespace, offset: int) -> None:
        """Take in a namespace's state as of an offset of its partition; an older one is ignored."""
        if offset < self.position(namespace):
            return
        self._known[namespace] = offset, state
        if namespace == REGISTRY:
            self.registry = state

    def take(self, record: Record) -> None:
        """Take in a record of the topic; one that cannot be read is passed over, and said."""
        if record.key is None or record.value is None:
            return
        try:
            found = from_json(record.value)
            if found is None:
                return  # a claim's mark
            if found["schema"] != SCHEMA:
                raise ValueError(f"it is of schema {found['schema']}, not {SCHEMA}")
            state = snapshot.restore_namespace(found["namespace"])
            self.apply(record.key.decode(), state, int(found["offset"]))
        except (ValueError, KeyError, TypeError) as error:
            key = repr(record.key)
            log.error("a record of governance cannot be read", key=key, reason=repr(error))


def as_record(namespace: str, state: Namespace, offset: int) -> Outgoing:
    """A namespace's state for the topic."""
    value = {
        "schema": SCHEMA,
        "offset": offset,
        "namespace": snapshot.namespace_head(state),
    }
    return Outgoing(namespace.encode(), to_json(value), [], 0)


class Follower:
    """Keeps a `Governance` up with the topic; while Kafka is away, what was known holds."""

    def __init__(self, address: LogAddress, governance: Governance) -> None:
        self._address = address
        self._governance = governance
        self._place = TopicPartition(address.governance, 0)
        self._following: asyncio.Task[None] | None = None

    @property
    def following(self) -> bool:
        """Whether what changes will be known here."""
        return self._following is not None and not self._following.done()

    async def start(self) -> None:
        """Take in all that stands in the topic, and go on following; `Unavailable` raises."""
        consumer = await self._open()
        self._following = asyncio.create_task(self._follow(consumer), name="governance")

    async def stop(self) -> None:
        """Close the connection."""
        if self._following is not None:
            self._following.cancel()
            with suppress(asyncio.CancelledError):
                await self._following

    async def _open(self) -> AIOKafkaConsumer:
        await topics.count(self._address, topics.GOVERNANCE)  # a broker may make what one asks for
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._address.kafka,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=RECORD_LIMIT,
            fetch_max_wait_ms=500,
        )
        try:
            async with asyncio.timeout(STALLED) as limit:  # aiokafka would wait for ever
                await consumer.start()
                consumer.assign([self._place])
                await consumer.seek_to_beginning(self._place)
                end = (await consumer.end_offsets([self._place]))[self._place]
                # The position passes over what was compacted away, records need not come.
                while await consumer.position(self._place) < end:
                    found = await consumer.getmany(self._place, timeout_ms=500)
                    if found:
                        limit.reschedule(asyncio.get_running_loop().time() + STALLED)
                    self._take(found.values())
        except (KafkaError, OSError) as error:
            await consumer.stop()
            raise Unavailable(f"{self._place.topic}: {error!r}") from error
        except BaseException:
            await consumer.stop()
            raise
        return consumer

    async def _follow(self, consumer: AIOKafkaConsumer | None) -> None:
        while True:
            try:
                consumer = consumer or await self._open()
                while True:
                    self._take((await consumer.getmany(self._place, timeout_ms=10_000)).values())
            except (KafkaError, OSError, Unavailable) as error:
                log.warning("governance is not followed", reason=repr(error))
            finally:
                if consumer is not None:
                    await consumer.stop()
                    consumer = None
            await asyncio.sleep(PAUSE)

    def _take(self, batches: Iterable[list[ConsumerRecord[bytes, bytes]]]) -> None:
        for batch in batches:
            for taken in batch:
                self._governance.take(taken)
