"""The fence itself, on a real broker."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import pytest
from aiokafka import AIOKafkaProducer

from rollbook.command.handlers import Handlers
from rollbook.domain.catalog import RegisterModel, TagModel
from rollbook.eventlog.asking import Asker
from rollbook.eventlog.envelope import Outgoing, Record
from rollbook.eventlog.fence import FencedProducer
from rollbook.eventlog.kafka import KafkaPartitionLog
from rollbook.eventlog.log import Fenced
from rollbook.eventlog.processor import Pace, Processor
from rollbook.eventlog.topics import LogAddress
from rollbook.observability import metrics
from tests.support.checker import check
from tests.support.intake import FromTheLog
from tests.support.service import make_topics, until, whole_log
from tests.support.stack import Cluster
from tests.support.traffic import Traffic, envelope


def record(text: str) -> Outgoing:
    return Outgoing(b"default/fraud", text.encode(), [], 0)


async def test_an_older_epoch_cannot_append_after_a_newer_one_did(cluster: Cluster) -> None:
    log = cluster.log()
    await make_topics(log, 1)
    old = await FencedProducer.open(log.kafka, f"{log.app}-events-0")
    assert await old.append(log.events, 0, [record("old 1")]) == 0
    new = await FencedProducer.open(log.kafka, f"{log.app}-events-0")
    assert await old.append(log.events, 0, [record("old 2")]) == 1
    assert await new.append(log.events, 0, [record("new")]) == 2
    with pytest.raises(Fenced):
        await old.append(log.events, 0, [record("old 3")])
    assert await new.append(log.events, 0, [record("new 2"), record("new 3")]) == 3
    await old.close()
    await new.close()
    assert [r.value for r in (await whole_log(log))[0]] == [
        b"old 1", b"old 2", b"new", b"new 2", b"new 3",
    ]  # fmt: skip


async def test_a_writer_paused_between_decision_and_append_is_fenced(cluster: Cluster) -> None:
    log, gate = cluster.log(), asyncio.Event()
    await make_topics(log, 1)

    class Paused(KafkaPartitionLog):
        """Sleeps with its decisions in hand, as a process does that was stopped."""

        holding = False

        async def append(self, outcomes: Sequence[Outgoing]) -> int:
            self.holding = True
            await gate.wait()
            return await super().append(outcomes)

    alive = [True, True]
    zombie, heir = (Processor(0, 1, Handlers(), writer=name) for name in ("zombie", "heir"))
    fenced = metrics.FENCED.labels(0)._value.get()
    async with Asker(log) as asker, asyncio.TaskGroup() as group:
        zombie_log = Paused(log, 0)
        group.create_task(zombie.run(zombie_log, FromTheLog(log, 0), lambda: alive[0]))
        await until(lambda: zombie.serving)
        asking = group.create_task(asker.ask(envelope(RegisterModel())))
        await until(lambda: zombie_log.holding)
        group.create_task(heir.run(KafkaPartitionLog(log, 0), FromTheLog(log, 0), lambda: alive[1]))
        assert (await asking).seq == 1
        alive[0] = False
        gate.set()
        await until(lambda: metrics.FENCED.labels(0)._value.get() > fenced)
        assert (await asker.ask(envelope(TagModel(tags={"a": "b"})))).seq == 2
        alive[1] = False
    kinds = [dict(r.headers)["ce_type"] for r in (await whole_log(log))[0]]
    assert kinds == [b"WriterClaimed", b"WriterClaimed", b"ModelRegistered", b"ModelTagged"]


async def _race(log: LogAddress, connect: type[KafkaPartitionLog], rounds: int) -> list[str]:
    """Two writers that both believe they own the partition; what the checker finds afterwards."""
    await make_topics(log, 1)
    stop = asyncio.Event()
    pace = Pace(backoff=timedelta(milliseconds=5), batch=5)
    async with Asker(log) as asker, asyncio.TaskGroup() as group:
        for name in ("one", "two"):
            processor = Processor(0, 1, Handlers(), pace=pace, writer=name)
            intake = FromTheLog(log, 0)
            group.create_task(processor.run(connect(log, 0), intake, lambda: not stop.is_set()))
        flow = Traffic(asker, models=2)
        try:
            async with flow.flowing(4):
                await flow.answered(rounds)
        finally:
            stop.set()
    return check(await whole_log(log), flow.asked, flow.acknowledged)


async def test_two_owners_at_once_write_one_linear_history(cluster: Cluster) -> None:
    assert await _race(cluster.log(), KafkaPartitionLog, 150) == []


async def test_the_checker_catches_two_owners_without_a_fence(cluster: Cluster) -> None:
    class Unfenced(KafkaPartitionLog):
        """Claims, but with a producer that no claim can fence."""

        async def claim(self, record: Outgoing) -> int:
            await self.release()
            producer = AIOKafkaProducer(bootstrap_servers=self._log.kafka, acks="all")
            await producer.start()
            self._producer = FencedProducer(producer)
            return await self._producer.append(self._log.events, self._partition, [record])

        async def snapshots(self) -> AsyncIterator[Sequence[Record]]:
            yield ()

    log = cluster.log()
    await make_topics(log, 1)
    stop = asyncio.Event()
    async with Asker(log) as asker, asyncio.TaskGroup() as group:
        for name in ("one", "two"):
            processor = Processor(0, 1, Handlers(), writer=name)
            group.create_task(
                processor.run(Unfenced(log, 0), FromTheLog(log, 0), lambda: not stop.is_set())
            )
        asked = {}
        for number in range(30):
            wanted = envelope(TagModel(tags={"n": str(number)}) if number else RegisterModel())
            asked[wanted.id] = 1
            await asker.ask(wanted)
        stop.set()
    found = check(await whole_log(log), asked, {})
    assert found, "two unfenced writers must be caught"
