"""Runs processors on a log in memory, and looks at what they leave."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from rollbook.command.handlers import Handlers
from rollbook.domain import traffic
from rollbook.domain.state import Model
from rollbook.domain.streams import StreamCommand
from rollbook.domain.tenancy import Namespace
from rollbook.domain.traffic import Pointing
from rollbook.eventlog import snapshots
from rollbook.eventlog.envelope import CommandEnvelope, EventEnvelope
from rollbook.eventlog.governance import Governance
from rollbook.eventlog.log import PartitionLog
from rollbook.eventlog.memory import MemoryBroker, Stored
from rollbook.eventlog.outcomes import CommandRepeated, WriterClaimed
from rollbook.eventlog.partition import Partition
from rollbook.eventlog.position import Position
from rollbook.eventlog.processor import Pace, Processor
from rollbook.eventlog.records import decode_event, heading
from rollbook.eventlog.standing import Standing
from tests.support.checker import check

MODEL = "team/churn"
AT_ONCE = timedelta()
DEADLINE = 20.0
"""Seconds."""


def processor(
    number: int = 0,
    *,
    partitions: int = 1,
    batch: int = 2_000,
    snapshot_every: int = 50_000,
    backoff: timedelta = AT_ONCE,
    make: type[Processor] = Processor,
    governance: Governance | None = None,
) -> Processor:
    """A processor of an open registry that starts from nothing."""
    governance = governance or Governance()
    pace = Pace(batch=batch, snapshot_every=snapshot_every, backoff=backoff)
    handlers = Handlers(governance)
    return make(number, partitions, handlers, pace=pace, writer="test", governance=governance)


def envelope(command: StreamCommand, number: int = 1, model: str = MODEL, **more: Any) -> Any:
    """A command with the id that `number` stands for."""
    return CommandEnvelope(id=str(UUID(int=number)), model=model, command=command, **more)


def answered_up_to(broker: MemoryBroker, partition: int = 0) -> int:
    """The first command that has no outcome in the log."""
    offsets = (heading(record).cmd_offset for record in broker.places[partition].events)
    return max((offset + 1 for offset in offsets if offset is not None), default=0)


async def serve(
    broker: MemoryBroker, worker: Processor, log: PartitionLog | None = None, partition: int = 0
) -> None:
    """Let `worker` answer every command that is there."""

    def owned() -> bool:
        return answered_up_to(broker, partition) < len(broker.places[partition].commands)

    log = log or broker.log(partition)
    async with asyncio.timeout(DEADLINE):
        await worker.run(log, broker.intake(partition), owned)


async def until(condition: Callable[[], bool]) -> None:
    """Let other tasks run until something is so."""
    async with asyncio.timeout(DEADLINE):
        while not condition():  # noqa: ASYNC110  # nothing but the log tells us
            await asyncio.sleep(0)


def outcomes(broker: MemoryBroker, partition: int = 0, start: int = 0) -> list[EventEnvelope]:
    """All records of the log, from `start` on, but claims."""
    records = broker.places[partition].events[start:]
    envelopes = [decode_event(record, partition) for record in records]
    return [e for e in envelopes if not isinstance(e.message, WriterClaimed)]


def kinds(broker: MemoryBroker, partition: int = 0) -> list[str]:
    """The types of all records of the log but claims."""
    return [type(e.message).__name__ for e in outcomes(broker, partition)]


def picture(partition: Partition) -> Mapping[str, object]:
    """All that a partition decides by, so that two can be compared."""
    keys = {*partition.streams, *partition.sealed}
    return {
        "next_offset": partition.next_offset,
        "next_command": partition.next_command,
        "claim": partition.claim,
        "time": partition.time,
        "streams": {key: partition.stream(key) for key in keys},
        "answered": list(partition.answered.items()),
    }


def replayed(broker: MemoryBroker, number: int = 0, stop: int | None = None) -> Partition:
    """The state as the whole log tells it, or its records before `stop`."""
    partition = Partition(number)
    partition.fold(broker.places[number].events[:stop])
    return partition


def folded(broker: MemoryBroker) -> dict[str, Namespace]:
    """What governs, as the namespaces' streams in the log tell it."""
    partitions = (replayed(broker, number) for number in range(len(broker.places)))
    return {key: state for part in partitions for key, state in part.namespaces().items()}


def told(broker: MemoryBroker) -> Governance:
    """What governs, as whoever follows the topic knows it."""
    governance = Governance()
    for record in broker.governance:
        governance.take(record)
    return governance


def stands(broker: MemoryBroker) -> dict[str, object]:
    """What stands at environments and aliases, as the models' streams in the log tell it."""
    found: dict[str, object] = {}
    for number in range(len(broker.places)):
        streams = replayed(broker, number).streams
        states = {k: s.state for k, s in streams.items() if isinstance(s.state, Model)}
        for model, state in states.items():
            for end in traffic.moved(Model(), state):
                found[model + end] = without_place(traffic.pointing(model, state, end, "0:0"))
    return found


def directed(broker: MemoryBroker) -> dict[str, object]:
    """The same, as whoever follows the topic knows it."""
    standing = Standing()
    standing.begin()
    for record in broker.serving:
        standing.take(record)
    standing.caught_up()
    return {key: without_place(pointing) for key, pointing in standing.known.items()}


def without_place(pointing: Pointing | None) -> object:
    return {**pointing, "position": ""} if pointing is not None else None


def restored(broker: MemoryBroker, number: int = 0) -> Partition:
    """The state as the newest snapshot and the log after it tell it."""
    place = broker.places[number]
    partition = snapshots.restore(number, place.snapshots)
    partition.fold(record for record in place.events if record.offset >= partition.next_offset)
    return partition


@dataclass
class Clients:
    """Counts what was sent, and believes what the log told it, so that a checker can compare."""

    broker: MemoryBroker
    asked: Counter[str] = field(default_factory=Counter)
    acknowledged: dict[str, Position] = field(default_factory=dict)
    governance: Governance = field(default_factory=Governance)
    """What the processes that share it believe."""
    noticed: list[str] = field(default_factory=list)

    def send(self, envelope: CommandEnvelope, times: int = 1) -> None:
        for _ in range(times):
            self.asked[envelope.id] += 1
            self.broker.send(envelope)

    def look(self) -> None:
        """Take the outcomes that stand in the log now as answers."""
        for number in range(len(self.broker.places)):
            for outcome in outcomes(self.broker, number):
                repeated = isinstance(outcome.message, CommandRepeated)
                asked = outcome.command_id
                if asked is not None and asked in self.asked and not repeated:
                    self.acknowledged.setdefault(asked, outcome.position)

    def faults(self) -> list[str]:
        """What the checker finds, now and when `notice` was called."""
        return [*self.noticed, *self._check(told(self.broker))]

    def notice(self) -> None:
        """Look at what is believed to govern at this moment."""
        self.noticed += self._check(self.governance)

    def _check(self, governance: Governance) -> list[str]:
        log: dict[int, list[Stored]] = {n: p.events for n, p in enumerate(self.broker.places)}
        return check(log, self.asked, self.acknowledged, governance.namespaces)
