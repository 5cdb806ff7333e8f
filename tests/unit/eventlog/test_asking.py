"""Who waits is told what came of their own record, whoever else uses its id."""

import asyncio
from dataclasses import replace

import pytest

from rollbook.domain.catalog import RegisterModel
from rollbook.eventlog.asking import Waiter
from rollbook.eventlog.envelope import EventEnvelope
from rollbook.eventlog.memory import MemoryBroker
from tests.unit.eventlog.running import envelope, outcomes, processor, serve


@pytest.fixture
async def answers() -> list[EventEnvelope]:
    """Three outcomes of one id: somebody else's, ours, and that of a record without a key."""
    broker = MemoryBroker()
    broker.send(envelope(RegisterModel(description="eve's"), 1, actor="eve"))
    broker.send(envelope(RegisterModel(), 1, actor="ada"))
    broker.publish(0, None, b"{}", [("ce_id", envelope(RegisterModel(), 1).id.encode())])
    await serve(broker, processor())
    found = outcomes(broker)
    assert len({answer.command_id for answer in found}) == 1
    assert [answer.cmd_offset for answer in found] == [0, 1, 2]
    return found


@pytest.fixture
async def waiter() -> Waiter:
    return Waiter(asyncio.get_running_loop().create_future())


@pytest.mark.parametrize("known_after", range(4))
@pytest.mark.parametrize("own", range(3))
async def test_only_the_outcome_of_the_own_record_is_told(
    answers: list[EventEnvelope], waiter: Waiter, own: int, known_after: int
) -> None:
    for number, answer in enumerate(answers):
        if number == known_after:
            waiter.delivered(own)
        waiter.see(answer)
    if known_after == 3:
        assert not waiter.outcome.done(), "the place of the own record is not known yet"
        waiter.delivered(own)
    assert waiter.outcome.result() == answers[own]


async def test_without_a_place_or_an_outcome_of_the_own_record_nothing_is_told(
    answers: list[EventEnvelope], waiter: Waiter
) -> None:
    waiter.see(answers[0])
    waiter.see(replace(answers[1], cmd_offset=None))
    waiter.delivered(-1)  # what a broker says that has forgotten it
    for answer in answers:
        waiter.see(answer)
    assert not waiter.outcome.done()


async def test_the_first_word_holds(answers: list[EventEnvelope], waiter: Waiter) -> None:
    waiter.fail(ValueError("not delivered"))
    waiter.delivered(0)
    waiter.see(answers[0])
    waiter.fail(KeyError("again"))
    with pytest.raises(ValueError, match="not delivered"):
        await waiter.outcome
