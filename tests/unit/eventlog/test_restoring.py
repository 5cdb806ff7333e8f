"""What the records of a partition leave to be known in other topics."""

from rollbook.domain.catalog import RegisterModel
from rollbook.domain.rulebook import EnvironmentRule, Rules
from rollbook.domain.rules import SetRules
from rollbook.eventlog.governance import Governance
from rollbook.eventlog.memory import MemoryBroker, Stored
from rollbook.eventlog.partition import Partition
from rollbook.eventlog.restoring import Left
from tests.unit.eventlog.running import answered_up_to, envelope, processor, serve

RULES = Rules(environments=(EnvironmentRule(name="production", protected=True),))


async def written() -> MemoryBroker:
    """Two writers in turn, on models and namespaces, and commands that nobody can read."""
    broker = MemoryBroker()
    for turn in range(2):
        broker.send(envelope(RegisterModel(), 10 * turn + 1, f"team/model-{turn}"))
        broker.send(envelope(SetRules(rules=RULES), 10 * turn + 2, f"team-{turn}"))
        broker.publish(0, None, b"noise", [])
        await serve(broker, processor())
    return broker


def left_by(records: list[Stored]) -> Left:
    left = Left()
    for record in records:
        left.take(record)
    return left


async def test_of_every_beginning_it_is_what_a_writer_would_know() -> None:
    records = (await written()).places[0].events
    for size in range(len(records) + 1):
        left, partition = left_by(records[:size]), Partition(0)
        partition.fold(records[:size])
        assert left.next_command == partition.next_command
        assert left.next_offset == partition.next_offset
        assert left.namespaces == partition.namespaces()


async def test_the_next_command_is_behind_the_last_that_was_answered() -> None:
    broker = await written()
    assert left_by(broker.places[0].events).next_command == answered_up_to(broker) == 6


async def test_who_follows_governance_knows_what_the_log_says() -> None:
    left = left_by((await written()).places[0].events)
    known = Governance()
    for offset, state in enumerate(left.governance()):
        known.take(Stored(offset, state.key, state.value, (), 0))
    assert known.namespaces == left.namespaces
    assert set(left.namespaces) == {"team-0", "team-1"}
    assert known.position("team-0") == left.next_offset - 1


async def test_a_record_of_a_writer_whose_claim_had_ended_leaves_nothing() -> None:
    records = (await written()).places[0].events
    late = records[2]
    again = Stored(len(records), late.key, late.value, late.headers, late.timestamp)
    assert left_by([*records, again]).namespaces == left_by(records).namespaces
    unreadable = Stored(len(records), b"team", b"", (), 0)
    left = left_by([*records, unreadable])
    assert (left.next_command, left.next_offset) == (6, len(records) + 1)
