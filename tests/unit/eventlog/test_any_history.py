"""Whatever is sent, whatever fails, whoever serves: each command has its one outcome."""

import asyncio
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from rollbook.domain.streams import StreamCommand
from rollbook.eventlog.governance import Governance
from rollbook.eventlog.memory import Fault, MemoryBroker, Operation
from rollbook.eventlog.processor import Processor
from tests.support.commands import commands, namespace_commands
from tests.unit.eventlog.running import (
    Clients,
    answered_up_to,
    directed,
    envelope,
    folded,
    picture,
    processor,
    replayed,
    restored,
    serve,
    stands,
)


@dataclass(frozen=True)
class Send:
    command: StreamCommand
    number: int
    model: str
    times: int
    expected_seq: int | None


@dataclass(frozen=True)
class Fail:
    operation: Operation
    faults: tuple[Fault, ...]


@dataclass(frozen=True)
class Noise:
    key: bytes | None
    value: bytes


@dataclass(frozen=True)
class Serve:
    worker: int
    restarted: bool


Step = Send | Fail | Noise | Serve

steps: st.SearchStrategy[Step] = st.one_of(
    st.builds(
        Send,
        command=commands,
        number=st.integers(0, 30),
        model=st.sampled_from(["team/a", "team/b", "team/c"]),
        times=st.sampled_from([1, 1, 1, 2, 10]),
        expected_seq=st.none() | st.none() | st.integers(0, 5),
    ),
    st.builds(
        Send,
        command=namespace_commands,
        number=st.integers(31, 50),
        model=st.sampled_from(["team", "rollbook"]),
        times=st.sampled_from([1, 1, 2]),
        expected_seq=st.none(),
    ),
    st.builds(
        Fail,
        operation=st.sampled_from(
            ["claim", "append", "append", "save", "govern", "direct", "bury", "events", "snapshots"]
        ),
        faults=st.lists(st.sampled_from(Fault), min_size=1, max_size=4).map(tuple),
    ),
    st.builds(Noise, key=st.none() | st.just(b"team/a"), value=st.binary(max_size=9)),
    st.builds(Serve, worker=st.integers(0, 1), restarted=st.booleans()),
)


@settings(max_examples=150)
@given(st.lists(steps, max_size=60), st.sampled_from([1, 2, 100]), st.sampled_from([1, 7, 50_000]))
def test_each_command_has_its_one_outcome(
    steps: list[Step], batch: int, snapshot_every: int
) -> None:
    asyncio.run(act_out(steps, batch, snapshot_every))


async def act_out(steps: list[Step], batch: int, snapshot_every: int) -> None:
    broker = MemoryBroker()
    clients = Clients(broker)
    governance = [Governance(), Governance()]

    def make(at: int) -> Processor:
        known = governance[at]
        return processor(batch=batch, snapshot_every=snapshot_every, governance=known)

    workers = [make(0), make(1)]
    for step in steps:
        match step:
            case Send(command=command, number=number, model=model, times=times):
                sent = envelope(command, number, model, expected_seq=step.expected_seq)
                clients.send(sent, times)
            case Fail(operation=operation, faults=faults):
                broker.fail(operation, *faults)
            case Noise(key=key, value=value):
                broker.publish(0, key, value, [("ce_type", b"TagModel")])
            case Serve(worker=at, restarted=restarted):
                if restarted:
                    governance[at] = Governance()
                    workers[at] = make(at)
                await serve(broker, workers[at])
                for name, known in governance[at].namespaces.items():
                    position = governance[at].position(name)
                    assert known == replayed(broker, stop=position + 1).stream(name).state
                clients.look()
    broker.places[0].faults.clear()
    await serve(broker, processor(batch=batch, snapshot_every=snapshot_every))
    clients.look()
    await reach_the_end(broker, processor())  # a copy that was lost is healed by the next claim
    assert clients.faults() == []
    assert directed(broker) == stands(broker)
    assert answered_up_to(broker) == len(broker.places[0].commands)
    assert set(clients.asked) == set(clients.acknowledged)
    assert picture(restored(broker)) == picture(replayed(broker))
    for worker in workers:
        await reach_the_end(broker, worker)
        assert worker.state is not None
        assert picture(worker.state) == picture(replayed(broker))
    for believed in governance:
        assert believed.namespaces == folded(broker)


async def reach_the_end(broker: MemoryBroker, worker: Processor) -> None:
    """Let a worker claim and read on, without a command to answer."""
    looks = iter([True])
    await worker.run(broker.log(), broker.intake(), lambda: next(looks, False))
