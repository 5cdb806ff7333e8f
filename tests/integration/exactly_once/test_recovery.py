"""Between assignment and serving: nothing is answered early; a failing recovery serves nothing."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import pytest

from rollbook.command.handlers import Handlers
from rollbook.domain.catalog import RegisterModel
from rollbook.eventlog.asking import Asker, NoAnswer
from rollbook.eventlog.envelope import Record
from rollbook.eventlog.group import Group, GroupSettings
from rollbook.eventlog.kafka import KafkaPartitionLog
from rollbook.eventlog.log import Unavailable
from rollbook.eventlog.outcomes import CommandConfirmed
from rollbook.eventlog.processor import Pace, Processor
from rollbook.eventlog.topics import LogAddress
from tests.support.checker import check
from tests.support.service import make_topics, serving, until, whole_log
from tests.support.stack import Cluster
from tests.support.traffic import envelope, traffic, version


def group(log: LogAddress, connect: type[KafkaPartitionLog]) -> Group:
    settings = GroupSettings(log=log, session=timedelta(seconds=3))
    pace = Pace(backoff=timedelta(milliseconds=10))
    return Group(settings, lambda n: Processor(n, 1, Handlers(), pace=pace), connect)


async def test_nothing_is_served_before_recovery_ends(cluster: Cluster) -> None:
    log, gate = cluster.log(), asyncio.Event()
    await make_topics(log, 1)
    async with serving(log), Asker(log) as asker:
        await asker.ask(envelope(RegisterModel()))

    class Slow(KafkaPartitionLog):
        async def events(self, start: int, stop: int) -> AsyncIterator[Sequence[Record]]:
            await gate.wait()
            async for batch in super().events(start, stop):
                yield batch

    slow = group(log, Slow)
    await slow.start()
    async with Asker(log) as asker:
        again = envelope(RegisterModel())
        with pytest.raises(NoAnswer):  # longer than a session: heartbeats go on meanwhile
            await asker.ask(again, timeout=timedelta(seconds=5))
        assert not slow.ready
        assert slow.serving == set()
        gate.set()
        outcome = await asker.ask(again)
        assert isinstance(outcome.message, CommandConfirmed), "it must know the model from the log"
    await slow.stop()
    claims = [
        r for r in (await whole_log(log))[0] if dict(r.headers)["ce_type"] == b"WriterClaimed"
    ]
    assert len(claims) == 2, "a slow recovery must not start over"


async def test_a_partition_whose_recovery_fails_is_not_served_until_it_succeeds(
    cluster: Cluster,
) -> None:
    log, failures = cluster.log(), [0]
    await make_topics(log, 1)

    class Failing(KafkaPartitionLog):
        async def events(self, start: int, stop: int) -> AsyncIterator[Sequence[Record]]:
            failures[0] += 1
            if failures[0] <= 3:
                raise Unavailable("on purpose")
            async for batch in super().events(start, stop):
                yield batch

    failing = group(log, Failing)
    await failing.start()
    async with Asker(log) as asker:
        outcome = await asker.ask(envelope(RegisterModel()))
    assert failures[0] == 4
    assert outcome.seq == 1
    await failing.stop()


async def test_an_error_that_nobody_foresaw_ends_the_process(cluster: Cluster) -> None:
    log = cluster.log()
    await make_topics(log, 1)

    class Buggy(KafkaPartitionLog):
        async def events(self, start: int, stop: int) -> AsyncIterator[Sequence[Record]]:
            raise ZeroDivisionError
            yield ()

    buggy = group(log, Buggy)
    await buggy.start()
    with pytest.raises(ZeroDivisionError):
        await asyncio.wait_for(buggy.failure, 20)
    assert buggy.serving == set()
    await buggy.stop()


async def test_a_snapshot_bounds_recovery_and_changes_nothing(cluster: Cluster) -> None:
    log = cluster.log()
    await make_topics(log, 1)
    async with traffic(log, models=3) as flow:
        async with serving(log, snapshot_every=40) as service, flow.flowing(4):
            await flow.answered(200)
            live = service.group.processors[0]
        assert live.state is not None
        assert live.state.snapshot_offset > 100
        async with serving(log, snapshot_every=40) as heir, flow.flowing(4):
            restored = heir.group.processors[0].state
            assert restored is not None
            assert restored.sealed, "it must have come from the snapshot"
            for key in live.state.streams:
                assert restored.stream(key).seq >= live.state.stream(key).seq
            await flow.answered(100)
    assert check(await whole_log(log), flow.asked, flow.acknowledged) == []


async def test_a_command_repeated_across_restarts_has_one_effect_and_the_same_answer(
    cluster: Cluster,
) -> None:
    log = cluster.log()
    await make_topics(log, 1)
    wanted, answers = envelope(version()), []
    async with Asker(log) as asker:
        async with serving(log):
            await asker.ask(envelope(RegisterModel()))
            answers += [await asker.ask(wanted) for _ in range(5)]
        async with serving(log):
            answers += [await asker.ask(wanted) for _ in range(5)]
    assert len(answers) == 10
    assert all(answer == answers[0] for answer in answers)
    assert answers[0].seq == 2


async def test_an_idle_claim_is_renewed(cluster: Cluster) -> None:
    log = cluster.log()
    await make_topics(log, 1)
    pace = Pace(renew_claim=timedelta(seconds=0.5), backoff=timedelta(milliseconds=10))
    settings = GroupSettings(log=log, session=timedelta(seconds=3))
    renewing = Group(settings, lambda n: Processor(n, 1, Handlers(), pace=pace))
    await renewing.start()
    await until(lambda: renewing.ready and bool(renewing.serving))
    first = renewing.processors[0].state
    assert first is not None
    claim = first.claim
    await until(lambda: (s := renewing.processors[0].state) is not None and s.claim > claim)
    async with Asker(log) as asker:
        assert (await asker.ask(envelope(RegisterModel()))).seq == 1
    await renewing.stop()
