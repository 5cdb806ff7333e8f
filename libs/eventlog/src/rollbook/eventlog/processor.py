"""The loop of one partition: recover, decide a batch, append it, and only then believe it."""

import asyncio
import os
import socket
import time
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import uniform

from rollbook.domain.state import Model
from rollbook.domain.tenancy import Namespace
from rollbook.domain.traffic import pointing
from rollbook.eventlog import snapshots, standing
from rollbook.eventlog.draft import DeadLetter, Decider, Draft
from rollbook.eventlog.envelope import Outgoing, Record
from rollbook.eventlog.governance import Governance, as_record
from rollbook.eventlog.log import Fenced, Intake, PartitionLog, Unavailable
from rollbook.eventlog.outcomes import WriterClaimed
from rollbook.eventlog.partition import Partition
from rollbook.eventlog.position import Position
from rollbook.eventlog.records import SOURCE, encode_value
from rollbook.eventlog.snapshots import Snapshotter
from rollbook.observability import metrics
from rollbook.observability.logs import logger

log = logger(__name__)

Clock = Callable[[], datetime]

STRETCH = 256
"""Commands that are decided without letting heartbeats through."""


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def writer_name() -> str:
    """Who writes: host and process."""
    return f"{socket.gethostname()}/{os.getpid()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How a partition's loop is paced."""

    batch: int = 2_000
    """Commands decided at once, at most."""
    snapshot_every: int = 50_000
    """Events between two snapshots."""
    renew_claim: timedelta = timedelta(days=1)
    """The broker forgets an idle producer id after a day."""
    backoff: timedelta = timedelta(milliseconds=100)
    """Before a claim is tried again; doubled up to 50 times this."""


class Processor:
    """Serves one partition from assignment to revocation, and keeps its state for the next time."""

    def __init__(
        self,
        number: int,
        partitions: int,
        decider: Decider,
        *,
        pace: Pace = Pace(),  # frozen
        clock: Clock = utc_now,
        writer: str | None = None,
        governance: Governance | None = None,
    ) -> None:
        self.number = number
        self.state: Partition | None = None
        """None until the first recovery."""
        self.serving = False
        self._partitions = partitions
        self._decider = decider
        self._pace = pace
        self._clock = clock
        self._writer = writer or writer_name()
        self._governance = governance or Governance()
        self._snapshotter = Snapshotter()
        self._stopping = asyncio.Event()
        self._failures = 0

    def stop(self) -> None:
        """Finish the batch in flight and take no more."""
        self._stopping.set()

    async def run(self, log_: PartitionLog, intake: Intake, owned: Callable[[], bool]) -> None:
        """Serve until `stop` or until the partition is no longer owned; the world may be down."""
        self._stopping.clear()
        while not self._stopping.is_set() and owned():
            try:
                await self._recover(log_)
                await self._serve(log_, intake, owned)
            except Fenced as error:
                metrics.FENCED.labels(self.number).inc()
                log.warning("fenced", partition=self.number, reason=str(error))
                self._failures += 1
            except Unavailable as error:
                log.warning("log unavailable", partition=self.number, reason=str(error))
                self._failures += 1
            finally:
                self.serving = False
                await log_.release()
            if self._failures:
                factor = min(2**self._failures, 50) * uniform(1, 1.5)  # noqa: S311  # two rivals part
                await asyncio.sleep(self._pace.backoff.total_seconds() * factor)

    async def _recover(self, log_: PartitionLog) -> None:
        started = time.perf_counter()
        claimed = await log_.claim(self._claim())
        metrics.CLAIMS.labels(self.number).inc()
        state = self.state
        if state is None:
            parts = [record async for batch in log_.snapshots() for record in batch]
            state = snapshots.restore(self.number, parts)
        start, breaks = state.next_offset, state.breaks
        self.state = None  # half-folded until the claim is reached
        async for batch in log_.events(start, claimed):
            state.fold(batch)
        if state.next_offset != claimed:
            raise Unavailable(f"read to offset {state.next_offset}, but the claim is at {claimed}")
        state.claimed(claimed)
        self.state = state
        if state.breaks > breaks:
            metrics.BROKEN_STREAMS.labels("command").inc(state.breaks - breaks)
            log.error("the log has broken records", partition=self.number, records=state.breaks)
        seconds = time.perf_counter() - started
        metrics.RECOVERY_SECONDS.observe(seconds)
        log.info(
            "claimed",
            partition=self.number,
            claim=claimed,
            replayed=claimed - start,
            seconds=round(seconds, 3),
        )
        # Whoever wrote before may have died between an event and its copy; what a snapshot holds
        # was copied before it was taken.
        await self._govern(log_, state.namespaces(), claimed)
        await self._direct(log_, state, state.moved, claimed)

    def _claim(self) -> Outgoing:
        headers = [
            ("ce_specversion", b"1.0"),
            ("ce_source", SOURCE.encode()),
            ("ce_type", b"WriterClaimed"),
            ("ce_time", self._clock().isoformat().encode()),
            ("content-type", b"application/json"),
        ]
        return Outgoing(None, encode_value(WriterClaimed(writer=self._writer)), headers, 0)

    async def _serve(self, log_: PartitionLog, intake: Intake, owned: Callable[[], bool]) -> None:
        state = self.state
        assert state is not None  # noqa: S101  # set by _recover
        await intake.resume(state.next_command)
        self.serving = True
        claimed_at = time.monotonic()
        while not self._stopping.is_set() and owned():
            commands = await self._take(intake)
            if not owned():
                return
            if commands:
                draft = Draft(state, self._decider, partitions=self._partitions, now=self._clock())
                for start in range(0, len(commands), STRETCH):
                    draft.add(commands[start : start + STRETCH])
                    await asyncio.sleep(0)
                await self._append(log_, state, draft)
            self._failures = 0  # not before: a claim may stand where no batch does
            if state.next_offset - state.snapshot_offset >= self._pace.snapshot_every:
                await self._snapshot(log_, state)
            if time.monotonic() - claimed_at > self._pace.renew_claim.total_seconds():
                return

    async def _take(self, intake: Intake) -> Sequence[Record]:
        """The next commands, or none when it is time to stop."""
        taking = asyncio.ensure_future(intake.take(self._pace.batch))
        stopping = asyncio.ensure_future(self._stopping.wait())
        try:  # aiokafka hands out nothing, not even a time-out, while the group rebalances
            await asyncio.wait({taking, stopping}, return_when=asyncio.FIRST_COMPLETED)
            return taking.result() if taking.done() else ()
        finally:
            taking.cancel()
            stopping.cancel()

    async def _append(self, log_: PartitionLog, state: Partition, draft: Draft) -> None:
        if draft.dead_letters:  # first: an outcome never speaks of a letter that is not there
            await log_.bury([self._letter(log_.commands, letter) for letter in draft.dead_letters])
        try:
            first = await log_.append(draft.outcomes)
        finally:
            for step in draft.steps:
                step.end(partition=self.number)
        if first != state.next_offset:
            self.state = None
            raise Unavailable(f"outcomes stand at {first}, not at {state.next_offset}")
        moved = draft.moved()
        state.merge(draft)
        state.moved |= moved
        for (command, result), count in draft.counts.items():
            metrics.OUTCOMES.labels(command, result).inc(count)
        for letter in draft.dead_letters:
            metrics.DEAD_LETTERS.labels(letter.code).inc()
            log.warning(
                "dead letter",
                partition=self.number,
                offset=letter.record.offset,
                code=letter.code,
                reason=letter.reason,
            )
        await self._govern(log_, draft.namespaces(), state.next_offset - 1)
        await self._direct(log_, state, moved, state.next_offset - 1)

    async def _govern(
        self, log_: PartitionLog, namespaces: Mapping[str, Namespace], offset: int
    ) -> None:
        """Let everybody know what governs namespaces, as of `offset`; here it holds at once."""
        if not namespaces:
            return
        for name, namespace in namespaces.items():
            self._governance.apply(name, namespace, offset)
        await log_.govern([as_record(name, state, offset) for name, state in namespaces.items()])

    async def _direct(
        self, log_: PartitionLog, state: Partition, moved: Set[tuple[str, str]], offset: int
    ) -> None:
        """Let whoever serves know what stands where traffic moved, as of `offset`."""
        if not moved:
            return
        position = str(Position(self.number, offset))
        await log_.direct(
            [
                standing.as_record(model, end, pointing(model, found, end, position))
                for model, end in sorted(moved)
                if isinstance(found := state.stream(model).state, Model)
            ]
        )

    async def _snapshot(self, log_: PartitionLog, state: Partition) -> None:
        for parts in self._snapshotter.take(state):
            await log_.save(parts)
        state.touched.clear()
        state.moved.clear()
        state.snapshot_offset = state.next_offset
        metrics.SNAPSHOTS.labels(self.number).inc()

    def _letter(self, topic: str, letter: DeadLetter) -> Outgoing:
        origin = f"{topic}/{self.number}/{letter.record.offset}"
        own = [
            ("rollbook_origin", origin.encode()),
            ("rollbook_code", letter.code.encode()),
            ("rollbook_reason", letter.reason.encode()),
            ("rollbook_key", letter.record.key or b""),
        ]
        kept = [(k, v) for k, v in letter.record.headers if k.lower() != "authorization"]
        return Outgoing(origin.encode(), letter.record.value, [*own, *kept], 0)
