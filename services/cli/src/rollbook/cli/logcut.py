"""Where the log is cut for a moment: of each partition, the records up to then."""

from datetime import datetime
from typing import TYPE_CHECKING

from rollbook.cli.arguments import bad
from rollbook.cli.auditlog import unavailable

if TYPE_CHECKING:
    from rollbook.eventlog.envelope import Record
    from rollbook.eventlog.position import Position
    from rollbook.eventlog.topics import LogAddress


async def cut(place: "LogAddress", at: "datetime | Position | None") -> dict[int, int]:
    """How many records of each partition there are at a moment; None is now.

    Up to a time are all records of that time and before. Up to a position is that record, and of
    other partitions what was written up to its time: they have no order but that one.
    """
    from rollbook.eventlog.log import Unavailable  # noqa: PLC0415
    from rollbook.eventlog.reader import EventReader  # noqa: PLC0415

    try:
        async with EventReader(place) as reader:
            await reader.start(None)
            ends = await reader.ends()
            if at is None:
                return ends
            time = at if isinstance(at, datetime) else await _time_of(place, at, ends)
            begins = await reader.since(time)
        found = {n: await _behind(place, n, begins[n], end, time) for n, end in ends.items()}
    except Unavailable as error:
        raise unavailable(place, str(error)) from error
    return found if isinstance(at, datetime) else found | {at.partition: at.offset + 1}


async def _time_of(place: "LogAddress", at: "Position", ends: dict[int, int]) -> datetime:
    from rollbook.eventlog.kafka import read  # noqa: PLC0415

    if at.offset >= ends.get(at.partition, 0):
        raise bad(f"the log has no record at {at}")
    async for batch in read(place.kafka, place.events, at.partition, at.offset, at.offset + 1):
        return _time(batch[0])
    raise AssertionError("it reads what is there, or raises")


async def _behind(place: "LogAddress", partition: int, start: int, end: int, time: datetime) -> int:
    """Behind the last record up to a time; a claim counts when an outcome up to then follows."""
    from rollbook.eventlog.kafka import read  # noqa: PLC0415

    stop = start
    async for batch in read(place.kafka, place.events, partition, start, end):
        for record in batch:
            if _time(record) <= time:
                stop = record.offset + 1
            elif dict(record.headers).get("ce_type") != b"WriterClaimed":
                return stop
    return stop


def _time(record: "Record") -> datetime:
    return datetime.fromisoformat(dict(record.headers)["ce_time"].decode())
