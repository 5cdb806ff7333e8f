"""The log's records to the byte, for audits: every partition from its first record."""

import time
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING

from rollbook.cli.exits import Exit, Failure
from rollbook.cli.tailing import QUIET

if TYPE_CHECKING:
    from rollbook.audit.entry import Entry
    from rollbook.eventlog.topics import LogAddress


async def ends(place: "LogAddress") -> dict[int, int]:
    """How many records each partition has now."""
    from rollbook.eventlog.log import Unavailable  # noqa: PLC0415
    from rollbook.eventlog.reader import EventReader  # noqa: PLC0415

    try:
        async with EventReader(place) as reader:
            await reader.start(None)
            return await reader.ends()
    except Unavailable as error:
        raise unavailable(place, str(error)) from error


async def entries(
    place: "LogAddress", stops: Mapping[int, int]
) -> "AsyncIterator[tuple[int, Entry]]":
    """Partition and record, from offset 0 up to, not including, the stops; other partitions not.

    Failure where a record is missing: offsets have no gaps, as nothing is ever taken out.
    """
    from rollbook.audit.entry import Entry  # noqa: PLC0415
    from rollbook.eventlog.log import Unavailable  # noqa: PLC0415
    from rollbook.eventlog.reader import EventReader  # noqa: PLC0415

    following = {number: 0 for number, stop in stops.items() if stop}
    if not following:
        return
    elsewhere = {n: end for n, end in (await ends(place)).items() if n not in stops}
    try:
        async with EventReader(place) as reader:
            await reader.start(elsewhere | dict.fromkeys(stops, 0))
            quiet = 0.0
            while following:
                before = time.monotonic()
                taken = await reader.take()
                quiet = 0.0 if taken else quiet + time.monotonic() - before
                if quiet > QUIET * 2:
                    where = ", ".join(f"{number}:{offset}" for number, offset in following.items())
                    raise Unavailable(f"nothing comes at {where}")
                for partition, records in taken.items():
                    for record in records:
                        wanted = following.get(partition)
                        if wanted is None:
                            break
                        if record.offset != wanted:
                            raise _gap(partition, wanted, record.offset)
                        headers = tuple((name, value) for name, value in record.headers)
                        yield (
                            partition,
                            Entry(wanted, record.timestamp, record.key, headers, record.value),
                        )
                        following[partition] += 1
                        if following[partition] == stops[partition]:
                            del following[partition]
    except Unavailable as error:
        raise unavailable(place, str(error)) from error


async def roots(place: "LogAddress", sizes: Mapping[int, int]) -> dict[int, bytes]:
    """The root of the first records of each partition, so many as are asked for."""
    from rollbook.audit.merkle import Frontier  # noqa: PLC0415

    trees = {number: Frontier() for number in sizes}
    async for partition, entry in entries(place, sizes):
        trees[partition].append(entry.leaf())
    return {number: tree.root() for number, tree in trees.items()}


def _gap(partition: int, wanted: int, found: int) -> Failure:
    return Failure(
        Exit.REFUSED,
        f"the log has no record at {partition}:{wanted}; the next stands at {found}",
        advice="records were deleted: restore the events topic from a backup",
        code="gap",
    )


def unavailable(place: "LogAddress", why: str) -> Failure:
    """The failure that the log cannot be read now."""
    return Failure(
        Exit.UNAVAILABLE,
        f"the log at {place.kafka} cannot be read: {why}",
        advice="is it running? start `rollbook up`, or name another: ROLLBOOK_KAFKA=host:port",
        code="unavailable",
    )
