"""A checker is worth what it catches: each guard is taken away once, and it must say so."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import repeat
from typing import Any

import pytest
from pydantic_core import from_json, to_json

from rollbook.domain.catalog import DescribeModel, RegisterModel
from rollbook.domain.environments import PromoteVersion
from rollbook.domain.model import ModelCommand
from rollbook.domain.rulebook import EnvironmentRule, Rules
from rollbook.domain.rules import SetRules
from rollbook.domain.state import Model
from rollbook.domain.tenancy import Namespace
from rollbook.domain.versions import RegisterVersion
from rollbook.eventlog import upcasters
from rollbook.eventlog.draft import Draft
from rollbook.eventlog.envelope import Outgoing, Record
from rollbook.eventlog.governance import Governance
from rollbook.eventlog.log import Fenced, Intake, PartitionLog, Unavailable
from rollbook.eventlog.memory import Fault, MemoryBroker, MemoryLog, Stored
from rollbook.eventlog.partition import Partition, fingerprint
from rollbook.eventlog.position import Position
from rollbook.eventlog.processor import Processor
from rollbook.eventlog.records import heading
from tests.support.checker import check
from tests.unit.domain.examples import ARTIFACT
from tests.unit.eventlog.running import MODEL, Clients, envelope, processor, serve

VERSION = RegisterVersion(artifact=ARTIFACT)
PROTECT = SetRules(rules=Rules(environments=(EnvironmentRule(name="production", protected=True),)))


async def duplicates(clients: Clients, make: type[Processor]) -> None:
    """Each command comes three times, in different batches."""
    worker = processor(batch=1, make=make)
    for _ in range(3):
        clients.send(envelope(RegisterModel(), 0))
        clients.send(envelope(VERSION, 1))
    await serve(clients.broker, worker)


async def hand_over(clients: Clients, make: type[Processor]) -> None:
    """Two processes serve in turn, each with what it remembers."""
    workers = [processor(make=make), processor(make=make)]
    for number in range(6):
        clients.send(envelope(RegisterModel() if not number else VERSION, number))
        await serve(clients.broker, workers[number % 2])
        clients.look()


async def lost_appends(clients: Clients, make: type[Processor]) -> None:
    """The log does not take a batch, and clients believe what the service believes."""
    worker = processor(make=make)
    for number in range(6):
        sent = envelope(RegisterModel() if not number else VERSION, number)
        clients.send(sent)
        if number == 3:
            clients.broker.fail("append", Fault.LOST)
        looks = repeat(True, 5)
        owned = partial(next, looks, False)
        await worker.run(clients.broker.log(), clients.broker.intake(), owned)
        mark = fingerprint(sent.model.encode(), b"anonymous", sent.id.encode())
        if worker.state is not None and (told := worker.state.answered.get(mark)) is not None:
            clients.acknowledged[sent.id] = Position(0, told)


async def a_paused_owner(clients: Clients, make: type[Processor]) -> None:
    """An owner sleeps in the middle of a batch while another takes over."""
    gate = Gate(clients.broker, fenced=make is not Unfenced)
    clients.send(envelope(RegisterModel(), 0))
    owned = True
    zombie = processor(make=make)
    paused = asyncio.create_task(zombie.run(gate, clients.broker.intake(), lambda: owned))
    async with asyncio.timeout(10):
        await gate.waiting.wait()
        await serve(clients.broker, processor())
        owned = False
        gate.open.set()
        await paused


async def lost_rules(clients: Clients, make: type[Processor]) -> None:
    """The log does not take the batch that sets the rules, and somebody looks what governs."""
    worker = processor(make=make, governance=clients.governance)
    clients.send(envelope(PROTECT, 1, "team"))
    clients.broker.fail("append", Fault.LOST)
    looks = iter([True] * 3)
    await worker.run(clients.broker.log(), clients.broker.intake(), partial(next, looks, False))
    clients.notice()
    await serve(clients.broker, worker)


async def lost_copies(clients: Clients, make: type[Processor]) -> None:
    """The rules stand in the log, but their writer dies before it has copied them."""
    clients.send(envelope(PROTECT, 1, "team"))
    clients.broker.fail("govern", Fault.LOST)
    await serve(clients.broker, processor(make=make, governance=clients.governance))
    clients.send(envelope(RegisterModel(), 2))
    await serve(clients.broker, processor(make=make))


async def old_records(clients: Clients, make: type[Processor]) -> None:
    """The log holds a version that was registered before versions said by whom."""
    clients.send(envelope(RegisterModel(), 0))
    clients.send(envelope(VERSION, 1, actor="pia"))
    await serve(clients.broker, processor(make=make))
    events = clients.broker.places[0].events
    new = events[-1]
    value = from_json(new.value or b"")
    assert value.pop("registered_by") == "pia"
    headers = [header for header in new.headers if header[0] != "ce_schema"]
    assert len(headers) == len(new.headers) - 1
    events[-1] = Stored(new.offset, new.key, to_json(value), headers, new.timestamp)
    clients.send(envelope(VERSION, 2, actor="rex"))
    worker = processor(make=make)
    await serve(clients.broker, worker)
    if worker.state is not None and isinstance(model := worker.state.stream(MODEL).state, Model):
        who = [version.registered_by for _, version in sorted(model.versions.items())]
        if who != ["pia", "rex"]:
            clients.noticed.append(f"registered by {who}")


class Gate(MemoryLog):
    def __init__(self, broker: MemoryBroker, *, fenced: bool) -> None:
        super().__init__(broker, 0)
        self.waiting = asyncio.Event()
        self.open = asyncio.Event()
        self._fenced = fenced

    async def append(self, outcomes: Sequence[Outgoing]) -> int:
        self.waiting.set()
        await self.open.wait()
        try:
            return await super().append(outcomes)
        except Fenced:
            if self._fenced:
                raise
            self._epoch = self._place.epoch  # what a log without a fence would let through
            return await super().append(outcomes)


class Forgetful(Processor):
    """No dedup: what was answered is always empty."""

    async def _append(self, log_: PartitionLog, state: Partition, draft: Draft) -> None:
        await super()._append(log_, state, draft)
        state.answered.clear()


class Hasty(Processor):
    """Decides before the claim is read: on what it remembers, not on what the log says."""

    async def _recover(self, log_: PartitionLog) -> None:
        state = self.state or Partition(self.number)
        state.claimed(await log_.claim(self._claim()))
        self.state = state


class Optimist(Processor):
    """Believes and acknowledges a batch before the log has it."""

    async def _append(self, log_: PartitionLog, state: Partition, draft: Draft) -> None:
        state.merge(draft)
        try:
            await log_.append(draft.outcomes)
        except Unavailable:
            state.next_offset -= len(draft.outcomes)


class Skipper(Processor):
    """Commits its place in the commands before they are answered, and trusts it after a failure."""

    async def _serve(self, log_: PartitionLog, intake: Intake, owned: Callable[[], bool]) -> None:
        assert self.state is not None
        self.state.next_command = max(self.state.next_command, getattr(self, "_committed", 0))

        class Committing:
            resume = intake.resume

            async def take(_, most: int) -> Sequence[Record]:  # noqa: N805
                found = await intake.take(most)
                self._committed = max(
                    [getattr(self, "_committed", 0), *(r.offset + 1 for r in found)]
                )
                return found

        await super()._serve(log_, Committing(), owned)


class Unfenced(Processor):
    """Nothing is missing here: its log has no fence."""


class Eager(Processor):
    """Lets a batch govern before the log has it."""

    async def _append(self, log_: PartitionLog, state: Partition, draft: Draft) -> None:
        for name, namespace in draft.namespaces().items():
            self._governance.apply(name, namespace, state.next_offset + len(draft.outcomes) - 1)
        await super()._append(log_, state, draft)


class Unhealed(Processor):
    """Copies what it decides, but never what another has decided before."""

    async def _govern(
        self, log_: PartitionLog, namespaces: Mapping[str, Namespace], offset: int
    ) -> None:
        if self.serving:
            await super()._govern(log_, namespaces, offset)


Story = Callable[[Clients, type[Processor]], Awaitable[None]]
STORIES: list[Story] = [
    duplicates,
    hand_over,
    lost_appends,
    a_paused_owner,
    lost_rules,
    lost_copies,
    old_records,
]


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
async def test_a_healthy_system_passes(story: Story) -> None:
    clients = Clients(MemoryBroker())
    await story(clients, Processor)
    clients.look()
    assert clients.faults() == []
    assert set(clients.acknowledged) == set(clients.asked)


@pytest.mark.parametrize(
    ("planted", "story", "caught"),
    [
        (Forgetful, duplicates, "a second outcome"),
        (Hasty, hand_over, "it answers command"),
        (Hasty, hand_over, "seq 1 after 1"),
        (Optimist, lost_appends, "was acknowledged at"),
        (Optimist, lost_appends, "is next"),
        (Skipper, lost_appends, "is next"),
        (Unfenced, a_paused_owner, "written under claim 0, not 1"),
        (Eager, lost_rules, "but the log says None"),
        (Unhealed, lost_copies, "is governed by None"),
    ],
)
async def test_a_planted_fault_is_caught(
    planted: type[Processor], story: Story, caught: str
) -> None:
    clients = Clients(MemoryBroker())
    await story(clients, planted)
    found = clients.faults()
    assert any(caught in fault for fault in found), found


@pytest.mark.parametrize(
    ("steps", "caught"),
    [
        ({}, "unreadable: VersionRegistered"),
        ({("VersionRegistered", 1): lambda value, _: value}, "unreadable: VersionRegistered"),
        (
            {("VersionRegistered", 1): lambda value, _: value | {"registered_by": "anonymous"}},
            "registered by ['anonymous', 'rex']",
        ),
    ],
    ids=["no step", "a step that does nothing", "a step that does not look who it was"],
)
async def test_an_upcaster_that_is_left_out_or_wrong_is_caught(
    monkeypatch: pytest.MonkeyPatch, steps: dict[tuple[str, int], upcasters.Step], caught: str
) -> None:
    monkeypatch.setattr(upcasters, "STEPS", steps)
    clients = Clients(MemoryBroker())
    await old_records(clients, Processor)
    found = clients.faults()
    assert any(caught in fault for fault in found), found


# The checker by itself, on a healthy log with one thing changed


@pytest.fixture
async def clients() -> Clients:
    """A healthy log: two models, a refusal, a confirmation, a repeat, a dead letter, two claims."""
    clients = Clients(MemoryBroker())
    commands: list[ModelCommand] = [
        RegisterModel(),
        VERSION,
        DescribeModel(description=""),
        DescribeModel(description="x"),
    ]
    for number, command in enumerate(commands):
        clients.send(envelope(command, number, "team/a"))
        clients.send(envelope(command, number + 10, "team/b", expected_seq=number // 2 * 9 or None))
    clients.broker.publish(0, None, b"noise", [])
    await serve(clients.broker, processor())
    clients.send(envelope(VERSION, 1, "team/a"), times=2)
    await serve(clients.broker, processor())
    clients.look()
    assert clients.faults() == []
    return clients


def without(records: list[Stored], at: int) -> list[Stored]:
    """The log as if a record had never been written."""
    left = records[:at] + records[at + 1 :]
    return [Stored(n, r.key, r.value, r.headers, r.timestamp) for n, r in enumerate(left)]


async def test_no_outcome_can_go_missing_unseen(clients: Clients) -> None:
    """But the newest one: a checker cannot tell whether its command ever reached the log."""
    records = clients.broker.places[0].events
    claims = [r.offset for r in records if heading(r).kind == "WriterClaimed"]
    records = records[: claims[1]]
    for at in range(1, len(records) - 1):
        assert check({0: without(records, at)}, clients.asked, {}), heading(records[at])


async def test_no_outcome_can_be_doubled_unseen(clients: Clients) -> None:
    records = clients.broker.places[0].events
    for record in records:
        again = Stored(len(records), record.key, record.value, record.headers, 0)
        found = check({0: [*records, again]}, clients.asked, clients.acknowledged)
        claim = heading(record).kind == "WriterClaimed"
        assert bool(found) != claim, heading(record)


async def test_no_byte_of_a_model_event_can_change_unseen(clients: Clients) -> None:
    """But those of a model's last event, which no `prev` covers yet."""
    records = clients.broker.places[0].events
    last = {r.key: r.offset for r in records if heading(r).prev or heading(r).seq == 1}
    count = 0
    for record in changed_records(records):
        if record.offset == last[record.key]:
            continue
        changed = [record if r.offset == record.offset else r for r in records]
        assert check({0: changed}, clients.asked, clients.acknowledged), record
        count += 1
    assert count >= 40


def changed_records(records: list[Stored]) -> Iterator[Stored]:
    for r in records:
        if "Model" not in heading(r).kind and "Version" not in heading(r).kind:
            continue
        yield Stored(r.offset, r.key, b" " + (r.value or b""), r.headers, r.timestamp)
        for at, (name, value) in enumerate(r.headers):
            if not value:  # the first event has an empty prev
                continue
            headers: list[Any] = list(r.headers)
            headers[at] = (name, value[:-1] + bytes([value[-1] ^ 1]))
            yield Stored(r.offset, r.key, r.value, headers, r.timestamp)


async def test_what_nobody_asked_for_is_seen(clients: Clients) -> None:
    log = {0: clients.broker.places[0].events}
    for command_id in clients.asked:
        less = {**clients.asked, command_id: clients.asked[command_id] - 1}
        assert check(log, less, {}) != []
    assert len(check(log, {}, {})) == len(clients.asked)


async def test_an_answer_that_does_not_stand_where_it_was_said_to_is_seen(clients: Clients) -> None:
    log = {0: clients.broker.places[0].events}
    for command_id, position in clients.acknowledged.items():
        for wrong in (Position(0, position.offset + 1), Position(1, position.offset)):
            assert check(log, clients.asked, {command_id: wrong}) != []
    assert check(log, clients.asked, {"never": Position(0, 1)}) != []


async def test_what_governs_and_does_not_stand_is_seen(clients: Clients) -> None:
    log, known = {0: clients.broker.places[0].events}, {"team": Namespace()}
    assert check(log, clients.asked, clients.acknowledged, {}) == []
    assert check(log, clients.asked, clients.acknowledged, known) != []


async def test_a_decision_by_rules_that_do_not_stand_is_seen() -> None:
    governance = Governance()
    governance.apply("team", Namespace(rules_version=1), 0)
    clients = Clients(MemoryBroker())
    commands: list[ModelCommand] = [RegisterModel(), VERSION, PromoteVersion(version=1)]
    for number, command in enumerate(commands):
        clients.send(envelope(command, number))
    await serve(clients.broker, processor(governance=governance))
    (fault,) = clients.faults()
    assert "decided by rules 1 of team/churn, but 0 stand" in fault


async def test_records_out_of_order_are_seen(clients: Clients) -> None:
    records = list(clients.broker.places[0].events)
    records[2], records[3] = records[3], records[2]
    assert any("the record after" in fault for fault in check({0: records}, clients.asked, {}))
