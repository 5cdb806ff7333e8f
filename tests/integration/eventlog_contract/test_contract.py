"""What every log promises, be it in memory or on a real Kafka."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence

import pytest

from rollbook.eventlog.envelope import Outgoing, Record
from rollbook.eventlog.log import Fenced, Intake, Unavailable
from rollbook.eventlog.records import digest
from tests.integration.eventlog_contract.conftest import World

CLAIM = Outgoing(None, b'{"writer":"test"}', [("ce_type", b"WriterClaimed")], 0)


def outgoing(value: bytes, key: bytes | None = b"a/b", timestamp: int = 0) -> Outgoing:
    return Outgoing(key, value, [("ce_type", b"X"), ("ce_empty", b"")], timestamp)


def some(count: int, first: int = 0, size: int = 1) -> list[Outgoing]:
    return [outgoing(b"%d" % n * size) for n in range(first, first + count)]


async def all_of(batches: AsyncIterator[Sequence[Record]]) -> list[Record]:
    return [record async for batch in batches for record in batch]


def values(records: Sequence[Record]) -> list[bytes | None]:
    return [record.value for record in records]


async def test_the_first_claim_stands_at_offset_0_and_the_next_one_after_it(world: World) -> None:
    assert await world.log().claim(CLAIM) == 0
    assert await world.log().claim(CLAIM) == 1


async def test_an_append_returns_the_first_offset_of_contiguous_ones(world: World) -> None:
    log = world.log()
    await log.claim(CLAIM)
    assert await log.append(some(1)) == 1
    assert await log.append(some(20)) == 2
    assert await log.append(some(3, size=400_000)) == 22, "more than one batch"
    assert await log.append(some(1)) == 25
    records = await all_of(log.events(0, 26))
    assert [record.offset for record in records] == list(range(26))


async def test_a_record_comes_back_as_it_was_written(world: World) -> None:
    log = world.log()
    await log.claim(CLAIM)
    now = int(time.time() * 1000)  # Kafka takes no record from more than an hour ahead
    written = [
        outgoing("ü\n".encode(), "a/ü".encode(), now - 86_400_000),
        outgoing(b"", None, now + 3_000_000),
    ]
    await log.append(written)
    claim, *records = await all_of(log.events(0, 3))
    assert values([claim]) == [CLAIM.value]
    for record, sent in zip(records, written, strict=True):
        assert (record.key, record.value, record.timestamp) == (
            sent.key,
            sent.value,
            sent.timestamp,
        )
        assert list(record.headers) == sent.headers
        assert digest(record.key, record.value, record.headers) == digest(*sent[:3])


async def test_a_record_without_a_time_gets_that_of_its_writing(world: World) -> None:
    log = world.log()
    await log.claim(CLAIM)
    (claim,) = await all_of(log.events(0, 1))
    assert abs(claim.timestamp - time.time() * 1000) < 60_000


async def test_events_are_read_from_start_up_to_stop(world: World) -> None:
    log = world.log()
    await log.claim(CLAIM)
    await log.append(some(9, first=1))
    for start, stop in [(0, 1), (0, 10), (3, 7), (9, 10)]:
        records = await all_of(log.events(start, stop))
        assert [record.offset for record in records] == list(range(start, stop))
    assert values(await all_of(log.events(3, 5))) == [b"3", b"4"]
    for start, stop in [(0, 0), (5, 5), (7, 3)]:
        assert await all_of(log.events(start, stop)) == []


async def test_a_start_that_the_log_does_not_have_is_no_silent_gap(world: World) -> None:
    log = world.log()
    await log.claim(CLAIM)
    with pytest.raises(Unavailable):
        await all_of(log.events(7, 9))


async def test_a_claim_fences_the_older_writer(world: World) -> None:
    old, new = world.log(), world.log()
    await old.claim(CLAIM)
    await old.append(some(2))
    assert await new.claim(CLAIM) == 3
    with pytest.raises(Fenced):
        await old.append(some(2))
    with pytest.raises(Fenced):
        await old.append(some(1))
    assert await new.append(some(1)) == 4, "nothing of the older writer came between"


async def test_a_fenced_writer_can_claim_again(world: World) -> None:
    old, new = world.log(), world.log()
    await old.claim(CLAIM)
    await new.claim(CLAIM)
    assert await old.claim(CLAIM) == 2
    assert await old.append(some(1)) == 3
    with pytest.raises(Fenced):
        await new.append(some(1))


async def test_a_claim_fences_snapshots_as_well(world: World) -> None:
    old, new = world.log(), world.log()
    await old.claim(CLAIM)
    await old.save(some(1))
    await new.claim(CLAIM)
    with pytest.raises(Fenced):
        await old.save(some(1, first=5))
    assert b"5" not in values(await all_of(new.snapshots()))


async def test_writers_that_race_leave_one_linear_history(world: World) -> None:
    async def write(log: object, mark: bytes) -> int:
        landed = 0
        for _ in range(4):
            try:
                await log.claim(CLAIM)  # type: ignore[attr-defined]
                for _ in range(5):
                    await log.append([outgoing(mark)] * 3)  # type: ignore[attr-defined]
                    landed += 3
            except Fenced:
                continue
        return landed

    landed = await asyncio.gather(*(write(world.log(), b"%d" % n) for n in range(3)))
    log = world.log()
    end = await log.claim(CLAIM)
    records = await all_of(log.events(0, end))
    claims = sum(record.value == CLAIM.value for record in records)
    assert len(records) - claims == sum(landed)
    assert claims <= 12
    for mark, count in enumerate(landed):
        assert values(records).count(b"%d" % mark) == count


async def test_snapshots_can_be_read_after_a_claim(world: World) -> None:
    log = world.log()
    await log.claim(CLAIM)
    own = values(await all_of(log.snapshots()))
    await log.save([outgoing(b"1", b"head/a"), outgoing(b"2", b"head/b")])
    await log.save([])
    await log.save([outgoing(b"3", b"manifest")])
    later = world.log()
    await later.claim(CLAIM)
    found = values(await all_of(later.snapshots()))
    assert [value for value in found if value not in own] == [b"1", b"2", b"3"]


async def test_dead_letters_are_kept_with_all_they_carry(world: World) -> None:
    log = world.log()
    await log.claim(CLAIM)
    big = outgoing(b"x" * 5_000_000, b"commands/1/7")
    await log.bury([outgoing(b"\xff\x00", b"commands/1/5"), outgoing(b"", b"commands/1/6")])
    await log.bury([big])
    letters = await world.dead_letters(3)
    assert [letter.key for letter in letters] == [b"commands/1/%d" % n for n in (5, 6, 7)]
    assert letters[0].value == b"\xff\x00"
    assert letters[2].value == big.value
    assert list(letters[0].headers) == [("ce_type", b"X"), ("ce_empty", b"")]


async def test_what_governs_is_copied_in_order_and_whole(world: World) -> None:
    log = world.log()
    await log.claim(CLAIM)
    big = [outgoing(b"%d" % n * 3_000_000, b"space-%d" % n) for n in range(4)]
    await log.govern([outgoing(b"1", b"team")])
    await log.govern([outgoing(b"2", b"team"), *big])
    await log.govern([])
    found = await world.copies()
    assert [(r.key, r.value) for r in found] == [
        (b"team", b"1"),
        (b"team", b"2"),
        *((r.key, r.value) for r in big),
    ]


async def test_a_claim_fences_copies_as_well(world: World) -> None:
    old, new = world.log(), world.log()
    await old.claim(CLAIM)
    await old.govern([outgoing(b"1", b"team")])
    await new.claim(CLAIM)
    with pytest.raises(Fenced):
        await old.govern([outgoing(b"2", b"team")])
    await new.govern([outgoing(b"3", b"team")])
    with pytest.raises(Fenced):
        await old.govern([outgoing(b"4", b"team")])
    assert values(await world.copies()) == [b"1", b"3"]


async def test_what_stands_where_is_copied_in_order_by_the_newest_claim_alone(world: World) -> None:
    old, new = world.log(), world.log()
    await old.claim(CLAIM)
    gone = Outgoing(b"team/churn:champion", None, [], 0)
    await old.direct([outgoing(b"1", b"team/churn@production"), gone])
    await new.claim(CLAIM)
    with pytest.raises(Fenced):
        await old.direct([outgoing(b"2", b"team/churn@production")])
    await new.direct([outgoing(b"3", b"team/churn@production")])
    assert values(await world.pointings()) == [b"1", None, b"3"]


async def test_writers_of_several_partitions_copy_and_bury_side_by_side(world: World) -> None:
    async def write(number: int) -> None:
        log = world.log(number)
        await log.claim(CLAIM)
        for _ in range(5):  # each takes several batches, and the others' come between
            await log.govern([outgoing(b"x" * 400_000, b"space-%d" % number)] * 4)
            await log.bury([outgoing(b"x" * 400_000, b"commands/%d" % number)] * 4)

    await asyncio.gather(write(0), write(1))
    keys = [record.key for record in await world.copies()]
    assert [keys.count(b"space-%d" % n) for n in range(2)] == [20, 20]
    keys = [record.key for record in await world.dead_letters(40)]
    assert [keys.count(b"commands/%d" % n) for n in range(2)] == [20, 20]


async def test_a_claim_fences_no_other_partition(world: World) -> None:
    one, other = world.log(0), world.log(1)
    await one.claim(CLAIM)
    await other.claim(CLAIM)
    await one.govern([outgoing(b"1", b"team")])
    await other.govern([outgoing(b"2", b"other")])
    await one.append(some(1))
    assert values(await world.copies()) == [b"1", b"2"]


async def test_a_log_that_was_not_claimed_or_was_released_takes_nothing(world: World) -> None:
    log = world.log()
    for _ in range(2):
        with pytest.raises(Unavailable):
            await log.append(some(1))
        with pytest.raises(Unavailable):
            await log.save(some(1))
        with pytest.raises(Unavailable):
            await log.bury(some(1))
        with pytest.raises(Unavailable):
            await log.govern(some(1))
        with pytest.raises(Unavailable):
            await log.direct(some(1))
        await log.claim(CLAIM)
        await log.append(some(1))
        await log.release()
        await log.release()
    assert await log.claim(CLAIM) == 4


async def test_a_log_names_the_topic_of_its_commands(world: World) -> None:
    assert world.log().commands.endswith(".commands")


# Intake


async def taken(intake: Intake, count: int, most: int = 100) -> list[Record]:
    """The next `count` commands; a real consumer may hand them out in several parts."""
    found: list[Record] = []
    async with asyncio.timeout(20):
        while len(found) < count:
            part = await intake.take(most)
            assert len(part) <= most
            found += part
    return found


async def test_commands_are_handed_out_from_where_one_resumes(world: World) -> None:
    await world.publish(b"0", b"1", b"2", b"3")
    intake = await world.intake()
    await intake.resume(1)
    records = await taken(intake, 3)
    assert values(records) == [b"1", b"2", b"3"]
    assert [record.offset for record in records] == [1, 2, 3]
    assert (records[0].key, list(records[0].headers)) == (b"a/b", [("ce_type", b"x")])
    await intake.resume(0)
    assert values(await taken(intake, 4)) == [b"0", b"1", b"2", b"3"]


async def test_at_most_as_many_commands_come_as_were_asked_for(world: World) -> None:
    await world.publish(*(b"%d" % n for n in range(7)))
    intake = await world.intake()
    await intake.resume(0)
    assert values(await taken(intake, 7, most=3)) == [b"%d" % n for n in range(7)]


async def test_when_no_command_comes_for_a_while_nothing_is_handed_out(world: World) -> None:
    intake = await world.intake()
    await intake.resume(0)
    async with asyncio.timeout(20):
        assert list(await intake.take(10)) == []


async def test_a_command_that_comes_while_one_waits_is_handed_out(world: World) -> None:
    intake = await world.intake()
    await intake.resume(0)
    waiting = asyncio.create_task(taken(intake, 1))
    await world.publish(b"late")
    assert values(await waiting) == [b"late"]


async def test_an_offset_beyond_the_end_says_that_the_topic_is_another(world: World) -> None:
    await world.publish(b"0")
    intake = await world.intake()
    await intake.resume(1)
    with pytest.raises(Unavailable):
        await intake.resume(2)
