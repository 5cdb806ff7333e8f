"""A moment of the whole log ends each partition where it should, whatever stands there."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from rollbook.eventlog.position import Position
from rollbook.readmodel import database, schema
from rollbook.readmodel.past import UnknownEventError
from rollbook.readmodel.questions import then as moments
from tests.support.spec import NOW
from tests.support.stack import Cluster

gaps = st.lists(
    st.tuples(st.integers(1, 4), st.sampled_from([0, 0, 0, 1, 5])), min_size=0, max_size=30
)
"""Of each record of a partition: how many offsets and seconds after the one before."""


def places(steps: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Offset and second of each record."""
    found, offset, second = [], -1, 0
    for further, later in steps:
        offset, second = offset + further, second + later
        found.append((offset, second))
    return found


@settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(gaps, min_size=1, max_size=3), st.data())
def test_each_partition_ends_with_its_last_record_of_that_time(
    cluster: Cluster, partitions: list[list[tuple[int, int]]], data: st.DataObject
) -> None:
    log = {number: places(steps) for number, steps in enumerate(partitions)}
    records = [(n, *place) for n, found in log.items() for place in found]
    seconds = data.draw(st.lists(st.integers(-1, 40), min_size=1, max_size=4))

    def last(number: int, second: int) -> int:
        """The end may be any offset from that record's to before the next one."""
        return max((offset for offset, at in log[number] if at <= second), default=-1)

    async def run() -> None:
        name = cluster.schema()
        await schema.create(cluster.postgres, name)
        db = await database.connection(cluster.postgres, name, synchronous_commit="off")
        await db.executemany(
            "INSERT INTO history (partition, off, model, seq, type, time, actor, id, claim, schema,"
            " data) VALUES ($1, $2, 'n/m', 1, 'X', $3, 'ann', $4, 0, 1, '{}')",
            [
                (n, offset, NOW + timedelta(seconds=at), UUID(int=n * 1000 + offset))
                for n, offset, at in records
            ],
        )
        await db.executemany(
            "INSERT INTO projection_offset VALUES ('views', $1, $2, 0, NULL)",
            [(n, max((offset for offset, _ in found), default=-1) + 1) for n, found in log.items()],
        )
        for second in seconds:
            then = await moments.at(db, NOW + timedelta(seconds=second))
            for number, found in log.items():
                end = then.ends[number]
                assert last(number, second) <= end
                assert not any(last(number, second) < offset <= end for offset, _ in found)
        for n, offset, at in records[:5]:
            for moment in (Position(n, offset), UUID(int=n * 1000 + offset)):
                then = await moments.at(db, moment)
                assert (then.time, then.ends[n]) == (NOW + timedelta(seconds=at), offset)
                for number in log.keys() - {n}:
                    assert max(
                        (o for o, _ in log[number] if o <= then.ends[number]), default=-1
                    ) == last(number, at)
        now = await moments.now(db, NOW)
        assert all(end > offset for n, offset, _ in records for end in [now.ends[n]])
        with pytest.raises(UnknownEventError):
            await moments.at(db, UUID(int=10**9))
        await schema.drop(db, name)
        await schema.drop(db, database.vault(name))
        await db.close()

    asyncio.run(run())
