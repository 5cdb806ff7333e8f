"""The way into the log: commands out, outcomes back; taken up again when Kafka was away."""

import asyncio
from contextlib import suppress
from datetime import timedelta

from rollbook.eventlog.asking import Asker
from rollbook.eventlog.commands import Signer
from rollbook.eventlog.envelope import CommandEnvelope, EventEnvelope
from rollbook.eventlog.log import Unavailable
from rollbook.eventlog.tail import Tail
from rollbook.eventlog.topics import LogAddress
from rollbook.observability.logs import logger
from rollbook.query.writers import Writers

log = logger(__name__)

LOOK_EVERY = 1.0
"""Seconds between two looks at whether Kafka answers."""
PATIENCE = 3.0
"""Seconds that Kafka may take to answer a look."""
OPENING = 10.0
"""Seconds that connecting may take."""
GIVE_UP = 5
"""Looks in a row without an answer, after which the connections are made anew."""


class Door:
    """Asks the log; says at once what is wrong while nobody could be answered."""

    def __init__(self, address: LogAddress, within: timedelta) -> None:
        self.trouble: str | None = "not yet connected to Kafka"
        """Why commands cannot be answered now; None while they can."""
        self.ends: dict[int, int] = {}
        """The next offset of each partition at the last look."""
        self.tail = Tail()
        """The newest records, of which a restart of the connection may leave some out."""
        self.writers = Writers(address)
        """Whether there is somebody who would answer."""
        self._address = address
        self._within = within
        self._asker: Asker | None = None
        self._keeping: asyncio.Task[None] | None = None

    @property
    def partitions(self) -> int:
        """How many partitions the log has; 0 while nobody knows."""
        return self._asker.partitions if self._asker is not None else 0

    def start(self) -> None:
        """Begin to connect; `trouble` tells when it has."""
        self._keeping = asyncio.create_task(self._keep(), name="door")
        self.writers.start()

    async def stop(self) -> None:
        """Close the connections."""
        await self.writers.stop()
        if self._keeping is not None:
            self._keeping.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeping

    async def ask(self, envelope: CommandEnvelope, sign: Signer | None = None) -> EventEnvelope:
        """The command's outcome from the log; `Unavailable` or `NoAnswer` in bounded time."""
        asker = self._asker
        if asker is None or self.trouble is not None:
            raise Unavailable(f"nothing was published: {self.trouble}")
        return await asker.ask(envelope, sign=sign, timeout=self._within)

    async def _keep(self) -> None:
        while True:
            asker = Asker(self._address, self.tail)
            try:
                async with asyncio.timeout(OPENING):
                    await asker.start()
                self._asker = asker
                await self._watch(asker)
            except (Unavailable, TimeoutError) as error:
                self._in_trouble(str(error) or "Kafka does not answer")
            finally:
                self._asker = None
                await asker.stop()
            await asyncio.sleep(LOOK_EVERY)

    async def _watch(self, asker: Asker) -> None:
        """Look after `asker` until it is of no more use."""
        missed = 0
        seen: dict[int, int] = {}
        while missed < GIVE_UP:
            try:
                async with asyncio.timeout(PATIENCE):
                    ends = await asker.ends()
                    behind = {n: end for n, end in seen.items() if await asker.read_up_to(n) < end}
                if behind:
                    raise Unavailable(f"the tail of the log has stalled before {behind}")
                self.ends = seen = ends
                missed = 0
            except (Unavailable, TimeoutError) as error:
                missed += 1
                self._in_trouble(str(error) or f"Kafka has not answered for {PATIENCE:g} s")
            if not asker.usable:
                raise Unavailable("the connection to Kafka broke")
            if not missed and self.trouble is not None:
                self.trouble = None
                log.info("the log answers", partitions=asker.partitions)
            await asyncio.sleep(LOOK_EVERY)
        raise Unavailable("Kafka does not answer")

    def _in_trouble(self, reason: str) -> None:
        if self.trouble != reason:
            log.warning("no way into the log", reason=reason)
        self.trouble = reason
