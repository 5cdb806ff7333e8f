from collections.abc import Iterable

import pytest

from rollbook.domain import snapshot
from rollbook.domain.catalog import RegisterModel
from rollbook.domain.versions import DescribeVersion, RegisterVersion
from rollbook.eventlog import snapshots
from rollbook.eventlog.log import Unavailable
from rollbook.eventlog.memory import Fault, MemoryBroker, Stored
from rollbook.eventlog.partition import Partition
from tests.unit.domain.examples import ARTIFACT
from tests.unit.eventlog.running import (
    Clients,
    envelope,
    kinds,
    picture,
    processor,
    replayed,
    restored,
    serve,
)

REGISTER = RegisterModel()
VERSION = RegisterVersion(artifact=ARTIFACT)


@pytest.fixture
def broker() -> MemoryBroker:
    return MemoryBroker()


async def work(broker: MemoryBroker, numbers: Iterable[int], models: int = 3) -> None:
    """Send a registration or a version per number, spread over some models."""
    for number in numbers:
        command = REGISTER if number < models else VERSION
        broker.send(envelope(command, number, f"team/m{number % models}"))


def parts(broker: MemoryBroker) -> list[str]:
    return [(record.key or b"").decode() for record in broker.places[0].snapshots]


async def test_snapshot_and_the_log_after_it_tell_the_same_as_the_whole_log(
    broker: MemoryBroker,
) -> None:
    worker = processor(batch=4, snapshot_every=11)
    await work(broker, range(25))
    broker.publish(0, None, b"noise", [])
    await serve(broker, worker)
    await work(broker, range(20, 27))  # some are repeats
    await serve(broker, worker)
    assert parts(broker).count("manifest") >= 2
    taken = snapshots.restore(0, broker.places[0].snapshots)
    assert 10 < taken.next_offset < len(broker.places[0].events), "something is left to replay"
    assert worker.state is not None
    assert picture(restored(broker)) == picture(replayed(broker)) == picture(worker.state)


async def test_compaction_changes_nothing(broker: MemoryBroker) -> None:
    worker = processor(batch=4, snapshot_every=5)
    await work(broker, range(40))
    await serve(broker, worker)
    before = len(parts(broker))
    broker.compact()
    assert len(parts(broker)) < before / 2
    assert picture(restored(broker)) == picture(replayed(broker))


async def test_a_snapshot_holds_only_what_changed_since_the_last_one(broker: MemoryBroker) -> None:
    worker = processor(snapshot_every=1)
    await work(broker, range(9))
    await serve(broker, worker)
    first = len(parts(broker))
    broker.send(envelope(VERSION, 90, "team/m1"))
    await serve(broker, worker)
    assert parts(broker)[first:] == [
        *("claim", "blocks/0/team/m1", "head/team/m1", "answered/0", "manifest")
    ]
    assert picture(restored(broker)) == picture(replayed(broker))


@pytest.fixture
async def many_versions(broker: MemoryBroker) -> MemoryBroker:
    """A log with two and a bit blocks of versions, and a snapshot of it."""
    broker.send(envelope(REGISTER, 0))
    for number in range(1, 2 * snapshot.BLOCK + 11):
        broker.send(envelope(VERSION, number))
    await serve(broker, processor(snapshot_every=1))
    return broker


async def test_only_the_blocks_that_changed_are_written_again(many_versions: MemoryBroker) -> None:
    broker, worker = many_versions, processor(snapshot_every=1)
    broker.send(envelope(DescribeVersion(version=3, description="a"), 5_001))
    await serve(broker, worker)  # the first snapshot of this process holds all
    first = len(parts(broker))
    broker.send(envelope(DescribeVersion(version=snapshot.BLOCK + 1, description="b"), 5_002))
    await serve(broker, worker)
    blocks = [part for part in parts(broker)[first:] if part.startswith("blocks/")]
    assert blocks == ["blocks/1/team/churn"]
    assert picture(restored(broker)) == picture(replayed(broker))


async def test_a_torn_snapshot_is_not_believed(many_versions: MemoryBroker) -> None:
    """A crash came between the blocks and the head that names their offset."""
    broker = many_versions
    whole = len(parts(broker))
    broker.send(envelope(DescribeVersion(version=3, description="a"), 5_001))
    broker.fail("save", Fault.NONE, Fault.LOST)
    with pytest.raises(Unavailable):
        await crashing(broker)
    assert parts(broker)[whole:] == [
        *("claim", "blocks/0/team/churn", "blocks/1/team/churn", "blocks/2/team/churn")
    ]
    assert snapshots.restore(0, broker.places[0].snapshots).next_offset == 0
    assert picture(restored(broker)) == picture(replayed(broker))
    broker.send(envelope(VERSION, 5_002))
    worker = processor(snapshot_every=1)
    await serve(broker, worker)
    assert worker.state is not None
    assert picture(worker.state) == picture(replayed(broker))
    assert snapshots.restore(0, broker.places[0].snapshots).next_offset > 0
    assert picture(restored(broker)) == picture(replayed(broker))


async def crashing(broker: MemoryBroker) -> None:
    """Serve what is there as a process that dies at its first failure."""
    worker = processor(snapshot_every=1)
    log, intake = broker.log(), broker.intake()
    await worker._recover(log)  # `run` would try again
    await worker._serve(log, intake, lambda: True)


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.LANDED])
@pytest.mark.parametrize("good", range(9))
async def test_a_crash_anywhere_in_a_snapshot_loses_nothing(
    broker: MemoryBroker, good: int, fault: Fault
) -> None:
    clients = Clients(broker)
    await work(broker, range(12))
    await serve(broker, processor(snapshot_every=1))
    await work(broker, range(12, 24))
    broker.fail("save", *[Fault.NONE] * good, fault)
    try:
        await crashing_when_idle(broker)
    except Unavailable:
        crashed = True
    else:
        crashed = False
    assert crashed == (good < 8), "three models of blocks and head each, answers, manifest"
    assert picture(restored(broker)) == picture(replayed(broker))
    broker.places[0].faults.clear()
    await work(broker, range(18, 30))  # half of them repeats
    worker = processor()
    await serve(broker, worker)
    assert worker.state is not None
    assert picture(worker.state) == picture(replayed(broker))
    assert kinds(broker).count("VersionRegistered") == 27
    for number in range(30):
        clients.asked[envelope(REGISTER, number).id] = 2
    clients.look()
    assert clients.faults() == []


async def crashing_when_idle(broker: MemoryBroker) -> None:
    worker = processor(snapshot_every=1)
    log = broker.log()
    await worker._recover(log)
    await worker._serve(log, broker.intake(), lambda: parts(broker)[-1:] != ["manifest"])


async def test_the_same_process_goes_on_after_a_failed_snapshot(broker: MemoryBroker) -> None:
    worker = processor(snapshot_every=1)
    for start in range(0, 40, 4):
        broker.fail("save", *[Fault.NONE] * (start // 4), Fault.LOST)
        await work(broker, range(start, start + 4))
        await serve(broker, worker)
        assert picture(restored(broker)) == picture(replayed(broker))
        broker.places[0].faults.clear()
    await work(broker, range(40, 41))
    await serve(broker, worker)
    assert parts(broker)[-1] == "manifest"
    assert picture(restored(broker)) == picture(replayed(broker))


async def test_a_snapshot_of_another_schema_is_not_used(
    broker: MemoryBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    await work(broker, range(5))
    await serve(broker, processor(snapshot_every=1))
    assert restored(broker).snapshot_offset > 0
    monkeypatch.setattr(snapshots, "SCHEMA", snapshots.SCHEMA + 1)
    assert snapshots.restore(0, broker.places[0].snapshots).next_offset == 0


def test_without_snapshots_all_begins_at_nothing() -> None:
    assert picture(snapshots.restore(2, [])) == picture(Partition(2))
    removed = Stored(0, b"head/team/m", None, [], 0)
    assert picture(snapshots.restore(2, [removed])) == picture(Partition(2))


async def test_many_remembered_commands_are_kept_in_order(
    broker: MemoryBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "CHUNK", 4)
    await work(broker, range(17))
    await serve(broker, processor(snapshot_every=1))
    assert [p for p in parts(broker) if p.startswith("answered/")] == [
        f"answered/{n}" for n in range(5)
    ]
    assert picture(restored(broker)) == picture(replayed(broker))


async def test_a_partition_forgets_its_oldest_commands(broker: MemoryBroker) -> None:
    await work(broker, range(20))
    await serve(broker, processor())
    whole = replayed(broker)
    small = Partition(0, remembered=5)
    small.fold(broker.places[0].events)
    assert list(small.answered.items()) == list(whole.answered.items())[-5:]
