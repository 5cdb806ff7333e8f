"""The newest records in memory: bounded, without gaps, decoded once."""

import asyncio
from dataclasses import dataclass, field

import pytest

from rollbook.eventlog.envelope import Headers
from rollbook.eventlog.tail import Tail


@dataclass
class Recorded:
    offset: int
    value: bytes | None = b"{}"
    key: bytes | None = b"a/b"
    headers: Headers = field(default_factory=list)
    timestamp: int = 0


def filled(tail: Tail, start: int, stop: int) -> Tail:
    for offset in range(start, stop):
        tail.add(0, Recorded(offset), counts=True)
    return tail


def kept(tail: Tail, offset: int, most: int = 100) -> list[int] | None:
    found = tail.since(0, offset, most)
    return None if found is None else [one.record.offset for one in found if one is not None]


def test_what_is_new_is_there_for_everybody() -> None:
    tail = Tail()
    tail.begin({0: 5})
    filled(tail, 5, 8)
    assert kept(tail, 5) == [5, 6, 7]
    assert kept(tail, 6, 1) == [6]
    assert kept(tail, 8) == []
    assert tail.ends == {0: 8}


def test_nobody_is_given_what_is_not_kept() -> None:
    tail = Tail(records=3)
    assert kept(tail, 0) is None
    tail.begin({0: 5})
    assert kept(tail, 4) is None
    filled(tail, 5, 10)
    assert kept(tail, 6) is None
    assert kept(tail, 7) == [7, 8, 9]


def test_long_records_do_not_grow_the_memory() -> None:
    tail = Tail(size=1000)
    tail.begin({0: 0})
    for offset in range(50):
        tail.add(0, Recorded(offset, b"x" * 400), counts=True)
    assert kept(tail, 48) == [48, 49]
    assert kept(tail, 47) is None


def test_a_record_that_does_not_count_takes_its_place_only() -> None:
    tail = Tail()
    tail.begin({0: 0})
    tail.add(0, Recorded(0), counts=False)
    tail.add(0, Recorded(1), counts=True)
    assert tail.since(0, 0, 1) == [None]
    assert tail.ends == {0: 2}


def test_a_new_reader_leaves_no_gap_in_between() -> None:
    tail = filled_at(0, 3)
    tail.begin({0: 3})
    assert kept(tail, 0) == [0, 1, 2]
    tail.begin({0: 9})
    assert kept(tail, 3) is None
    assert kept(tail, 9) == []
    filled(tail, 12, 13)
    assert kept(tail, 9) is None
    assert kept(tail, 12) == [12]


def filled_at(start: int, stop: int) -> Tail:
    tail = Tail()
    tail.begin({0: start})
    return filled(tail, start, stop)


def test_a_record_that_cannot_be_read_is_no_event() -> None:
    found = filled_at(0, 1).since(0, 0, 1)
    assert found is not None
    assert found[0] is not None
    assert found[0].event is None


async def test_whoever_waits_is_woken_once() -> None:
    tail = Tail()
    waiting = asyncio.create_task(tail.more.wait())
    await asyncio.sleep(0)
    tail.tell()
    assert await waiting
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await tail.more.wait()
