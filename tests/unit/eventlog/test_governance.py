"""What governs: what stands in the namespaces' streams, never more, and in the end never less."""

import pytest

from rollbook.domain.catalog import RegisterModel
from rollbook.domain.collection import SetCollection
from rollbook.domain.environments import PromoteVersion, VersionPromoted
from rollbook.domain.grants import GrantRole
from rollbook.domain.rulebook import EnvironmentRule, Rules
from rollbook.domain.rules import SetRules
from rollbook.domain.streams import StreamCommand
from rollbook.domain.tenancy import REGISTRY, Namespace, Role
from rollbook.domain.versions import RegisterVersion
from rollbook.eventlog.envelope import Outgoing
from rollbook.eventlog.governance import SCHEMA, Governance, as_record
from rollbook.eventlog.log import Fenced, Unavailable
from rollbook.eventlog.memory import Fault, MemoryBroker, Stored
from rollbook.eventlog.outcomes import CommandRefused
from rollbook.eventlog.processor import Processor
from rollbook.eventlog.routing import partition_for
from tests.unit.domain.examples import ARTIFACT
from tests.unit.eventlog.running import (
    Clients,
    envelope,
    folded,
    kinds,
    outcomes,
    picture,
    processor,
    replayed,
    restored,
    serve,
    told,
)

VERSION = RegisterVersion(artifact=ARTIFACT)
PROTECTED = Rules(environments=(EnvironmentRule(name="production", protected=True),))
STAGING_ONLY = Rules(environments=(EnvironmentRule(name="staging"),))
PROTECT = SetRules(rules=PROTECTED)
GRANT = GrantRole(subject="ada", role=Role.VIEWER, reason="curious")


@pytest.fixture
def broker() -> MemoryBroker:
    return MemoryBroker()


def copies(broker: MemoryBroker) -> list[tuple[bytes | None, int]]:
    """Key and rules of each copy in the topic."""
    found = []
    for record in broker.governance:
        governance = Governance()
        governance.take(record)
        found += [(record.key, s.rules_version) for s in governance.namespaces.values()]
    return found


def stored(record: Outgoing, offset: int = 0) -> Stored:
    return Stored(offset, record.key, record.value, (), 0)


async def test_an_event_of_a_namespace_is_copied_with_its_offset(broker: MemoryBroker) -> None:
    governance = Governance()
    worker = processor(batch=1, governance=governance)
    broker.send(envelope(RegisterModel(), 1))
    broker.send(envelope(PROTECT, 2, "team"))
    broker.send(envelope(RegisterModel(), 3))
    await serve(broker, worker)
    (event,) = [o for o in outcomes(broker) if o.model == "team"]
    for known in (governance, told(broker)):
        assert known.of("team").rules == known.of("team/churn").rules == PROTECTED
        assert known.position("team") == event.position.offset == 2
        assert known.namespaces == folded(broker)
    assert len(broker.governance) == 1, "what is of a model is not copied"


async def test_refusals_confirmations_and_repeats_copy_nothing(broker: MemoryBroker) -> None:
    worker = processor()
    broker.send(envelope(PROTECT, 1, "team"))
    await serve(broker, worker)
    broker.send(envelope(PROTECT, 1, "team"))
    broker.send(envelope(PROTECT, 2, "team"))
    broker.send(envelope(PROTECT, 3, "team", expected_seq=9))
    before = len(broker.governance)
    await serve(broker, worker)
    assert kinds(broker)[1:] == ["CommandRepeated", "CommandConfirmed", "CommandRefused"]
    assert len(broker.governance) == before + 1, "the claim's own copy, and no other"


async def test_rules_hold_for_the_next_batch_of_the_same_process(broker: MemoryBroker) -> None:
    worker = processor(batch=1)
    commands: list[StreamCommand] = [RegisterModel(), VERSION, VERSION]
    for number, command in enumerate(commands):
        broker.send(envelope(command, number))
    broker.send(envelope(PromoteVersion(version=1), 3))
    broker.send(envelope(PROTECT, 4, "team"))
    broker.send(envelope(PromoteVersion(version=2), 5))
    await serve(broker, worker)
    *_, promoted, _, refused = (o.message for o in outcomes(broker))
    assert isinstance(promoted, VersionPromoted)
    assert promoted.rules == 0
    assert isinstance(refused, CommandRefused)


@pytest.mark.parametrize("fault", [f for f in Fault if f is not Fault.NONE])
async def test_a_crash_between_event_and_copy_is_healed_by_the_next_claim(
    broker: MemoryBroker, fault: Fault
) -> None:
    for number, name in enumerate(("team", "other")):
        broker.send(envelope(PROTECT, number, name))
    broker.fail("govern", fault)
    await serve(broker, processor())  # it stops: no command is left
    assert kinds(broker) == ["RulesSet", "RulesSet"]
    if fault in (Fault.LOST, Fault.LATE):
        assert told(broker).namespaces == {}
    broker.send(envelope(RegisterModel(), 9))
    await serve(broker, processor())
    assert told(broker).namespaces == folded(broker)
    assert set(folded(broker)) == {"team", "other"}


async def test_a_process_whose_copy_failed_heals_it_by_itself(broker: MemoryBroker) -> None:
    worker = processor()
    broker.send(envelope(PROTECT, 1, "team"))
    broker.fail("govern", Fault.LOST)
    looks = iter([True] * 6)
    await worker.run(broker.log(), broker.intake(), lambda: next(looks, False))
    assert kinds(broker) == ["RulesSet"], "the event stands once"
    assert told(broker).namespaces == folded(broker)


async def test_a_process_keeps_its_state_when_a_healing_copy_fails(broker: MemoryBroker) -> None:
    worker = processor()
    broker.send(envelope(PROTECT, 1, "team"))
    await serve(broker, worker)
    broker.fail("govern", Fault.LOST)
    broker.fail("snapshots", Fault.LOST)  # would be read from where nothing is known
    broker.send(envelope(RegisterModel(), 2))
    await serve(broker, worker)
    assert len(broker.places[0].faults["snapshots"]) == 1
    assert worker.state is not None
    assert picture(worker.state) == picture(replayed(broker))


async def test_a_copy_that_lands_late_stands_before_the_healing_one(broker: MemoryBroker) -> None:
    first = processor(batch=1)
    broker.send(envelope(PROTECT, 1, "team"))
    broker.fail("govern", Fault.LATE)
    await serve(broker, first)
    broker.send(envelope(SetRules(rules=STAGING_ONLY), 2, "team"))
    await serve(broker, processor())
    assert copies(broker) == [(b"team", 1), (b"team", 1), (b"team", 2)]
    assert told(broker).of("team").rules == STAGING_ONLY


def test_an_older_copy_never_replaces_a_newer_one() -> None:
    old, new = Namespace(rules_version=1), Namespace(rules_version=2)
    for order in ([(old, 5), (new, 7)], [(new, 7), (old, 5)], [(new, 7), (old, 5), (old, 6)]):
        governance = Governance()
        for state, offset in order:
            governance.take(stored(as_record("team", state, offset)))
        assert governance.of("team/churn") == new
        assert governance.position("team") == 7


async def test_a_fenced_zombie_cannot_copy(broker: MemoryBroker) -> None:
    old, new = broker.log(), broker.log()
    claim = Outgoing(None, b"{}", [], 0)
    await old.claim(claim)
    await new.claim(claim)
    with pytest.raises(Fenced):
        await old.govern([as_record("team", Namespace(rules_version=9), 3)])
    await old.release()
    with pytest.raises(Unavailable):
        await old.govern([as_record("team", Namespace(rules_version=9), 3)])
    assert told(broker).namespaces == {}


# Drafts that are dropped


class Stops(Processor):
    """Dies when its batch was not taken."""

    async def _append(self, *args: object) -> None:
        try:
            await super()._append(*args)  # type: ignore[arg-type]
        except Unavailable:
            self.stop()
            raise


@pytest.mark.parametrize("command", [PROTECT, GRANT], ids=lambda c: type(c).__name__)
@pytest.mark.parametrize("name", ["team", REGISTRY])
async def test_what_never_came_to_stand_never_governs(
    broker: MemoryBroker, name: str, command: SetRules | GrantRole
) -> None:
    governance = Governance()
    broker.send(envelope(command, 1, name))
    broker.fail("append", Fault.LOST)
    await serve(broker, processor(governance=governance, make=Stops))
    assert kinds(broker) == []
    assert governance.namespaces == {} == folded(broker)
    assert governance.registry == Namespace()
    assert broker.governance == []


@pytest.mark.parametrize("fault", [Fault.LANDED, Fault.TORN, Fault.LATE])
async def test_what_came_to_stand_unseen_governs_from_the_next_claim_on(
    broker: MemoryBroker, fault: Fault
) -> None:
    governance = Governance()
    for number, name in enumerate(("team", "other")):
        broker.send(envelope(PROTECT, number, name))
    broker.fail("append", fault)
    await serve(broker, processor(governance=governance, make=Stops))
    assert governance.namespaces == {}, "nobody told us"
    await serve(broker, processor(governance=governance))
    await reach_the_end(broker, governance)
    assert governance.namespaces == told(broker).namespaces == folded(broker)
    assert set(folded(broker)) == {"team", "other"}


async def reach_the_end(broker: MemoryBroker, governance: Governance) -> None:
    looks = iter([True])
    worker = processor(governance=governance)
    await worker.run(broker.log(), broker.intake(), lambda: next(looks, False))


# Snapshots


async def test_a_snapshot_holds_namespaces(broker: MemoryBroker) -> None:
    commands: list[tuple[StreamCommand, str]] = [
        (PROTECT, "team"),
        (GRANT, "team"),
        (RegisterModel(), "team/churn"),
        (SetCollection(collection="risk", models=("churn",)), "other"),
        (GRANT, REGISTRY),
        (VERSION, "team/churn"),
    ]
    for number, (command, key) in enumerate(commands):
        broker.send(envelope(command, number, key))
    await serve(broker, processor(snapshot_every=1))
    broker.compact()
    assert picture(restored(broker)) == picture(replayed(broker))
    governance = Governance()
    broker.governance.clear()
    heir = processor(governance=governance)
    broker.send(envelope(VERSION, 90))
    await serve(broker, heir)
    assert heir.state is not None
    assert heir.state.next_offset == replayed(broker).next_offset
    assert governance.namespaces == told(broker).namespaces == folded(broker)
    assert set(folded(broker)) == {"team", "other", REGISTRY}
    assert kinds(broker)[-1] == "VersionRegistered"


async def test_a_namespace_goes_on_from_its_snapshot(broker: MemoryBroker) -> None:
    broker.send(envelope(PROTECT, 1, "team"))
    broker.send(envelope(GRANT, 2, "team"))
    await serve(broker, processor(snapshot_every=1))
    broker.send(envelope(SetRules(rules=STAGING_ONLY), 3, "team", expected_seq=2))
    await serve(broker, processor(snapshot_every=1))
    assert outcomes(broker)[-1].seq == 3
    assert folded(broker)["team"].rules_version == 2
    assert picture(restored(broker)) == picture(replayed(broker))
    assert told(broker).namespaces == folded(broker)


# Several partitions


async def test_namespaces_and_models_of_several_partitions_make_one_governance() -> None:
    broker, governance = MemoryBroker(3), Governance()
    clients = Clients(broker)
    names = ["team", "other", "third", "fourth", REGISTRY]
    assert len({partition_for(name.encode(), 3) for name in names}) > 1
    number = 0
    for name in names:
        commands: list[tuple[StreamCommand, str]] = [
            *((RegisterModel(), f"{name}/m{n}") for n in range(4)),
            *((VERSION, f"{name}/m{n}") for n in range(4)),
            (PROTECT, name),
            (GRANT, name),
        ]
        for command, key in commands:
            number += 1
            clients.send(envelope(command, number, key))
    for at in range(3):
        await serve(broker, processor(at, partitions=3, governance=governance), partition=at)
    clients.look()
    assert clients.faults() == []
    assert governance.namespaces == told(broker).namespaces == folded(broker)
    assert set(governance.namespaces) == set(names)
    assert governance.registry == governance.of(REGISTRY) == governance.both("team/m1")[1]
    assert [g.subject for g in governance.registry.grants.values()] == ["ada"]
    for at in range(3):
        clients.send(next(envelope(PromoteVersion(version=1), 500 + at, key) for key in homes(at)))
        await serve(broker, processor(at, partitions=3, governance=governance), partition=at)
        (*_, last) = outcomes(broker, at)
        assert isinstance(last.message, CommandRefused), "each partition knows the others' rules"


def homes(partition: int) -> list[str]:
    """Models that live in a partition, of namespaces that may live elsewhere."""
    keys = [f"{name}/m{n}" for name in ("team", "other", "third", "fourth") for n in range(4)]
    return [key for key in keys if partition_for(key.encode(), 3) == partition]


# The map


def test_what_nobody_governs_is_free_and_the_registry_holds_everywhere() -> None:
    governance = Governance()
    assert governance.both("team/churn") == (Namespace(), Namespace())
    assert governance.position("team") == -1
    own, registry = Namespace(rules_version=1), Namespace(granted=1)
    governance.apply("team", own, 4)
    governance.apply(REGISTRY, registry, 2)
    assert governance.both("team/churn") == governance.both("team") == (own, registry)
    assert governance.both("teams/churn") == (Namespace(), registry)
    assert governance.registry == registry
    governance.apply(REGISTRY, Namespace(), 1)
    assert governance.registry == registry


GARBAGE: list[tuple[bytes | None, bytes | None]] = [
    (b"team", None),
    (None, b"{}"),
    (None, None),
    (b"claim/3", b"null"),
    (b"team", b""),
    (b"team", b"\xff"),
    (b"team", b"[]"),
    (b"team", b"7"),
    (b"team", b'"x"'),
    (b"team", b"{}"),
    (b"team", b'{"schema": %d}' % SCHEMA),
    (b"team", b'{"schema": %d, "offset": 9, "namespace": null}' % SCHEMA),
    (b"team", b'{"schema": %d, "offset": 9, "namespace": {"rules": 1}}' % SCHEMA),
    (b"team", b'{"schema": %d, "offset": 9, "namespace": []}' % SCHEMA),
    (b"team", b'{"schema": 999, "offset": 9, "namespace": {}}'),
]


@pytest.mark.parametrize(("key", "value"), GARBAGE)
def test_a_record_that_cannot_be_read_changes_nothing(
    key: bytes | None, value: bytes | None
) -> None:
    governance = Governance()
    state = Namespace(rules=PROTECTED, rules_version=1)
    governance.take(stored(as_record("team", state, 5)))
    governance.take(Stored(1, key, value, (), 0))
    assert governance.namespaces == {"team": state}


@pytest.mark.parametrize("key", [b"\xff", b"team"])
def test_a_copy_whose_key_or_offset_is_wrong_changes_nothing(key: bytes) -> None:
    governance = Governance()
    good = as_record("team", Namespace(rules_version=1), 5).value or b""
    governance.take(Stored(0, key, good.replace(b":5", b':"x"'), (), 0))
    governance.take(Stored(0, b"\xff", good, (), 0))
    assert governance.namespaces == {}


async def test_a_broken_namespace_governs_as_it_last_stood(broker: MemoryBroker) -> None:
    broker.send(envelope(PROTECT, 1, "team"))
    await serve(broker, processor())
    place = broker.places[0]
    foreign = [(k, b"9" if k == "ce_seq" else v) for k, v in place.events[-1].headers]
    last = place.events[-1]
    place.events.append(Stored(last.offset + 1, b"team", last.value, tuple(foreign), 0))
    broker.send(envelope(SetRules(rules=STAGING_ONLY), 2, "team"))
    governance = Governance()
    await serve(broker, processor(governance=governance))
    refused = outcomes(broker)[-1].message
    assert isinstance(refused, CommandRefused)
    assert refused.code == "stream_broken"
    assert governance.of("team").rules == PROTECTED


async def test_two_processes_in_turn_agree_on_what_governs(broker: MemoryBroker) -> None:
    shared = [Governance(), Governance()]
    workers = [processor(governance=governance) for governance in shared]
    clients = Clients(broker)
    for number in range(8):
        rules = Rules(default_risk="high" if number % 2 else "minimal")
        clients.send(envelope(SetRules(rules=rules), number, "team"))
        await serve(broker, workers[number % 2])
        for record in broker.governance:
            for governance in shared:
                governance.take(record)
        assert shared[0].namespaces == shared[1].namespaces == folded(broker)
    clients.look()
    assert clients.faults() == []
    assert folded(broker)["team"].rules_version == 8
