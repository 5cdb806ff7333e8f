"""What governs reaches every instance, survives what hurts, and equals the log in the end."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from rollbook.domain.catalog import RegisterModel
from rollbook.domain.environments import PromoteVersion
from rollbook.domain.rules import SetRules
from rollbook.domain.tenancy import Namespace
from rollbook.embedded import Stack
from rollbook.eventlog.asking import Asker
from rollbook.eventlog.envelope import Outgoing, Record
from rollbook.eventlog.governance import Follower, Governance, as_record
from rollbook.eventlog.log import Unavailable
from rollbook.eventlog.outcomes import CommandRefused
from rollbook.eventlog.partition import Partition
from rollbook.eventlog.routing import partition_for
from rollbook.eventlog.topics import LogAddress
from tests.support.checker import check
from tests.support.service import make_topics, processes, serving, until, whole_log
from tests.support.stack import Cluster
from tests.support.traffic import LOOSE, SIGNED, envelope, traffic, version


@asynccontextmanager
async def following(log: LogAddress) -> AsyncIterator[Governance]:
    governance = Governance()
    follower = Follower(log, governance)
    await follower.start()
    try:
        yield governance
        assert follower.following
    finally:
        await follower.stop()


async def publish(log: LogAddress, *records: Outgoing | tuple[bytes | None, bytes | None]) -> None:
    """Append to the topic, as a writer would, or as none should."""
    producer = AIOKafkaProducer(bootstrap_servers=log.kafka, acks="all", max_request_size=8_000_000)
    await producer.start()
    try:
        for key, value, *_ in records:
            await producer.send_and_wait(log.governance, value, key, partition=0)
    finally:
        await producer.stop()


def ruled(number: int) -> Namespace:
    return Namespace(rules=SIGNED if number % 2 else LOOSE, rules_version=number)


def folded(records: dict[int, list[Record]]) -> dict[str, Namespace]:
    """What governs, as the whole log tells it."""
    found: dict[str, Namespace] = {}
    for number, part in records.items():
        partition = Partition(number)
        partition.fold(part)
        found |= partition.namespaces()
    return found


# The follower


async def test_a_follower_takes_in_all_that_stands_and_goes_on(cluster: Cluster) -> None:
    log = cluster.log()
    await make_topics(log, 1)
    async with following(log) as governance:
        assert governance.namespaces == {}
        await publish(log, (b"claim/0", b"null"), as_record("team", ruled(1), 4))
        await until(lambda: governance.of("team/churn") == ruled(1))
        await publish(log, (b"gone", None), (b"team", b"no JSON"), (b"team", b'{"schema": 99}'))
        await publish(log, as_record("team", ruled(2), 9), as_record("team", ruled(1), 4))
        await publish(log, as_record("other", ruled(3), 1))
        await until(lambda: governance.of("other") == ruled(3))
        assert governance.namespaces == {"team": ruled(2), "other": ruled(3)}
    async with following(log) as late:
        assert late.namespaces == governance.namespaces


async def test_a_follower_reads_many_large_copies(cluster: Cluster) -> None:
    log = cluster.log()
    await make_topics(log, 1)
    collections = {f"c{n}": f"sha256:{n:064x}" for n in range(30_000)}
    big = Namespace(collections=Namespace().collections.update(collections))
    assert len(as_record("a", big, 1).value or b"") > 2_000_000
    await publish(log, *(as_record(f"space-{n}", big, n) for n in range(8)))
    async with following(log) as governance:
        assert set(governance.namespaces) == {f"space-{n}" for n in range(8)}
        assert governance.of("space-7") == big


async def test_a_follower_reads_a_topic_with_gaps(cluster: Cluster) -> None:
    log = cluster.log()
    await make_topics(log, 1)
    admin = AIOKafkaAdminClient(bootstrap_servers=log.kafka)
    await admin.start()
    await admin.delete_topics([log.governance])
    eager = {
        "cleanup.policy": "compact",
        "segment.ms": "100",
        "min.cleanable.dirty.ratio": "0.0",
        "max.compaction.lag.ms": "100",
        "delete.retention.ms": "0",
    }
    async with asyncio.timeout(20):
        while True:
            made = await admin.create_topics([NewTopic(log.governance, 1, 1, topic_configs=eager)])
            if not made.topic_errors[0][1]:
                break
            await asyncio.sleep(0.2)
    await admin.close()
    for number in range(1, 6):
        await publish(log, *[as_record("team", ruled(number * 10 + n), n) for n in range(10)])
        await asyncio.sleep(0.2)
    await publish(log, as_record("team", ruled(99), 99), (b"gone", b"{}"), (b"gone", None))
    await asyncio.sleep(0.3)
    await publish(log, (b"claim/0", b"null"))
    left: list[int] = []

    async def compacted() -> bool:
        left[:] = await offsets(log)
        return len(left) < 30

    await until(compacted, 60)
    assert left != list(range(left[0], left[0] + len(left))) or left[0] > 0
    async with following(log) as governance:
        assert governance.namespaces == {"team": ruled(99)}
        await publish(log, as_record("team", ruled(100), 100))
        await until(lambda: governance.of("team") == ruled(100))


async def offsets(log: LogAddress) -> list[int]:
    """The offsets of the records that are left in the topic."""
    consumer = AIOKafkaConsumer(bootstrap_servers=log.kafka)
    await consumer.start()
    try:
        place = TopicPartition(log.governance, 0)
        consumer.assign([place])
        await consumer.seek_to_beginning(place)
        end = (await consumer.end_offsets([place]))[place]
        found: list[int] = []
        while await consumer.position(place) < end:
            records = await consumer.getmany(place, timeout_ms=200)
            found += [record.offset for record in records.get(place, [])]
        return found
    finally:
        await consumer.stop()


async def test_a_follower_says_that_there_is_no_such_topic(cluster: Cluster) -> None:
    log = cluster.log()
    for _ in range(2):  # asking must not make it
        with pytest.raises(Unavailable, match="start the command service"):
            async with following(log):
                pass


async def test_a_follower_survives_a_broker_that_was_killed(tmp_path: Path) -> None:
    with Stack(tmp_path / "stack", allow_fallback=False) as stack:
        log = LogAddress(stack.endpoints.kafka)
        await make_topics(log)
        await publish(log, as_record("team", ruled(1), 1))
        async with following(log) as governance:
            await asyncio.to_thread(stack.kafka.kill)
            with pytest.raises(Unavailable):
                async with following(log):
                    pass
            assert governance.namespaces == {"team": ruled(1)}, "what was known holds"
            await asyncio.to_thread(stack.kafka.start)
            assert stack.endpoints.kafka == log.kafka
            await publish(log, as_record("team", ruled(2), 2))
            await until(lambda: governance.of("team") == ruled(2), 60)
        async with following(log) as governance:
            assert governance.namespaces == {"team": ruled(2)}


# Services


async def test_rules_set_through_one_instance_govern_the_models_of_the_other_within_a_second(
    cluster: Cluster,
) -> None:
    log = cluster.log()
    await make_topics(log, 2)
    async with serving(log) as one, serving(log) as two, Asker(log) as asker:
        await until(lambda: len(one.group.serving) == len(two.group.serving) == 1)
        home = partition_for(b"default", 2)
        names = (f"default/m{n}" for n in range(50))
        model = next(name for name in names if partition_for(name.encode(), 2) != home)
        for command in (RegisterModel(), version(1), version(2), version(3)):
            await asker.ask(envelope(command, model))
        for number in range(1, 6):
            protects = bool(number % 2)
            await asker.ask(envelope(SetRules(rules=SIGNED if protects else LOOSE), "default"))
            await asyncio.sleep(0.9)
            wanted = envelope(PromoteVersion(version=number % 3 + 1), model)
            outcome = await asker.ask(wanted)
            assert isinstance(outcome.message, CommandRefused) == protects, outcome
            assert protects or getattr(outcome.message, "rules", None) == number
        assert one._follower is not None
        assert two._follower is not None
        known = [f.governance.namespaces for f in (one._follower, two._follower)]
    assert known[0] == known[1] == folded(await whole_log(log))


GOVERNED = {
    *(b"RulesSet", b"PromotionRequested", b"PromotionApproved", b"VersionPromoted"),
    *(b"GlassBroken", b"RoleGranted", b"CollectionSet", b"MetadataSchemaSet"),
}


def kinds(records: Mapping[int, Sequence[Record]]) -> set[bytes]:
    return {dict(r.headers)["ce_type"] for part in records.values() for r in part}


@pytest.mark.parametrize("instances", [1, 2])
async def test_kills_right_after_rules_were_set_leave_governance_equal_to_the_log(
    cluster: Cluster, tmp_path: Path, instances: int
) -> None:
    log = cluster.log()
    await make_topics(log, 3)
    async with (
        processes(log, tmp_path, instances, ROLLBOOK_SNAPSHOT_EVERY="200") as services,
        traffic(log, models=3, namespaces=3) as flow,
        flow.flowing(12),
    ):
        await flow.answered(150)
        for number in range(4):
            rules = SIGNED if number % 2 else LOOSE
            for space in ("default", "space-1", "space-2"):
                await flow.ask(envelope(SetRules(rules=rules), space, actor="rex"))
            victim = services[number % instances]
            await victim.kill()  # the event stands; its copy may not
            await victim.start()
            await flow.answered(150, 90)
        while not kinds(await whole_log(log)) >= GOVERNED:  # the seldom ones need some luck
            await flow.answered(150, 90)
    records = await whole_log(log)
    async with serving(log), following(log) as governance:  # the last claim heals
        await until(lambda: governance.namespaces == folded(records), 10)
        known = governance.namespaces
    assert check(records, flow.asked, flow.acknowledged, known) == []
