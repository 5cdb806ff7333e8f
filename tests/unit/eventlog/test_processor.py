import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from rollbook.command.handlers import Handlers
from rollbook.domain.aliases import SetAlias
from rollbook.domain.catalog import DescribeModel, ModelRegistered, RegisterModel
from rollbook.domain.model import ModelCommand
from rollbook.domain.versions import RegisterVersion, VersionRegistered
from rollbook.eventlog.envelope import Outgoing
from rollbook.eventlog.log import Fenced
from rollbook.eventlog.memory import Fault, MemoryBroker, MemoryLog, Stored
from rollbook.eventlog.outcomes import CommandConfirmed, CommandRefused, CommandRepeated
from rollbook.eventlog.processor import Pace, Processor
from rollbook.eventlog.records import digest, heading
from tests.unit.domain.examples import ARTIFACT
from tests.unit.eventlog.running import (
    AT_ONCE,
    Clients,
    envelope,
    kinds,
    outcomes,
    picture,
    processor,
    replayed,
    serve,
    until,
)

REGISTER = RegisterModel()
VERSION = RegisterVersion(artifact=ARTIFACT)


@pytest.fixture
def broker() -> MemoryBroker:
    return MemoryBroker()


@pytest.fixture
def clients(broker: MemoryBroker) -> Clients:
    return Clients(broker)


async def test_each_command_has_exactly_one_outcome(broker: MemoryBroker, clients: Clients) -> None:
    commands: list[ModelCommand] = [
        REGISTER,
        REGISTER,
        VERSION,
        VERSION,
        SetAlias(alias="champion", version=9),
    ]
    for number, command in enumerate(commands):
        clients.send(envelope(command, number))
    await serve(broker, processor())
    assert kinds(broker) == [
        *("ModelRegistered", "CommandConfirmed", "VersionRegistered", "VersionRegistered"),
        "CommandRefused",
    ]
    assert [outcome.cmd_offset for outcome in outcomes(broker)] == [0, 1, 2, 3, 4]
    assert clients.faults() == []


async def test_an_outcome_says_what_surrounds_it(broker: MemoryBroker) -> None:
    told = envelope(REGISTER, 7, actor="anna", correlation_id="training-12", causation_id="alarm-3")
    broker.send(told)
    broker.send(envelope(VERSION, 8))
    await serve(broker, processor())
    registered, version = outcomes(broker)
    assert registered.message == ModelRegistered()
    assert registered.command_id == told.id
    assert (registered.model, registered.seq, registered.prev) == ("team/churn", 1, "")
    assert (registered.actor, version.actor) == ("anna", "anonymous")
    assert registered.correlation_id == "training-12"
    assert registered.causation_id == "alarm-3"
    assert version.correlation_id == version.causation_id == version.command_id
    assert registered.claim == 0
    first = broker.places[0].events[1]
    assert version.prev == digest(first.key, first.value, first.headers)
    assert len({registered.id, version.id, told.id}) == 3


async def test_live_state_is_the_state_that_the_log_tells(broker: MemoryBroker) -> None:
    worker = processor()
    for number in range(30):
        broker.send(envelope(VERSION if number % 3 else REGISTER, number, f"team/m{number % 4}"))
        if number % 7 == 0:
            await serve(broker, worker)
    await serve(broker, worker)
    assert worker.state is not None
    assert picture(worker.state) == picture(replayed(broker))


async def test_a_command_that_waits_for_nobody_is_answered_when_it_comes(
    broker: MemoryBroker,
) -> None:
    worker = processor()
    running = asyncio.create_task(worker.run(broker.log(), broker.intake(), lambda: True))
    try:
        await until(lambda: worker.serving)
        broker.send(envelope(REGISTER))
        await until(lambda: bool(kinds(broker)))
    finally:
        worker.stop()
        await running
    assert kinds(broker) == ["ModelRegistered"]
    assert not worker.serving


# Duplicates


async def test_a_command_that_comes_ten_times_in_one_batch_has_one_effect(
    broker: MemoryBroker, clients: Clients
) -> None:
    clients.send(envelope(REGISTER, 1))
    clients.send(envelope(VERSION, 2), times=10)
    await serve(broker, processor())
    assert kinds(broker) == ["ModelRegistered", "VersionRegistered", *["CommandRepeated"] * 9]
    version, *repeats = outcomes(broker)[1:]
    assert {r.message for r in repeats} == {CommandRepeated(offset=version.position.offset)}
    assert clients.faults() == []


@pytest.mark.parametrize("restart", [False, True], ids=["across batches", "across restarts"])
async def test_a_command_that_comes_ten_times_has_one_effect(
    broker: MemoryBroker, clients: Clients, restart: bool
) -> None:
    clients.send(envelope(REGISTER, 1))
    worker = processor(batch=1, snapshot_every=4)
    for _ in range(10):
        clients.send(envelope(VERSION, 2))
        await serve(broker, worker)
        if restart:
            worker = processor(batch=1, snapshot_every=4)
    assert kinds(broker) == ["ModelRegistered", "VersionRegistered", *["CommandRepeated"] * 9]
    first = outcomes(broker)[1].position.offset
    assert {r.message for r in outcomes(broker)[2:]} == {CommandRepeated(offset=first)}
    assert clients.faults() == []


async def test_refusals_and_confirmations_are_repeated_as_well(
    broker: MemoryBroker, clients: Clients
) -> None:
    clients.send(envelope(VERSION, 1))  # refused: the model is unknown
    clients.send(envelope(REGISTER, 2))
    clients.send(envelope(REGISTER, 3))  # confirmed
    clients.send(envelope(VERSION, 1))
    clients.send(envelope(REGISTER, 3))
    await serve(broker, processor())
    refused, _, confirmed, again, again_confirmed = outcomes(broker)
    assert isinstance(refused.message, CommandRefused)
    assert isinstance(confirmed.message, CommandConfirmed)
    assert again.message == CommandRepeated(offset=refused.position.offset)
    assert again_confirmed.message == CommandRepeated(offset=confirmed.position.offset)
    assert clients.faults() == []


async def test_the_same_id_on_another_model_or_from_another_actor_is_another_command(
    broker: MemoryBroker,
) -> None:
    broker.send(envelope(REGISTER, 1, "team/a"))
    broker.send(envelope(REGISTER, 1, "team/b"))
    broker.send(envelope(DescribeModel(description="squatted"), 1, "team/a", actor="eve"))
    await serve(broker, processor())
    assert kinds(broker) == ["ModelRegistered", "ModelRegistered", "ModelDescribed"]


# expected_seq


async def test_expected_seq_lets_only_one_of_two_changes_through(broker: MemoryBroker) -> None:
    broker.send(envelope(REGISTER, 1, expected_seq=0))
    broker.send(envelope(DescribeModel(description="a"), 2, expected_seq=1))
    broker.send(envelope(DescribeModel(description="b"), 3, expected_seq=1))
    broker.send(envelope(DescribeModel(description="a"), 2, expected_seq=1))
    await serve(broker, processor())
    assert kinds(broker) == [
        *("ModelRegistered", "ModelDescribed", "CommandRefused", "CommandRepeated")
    ]
    refusal = outcomes(broker)[2]
    assert isinstance(refusal.message, CommandRefused)
    assert refusal.message.code == "conflict"
    assert refusal.seq == 2


# Failures


@pytest.mark.parametrize("fault", [f for f in Fault if f is not Fault.NONE])
async def test_a_batch_of_unknown_fate_is_neither_lost_nor_doubled(
    broker: MemoryBroker, clients: Clients, fault: Fault
) -> None:
    worker = processor()
    clients.send(envelope(REGISTER, 0))
    await serve(broker, worker)
    broker.fail("append", fault)
    for number in range(1, 6):
        clients.send(envelope(VERSION, number))
    await serve(broker, worker)
    clients.send(envelope(VERSION, 6))
    await serve(broker, worker)
    numbers = [
        o.message.version for o in outcomes(broker) if isinstance(o.message, VersionRegistered)
    ]
    assert numbers == [1, 2, 3, 4, 5, 6]
    clients.look()
    assert clients.faults() == []
    assert worker.state is not None
    assert picture(worker.state) == picture(replayed(broker))


@pytest.mark.parametrize("operation", ["claim", "events", "snapshots", "save", "bury"])
@pytest.mark.parametrize("fault", [Fault.LOST, Fault.LANDED, Fault.LATE])
async def test_any_other_failure_is_survived(
    broker: MemoryBroker, clients: Clients, operation: str, fault: Fault
) -> None:
    for number in range(3):
        clients.send(envelope(REGISTER if not number else VERSION, number))
    await serve(broker, processor(snapshot_every=1))
    broker.fail(operation, fault, fault)  # type: ignore[arg-type]
    broker.publish(0, None, b"noise", [])
    clients.send(envelope(VERSION, 3))
    worker = processor(batch=1, snapshot_every=1)
    await serve(broker, worker)
    clients.send(envelope(VERSION, 4))
    await serve(broker, worker)
    clients.look()
    assert clients.faults() == []
    assert kinds(broker).count("VersionRegistered") == 4


async def test_a_log_that_takes_no_batch_is_not_flooded_with_claims(
    broker: MemoryBroker, clients: Clients
) -> None:
    """Each attempt leaves a claim in a log that is kept for ever."""
    broker.fail("append", *[Fault.LOST] * 8)
    clients.send(envelope(REGISTER, 1))
    began = time.monotonic()
    await serve(broker, processor(backoff=timedelta(milliseconds=1)))
    assert time.monotonic() - began > 0.2, "2 + 4 + 8 + 16 + 32 + 3 * 50 milliseconds"
    assert clients.faults() == []


class Gate(MemoryLog):
    """A log whose appends wait: its owner is paused in the middle of a batch."""

    def __init__(self, broker: MemoryBroker) -> None:
        super().__init__(broker, 0)
        self.waiting = asyncio.Event()
        self.open = asyncio.Event()

    async def append(self, outcomes: Sequence[Outgoing]) -> int:
        self.waiting.set()
        await self.open.wait()
        return await super().append(outcomes)


async def test_a_writer_that_was_paused_writes_nothing_after_the_next_claim(
    broker: MemoryBroker, clients: Clients
) -> None:
    clients.send(envelope(REGISTER, 1))
    gate, owned = Gate(broker), True
    zombie = processor()
    paused = asyncio.create_task(zombie.run(gate, broker.intake(), lambda: owned))
    async with asyncio.timeout(10):
        await gate.waiting.wait()
        await serve(broker, processor())  # decides the same command
        owned = False
        gate.open.set()
        await paused
    assert kinds(broker) == ["ModelRegistered"]
    assert [heading(r).kind for r in broker.places[0].events] == [
        *("WriterClaimed", "WriterClaimed", "ModelRegistered")
    ]
    clients.send(envelope(VERSION, 2))
    await serve(broker, zombie)  # it gets the partition again, and reads on
    clients.look()
    assert clients.faults() == []
    assert zombie.state is not None
    assert picture(zombie.state) == picture(replayed(broker))


async def test_two_writers_that_race_leave_one_linear_history(
    broker: MemoryBroker, clients: Clients
) -> None:
    for number in range(200):
        clients.send(envelope(REGISTER if not number else VERSION, number))
    first = processor(batch=3, backoff=timedelta(milliseconds=1))
    second = processor(batch=5, backoff=timedelta(milliseconds=3))
    await asyncio.gather(serve(broker, first), serve(broker, second))
    claims = sum(heading(r).kind == "WriterClaimed" for r in broker.places[0].events)
    assert claims > 2, "they did race"
    clients.look()
    assert len(clients.acknowledged) == 200
    assert clients.faults() == []


async def test_an_older_log_object_is_fenced(broker: MemoryBroker) -> None:
    old, new = broker.log(), broker.log()
    claim = Outgoing(None, b"{}", [], 0)
    await old.claim(claim)
    await new.claim(claim)
    with pytest.raises(Fenced):
        await old.append([claim])
    assert await new.append([claim]) == 2


async def test_a_cancelled_batch_is_found_in_the_log_the_next_time(
    broker: MemoryBroker, clients: Clients
) -> None:
    class Landed(Gate):
        async def append(self, outcomes: Sequence[Outgoing]) -> int:
            first = await MemoryLog.append(self, outcomes)
            self.waiting.set()
            await self.open.wait()
            return first

    clients.send(envelope(REGISTER, 1))
    gate, worker = Landed(broker), processor()
    running = asyncio.create_task(worker.run(gate, broker.intake(), lambda: True))
    async with asyncio.timeout(10):
        await gate.waiting.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    clients.send(envelope(VERSION, 2))
    await serve(broker, worker)
    assert kinds(broker) == ["ModelRegistered", "VersionRegistered"]
    clients.look()
    assert clients.faults() == []


async def test_a_command_topic_that_was_made_again_is_not_served(broker: MemoryBroker) -> None:
    worker = processor()
    for number in range(3):
        broker.send(envelope(REGISTER, number))
    await serve(broker, worker)
    broker.places[0].commands.clear()
    broker.send(envelope(VERSION, 9))
    tries = iter(range(3))
    async with asyncio.timeout(10):
        await worker.run(broker.log(), broker.intake(), lambda: next(tries, None) is not None)
    assert "VersionRegistered" not in kinds(broker)


async def test_the_claim_is_renewed_before_the_broker_forgets_it(broker: MemoryBroker) -> None:
    worker = Processor(0, 1, Handlers(), pace=Pace(batch=1, backoff=AT_ONCE, renew_claim=AT_ONCE))
    for number in range(4):
        broker.send(envelope(REGISTER, number))
    await serve(broker, worker)
    assert sum(heading(r).kind == "WriterClaimed" for r in broker.places[0].events) >= 4


async def test_time_never_goes_back_in_the_log(broker: MemoryBroker, clients: Clients) -> None:
    now = datetime(2030, 1, 1, tzinfo=UTC)

    def back() -> datetime:
        nonlocal now
        now -= timedelta(seconds=10)
        return now

    for _ in range(2):
        worker = Processor(0, 1, Handlers(), pace=Pace(batch=1, backoff=AT_ONCE), clock=back)
        for number in range(3):
            clients.send(envelope(REGISTER, number))
        await serve(broker, worker)
    times = [outcome.time for outcome in outcomes(broker)]
    assert len(times) == 6
    assert times == sorted(times)
    stamps = [r.timestamp for r in broker.places[0].events if heading(r).kind != "WriterClaimed"]
    assert stamps == sorted(stamps)
    assert clients.faults() == []


# Streams that cannot go on


def changed(record: Stored, name: str, value: bytes) -> Stored:
    headers = [(k, value if k == name else v) for k, v in record.headers]
    return Stored(record.offset, record.key, record.value, headers, record.timestamp)


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("ce_seq", b"3", "has seq 3, not 2"),
        ("ce_seq", b"1", "has seq 1, not 2"),
        ("ce_prev", b"0" * 64, "wrong prev"),
        ("ce_type", b"VersionArchived", "reason"),
    ],
)
async def test_a_record_that_cannot_follow_stops_its_model_and_no_other(
    broker: MemoryBroker, name: str, value: bytes, why: str
) -> None:
    for number, model in enumerate(["team/a", "team/b"]):
        broker.send(envelope(REGISTER, number * 2, model))
        broker.send(envelope(VERSION, number * 2 + 1, model))
    await serve(broker, processor())
    events = broker.places[0].events
    assert (events[2].key, heading(events[2]).seq) == (b"team/a", 2)
    events[2] = changed(events[2], name, value)
    broker.send(envelope(VERSION, 4, "team/a"))
    broker.send(envelope(VERSION, 5, "team/b"))
    worker = processor(snapshot_every=1)
    await serve(broker, worker)
    refusal, registered = outcomes(broker, start=5)
    assert isinstance(refusal.message, CommandRefused)
    assert refusal.message.code == "stream_broken"
    assert why in refusal.message.message
    assert isinstance(registered.message, VersionRegistered)
    assert worker.state is not None
    assert worker.state.breaks == 1

    broker.send(envelope(VERSION, 6, "team/a"))  # a snapshot does not heal it
    await serve(broker, processor())
    (last,) = (outcome.message for outcome in outcomes(broker, start=8))
    assert isinstance(last, CommandRefused)
    assert last.code == "stream_broken"


async def test_a_record_of_a_claim_that_has_ended_is_ignored(broker: MemoryBroker) -> None:
    broker.send(envelope(REGISTER, 1))
    await serve(broker, processor())
    broker.send(envelope(DescribeModel(description="mine"), 2))
    await serve(broker, processor())
    events = broker.places[0].events
    own = events[-1]
    stale = changed(own, "ce_claim", b"0")
    events.append(Stored(own.offset + 1, stale.key, stale.value, stale.headers, 0))
    state = replayed(broker)
    assert state.breaks == 1
    assert state.next_offset == own.offset + 2
    assert state.stream("team/churn").seq == 2
    assert state.stream("team/churn").broken is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ce_time", b"noon"),
        ("ce_time", b"2030-01-01T00:00:00"),
        ("ce_seq", b"x"),
        ("ce_type", b"\xff"),
    ],
)
async def test_a_record_that_nobody_can_read_is_counted_and_passed_over(
    broker: MemoryBroker, name: str, value: bytes
) -> None:
    broker.send(envelope(REGISTER, 1))
    await serve(broker, processor())
    events = broker.places[0].events
    odd = changed(events[-1], name, value)
    events.append(Stored(len(events), odd.key, odd.value, odd.headers, 0))
    events.append(Stored(len(events), b"k", None, [("ce_type", None)], 0))  # type: ignore[list-item]
    state = replayed(broker)
    assert state.breaks == 2
    assert state.next_offset == len(events)
    assert state.stream("team/churn").broken is None
