"""Follows the topic of telemetry without a group: places stand with the sums, in the tables."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Self
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from rollbook.eventlog import topics
from rollbook.eventlog.log import Unavailable
from rollbook.eventlog.topics import RECORD_LIMIT, TELEMETRY, LogAddress
from rollbook.observability import metrics
from rollbook.observability.logs import logger
from rollbook.readmodel import database, intake, presence, windows
from rollbook.readmodel.database import LETTING_GO, Connection
from rollbook.readmodel.intake import LEASE, Moved

if TYPE_CHECKING:
    from rollbook.monitor.stretch import Records, Session
    from rollbook.monitor.taking import Letter

log = logger(__name__)

STRETCH: Final = 500
"""Records taken in by one transaction, at most."""
IDLE: Final = timedelta(seconds=5)
"""How long the broker holds a request while nothing comes."""
RENEW: Final = LEASE.total_seconds() / 3
GRACE: Final = timedelta(seconds=30)
"""How much longer a window waits whose end only the clock has seen."""
KEPT: Final = timedelta(days=8)
"""How long sources and waiting predictions are remembered: longer than the topic keeps records."""
KEPT_WINDOWS: Final = timedelta(days=90)
SWEEP: Final = timedelta(hours=1)
GARBAGE: Final = "malformed"
"""The code of its dead letters."""


class Consuming:
    """One session with the topic and the tables; whatever is down ends it."""

    def __init__(
        self, log_: LogAddress, db: Connection, length: timedelta, lateness: timedelta
    ) -> None:
        self._log = log_
        self._db = db
        self._span = length, lateness
        self._holder = uuid4()
        self._held: dict[int, int] = {}
        self._partitions = 0
        self._session: Session | None = None
        self._swept = datetime.min.replace(tzinfo=UTC)
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=log_.kafka,
            enable_auto_commit=False,
            auto_offset_reset="earliest",  # a place that is not kept any more: go on with what is
            max_partition_fetch_bytes=RECORD_LIMIT,
            fetch_max_wait_ms=IDLE // timedelta(milliseconds=1),
        )

    async def __aenter__(self) -> Self:
        self._partitions = await topics.count(self._log, TELEMETRY)
        await intake.prepare(self._db, self._partitions)
        try:
            await self._consumer.start()
        except (KafkaError, OSError) as error:
            raise Unavailable(repr(error)) from error
        return self

    async def __aexit__(self, *_: object) -> None:
        with suppress(*database.DOWN):
            async with asyncio.timeout(LETTING_GO):
                await intake.let_go(self._db, self._holder)
        await self._consumer.stop()

    async def run(self) -> None:
        """Take in what comes until something is down."""
        loop = asyncio.get_running_loop()
        held_at = loop.time() - LEASE.total_seconds()
        while True:
            if loop.time() - held_at > RENEW:
                await self._hold()
                held_at = loop.time()
            if not self._held:
                await asyncio.sleep(RENEW)
                continue
            if records := await self._fetch():
                try:
                    await self._take(records)
                except Moved as moved:
                    raise Unavailable(str(moved)) from moved

    async def _hold(self) -> None:
        found = await intake.hold(self._db, self._holder)
        if found.keys() != self._held.keys():
            self._held = found
            self._session = None
            spots = [TopicPartition(self._log.telemetry, number) for number in found]
            self._consumer.assign(spots)
            for spot in spots:
                self._consumer.seek(spot, found[spot.partition])
        now = datetime.now(UTC)
        if len(found) == self._partitions and await self._caught_up():
            await self._end_windows(now)
        if now - self._swept > SWEEP:
            await intake.forget(self._db, now - KEPT)
            await windows.forget(self._db, now - KEPT_WINDOWS)
            await presence.forget(self._db, now - KEPT)
            self._swept = now

    async def _fetch(self) -> "Records":
        try:
            found = await self._consumer.getmany(timeout_ms=int(RENEW * 1000), max_records=STRETCH)
        except (KafkaError, OSError) as error:
            raise Unavailable(repr(error)) from error
        return {place.partition: records for place, records in found.items()}

    async def _take(self, records: "Records") -> None:
        from rollbook.monitor import stretch  # noqa: PLC0415  # numpy: not before there is need

        if self._session is None:
            self._session = await self._begun()
        messages, letters = stretch.read(records)
        if letters:
            await self._bury(letters)
        try:
            await stretch.write(self._session, messages, records)
        except database.REJECTED:
            await self._take_apart(records)
        self._held.update(self._session.places)

    async def _take_apart(self, records: "Records") -> None:
        """Record by record, so that one which the tables cannot hold does not stop the others."""
        from rollbook.monitor import stretch  # noqa: PLC0415
        from rollbook.monitor.taking import Letter  # noqa: PLC0415

        for partition, record in ((n, record) for n, part in records.items() for record in part):
            alone = {partition: [record]}
            self._session = await self._begun()
            try:
                await stretch.write(self._session, stretch.read(alone)[0], alone)
            except database.REJECTED as error:
                await self._bury([Letter(partition, record, repr(error))])
                self._session = await self._begun()
                await stretch.write(self._session, [], alone)
            self._held.update(self._session.places)

    async def _begun(self) -> "Session":
        from rollbook.monitor.stretch import Session  # noqa: PLC0415
        from rollbook.monitor.taking import Ended  # noqa: PLC0415

        length, lateness = (span // timedelta(milliseconds=1) for span in self._span)
        seen = await intake.seen(self._db, self._held)
        return Session(self._db, self._holder, Ended(length, lateness), {**self._held}, seen)

    async def _caught_up(self) -> bool:
        places = [TopicPartition(self._log.telemetry, number) for number in self._held]
        try:
            ends = await self._consumer.end_offsets(places)
        except (KafkaError, OSError) as error:
            raise Unavailable(repr(error)) from error
        return all(self._held[place.partition] >= end for place, end in ends.items())

    async def _end_windows(self, now: datetime) -> None:
        """Where nothing comes any more, time goes on nevertheless."""
        length, lateness = self._span
        until = windows.stamp(now - lateness - GRACE)
        until -= until % (length // timedelta(milliseconds=1))
        marks = await windows.overdue_models(self._db, until)
        for mark in marks.values():
            mark.open_from = until
        if marks:
            await windows.save_watermarks(self._db, marks)

    async def _bury(self, letters: "Sequence[Letter]") -> None:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._log.kafka,
            acks="all",
            enable_idempotence=True,
            max_request_size=RECORD_LIMIT + 1_000_000,
        )
        try:
            await producer.start()
            for partition, record, reason in letters:
                origin = f"{self._log.telemetry}/{partition}/{record.offset}"
                headers = [
                    ("rollbook_origin", origin.encode()),
                    ("rollbook_code", GARBAGE.encode()),
                    ("rollbook_reason", reason.encode(errors="replace")),
                    ("rollbook_key", record.key or b""),
                ]
                await producer.send_and_wait(
                    self._log.dead_letters, record.value, origin.encode(), 0, headers=headers
                )
                metrics.DEAD_LETTERS.labels(GARBAGE).inc()
                log.warning("dead letter", origin=origin, code=GARBAGE, reason=reason)
        except (KafkaError, OSError) as error:
            raise Unavailable(repr(error)) from error
        finally:
            await producer.stop()
