"""Whether some command service serves every partition, as the broker knows from their group."""

import asyncio
from contextlib import suppress

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    IncompatibleBrokerVersion,
    KafkaError,
    for_code,
)

from rollbook.eventlog import topics
from rollbook.eventlog.log import Unavailable
from rollbook.eventlog.topics import LogAddress
from rollbook.observability.logs import logger

log = logger(__name__)

LOOK_EVERY = 2.0
"""Seconds between two looks while all is well."""
LOOK_SOON = 0.2
"""Seconds between two looks while commands wait."""
PATIENCE = 5.0
"""Seconds that a look may take."""
SETTLED = frozenset(("Stable", "Empty", "Dead"))
"""States of a group whose members, if any, know their partitions: no rebalance is going on."""


class Writers:
    """Looks at the command services' group; one that died counts until its session is over."""

    def __init__(self, address: LogAddress) -> None:
        self.trouble: str | None = "not looked yet"
        """Which partitions nobody serves; None where all are served, or nobody can tell."""
        self._address = address
        self._group = f"{address.app}-command"
        self._looking: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look."""
        self._looking = asyncio.create_task(self._look_again_and_again(), name="writers")

    async def stop(self) -> None:
        """Stop looking."""
        if self._looking is not None:
            self._looking.cancel()
            with suppress(asyncio.CancelledError):
                await self._looking

    async def _look_again_and_again(self) -> None:
        while True:
            admin = AIOKafkaAdminClient(bootstrap_servers=self._address.kafka)
            try:
                async with asyncio.timeout(PATIENCE):
                    await admin.start()
                    wanted = set(range(await topics.count(self._address)))
                    coordinator = await admin.find_coordinator(self._group)
                while True:
                    async with asyncio.timeout(PATIENCE):
                        served = await self._served(admin, coordinator)
                    if served is not None:
                        self._tell(wanted - served)
                    await asyncio.sleep(LOOK_EVERY if self.trouble is None else LOOK_SOON)
            except (IncompatibleBrokerVersion, GroupAuthorizationFailedError) as error:
                log.info("nobody can tell whether commands are served", reason=repr(error))
                self.trouble = None
                return
            except (Unavailable, KafkaError, OSError, TimeoutError):
                pass  # the door says what is wrong with Kafka
            finally:
                await admin.close()
            await asyncio.sleep(LOOK_SOON)

    async def _served(self, admin: AIOKafkaAdminClient, coordinator: int) -> set[int] | None:
        """The partitions that a member of the group has; None while they change hands."""
        (response,) = await admin.describe_consumer_groups([self._group], coordinator)
        (found,) = response.groups
        code, _, state, _, _, members = found[:6]
        if code:
            raise for_code(code)
        if state not in SETTLED:
            return None
        served: set[int] = set()
        for *_, assignment in members:
            if assignment:
                owned = ConsumerProtocolMemberAssignment.decode(assignment).assignment
                served.update(*(n for topic, n in owned if topic == self._address.commands))
        return served

    def _tell(self, unserved: set[int]) -> None:
        numbers = ", ".join(map(str, sorted(unserved)))
        trouble = f"no command service serves these partitions: {numbers}" if numbers else None
        if trouble is not None and trouble != self.trouble:
            log.warning("commands wait", reason=trouble)
        elif trouble is None and self.trouble is not None:
            log.info("commands are served")
        self.trouble = trouble
