"""A replay makes the same tables from the log, and puts them in place while all goes on."""

import asyncio

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from rollbook.domain.catalog import RegisterModel, TagModel
from rollbook.eventlog.asking import Asker
from rollbook.eventlog.log import Unavailable
from rollbook.projector.replay import Replayed, ReplayRunning, drop_old, rebuild, replay
from rollbook.readmodel import models, offsets, parked
from rollbook.readmodel.changes import EVERY
from rollbook.readmodel.digests import TABLES
from tests.integration.projector.world import World, append, fresh, projecting
from tests.integration.readmodel.shown import read_back
from tests.support.commands import World as Happenings
from tests.support.commands import governed_worlds, worlds
from tests.support.service import make_topics, serving
from tests.support.stack import Cluster
from tests.support.traffic import envelope, traffic
from tests.unit.projector.books import Book
from tests.unit.projector.tables import faults

STAND = {"", "_vault", "_telemetry", "_work"}
"""Schemas that a rebuild leaves, by the ends of their names."""


async def replayed(it: World) -> Replayed:
    return await replay(it.log, it.dsn, it.schema, report=lambda _: None)


async def rebuilt(it: World, *views: str) -> Replayed:
    return await rebuild(it.log, it.dsn, it.schema, views or EVERY, report=lambda _: None)


async def schemas(it: World) -> set[str]:
    rows = await it.db.fetch(
        "SELECT nspname FROM pg_namespace WHERE starts_with(nspname, $1)", it.schema
    )
    return {row["nspname"].removeprefix(it.schema) for row in rows}


async def test_a_replay_finds_identical_tables_and_leaves_them_alone(cluster: Cluster) -> None:
    async with fresh(cluster) as it, serving(it.log), traffic(it.log) as flow:
        async with projecting(it):
            async with flow.flowing():
                await flow.answered(200)
            await it.caught_up()
        before = await offsets.tables(it.db)
        found = await replayed(it)
        assert found.identical
        assert found.live == found.fresh
        assert len(set(found.fresh.values())) == len(found.fresh), "every table has its own digest"
        assert found.records > 200
        assert await offsets.tables(it.db) == before
        assert await schemas(it) == STAND


@settings(
    max_examples=3,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(governed_worlds | worlds, min_size=5, max_size=5))
def test_a_rebuild_of_whatever_happened_finds_identical_tables(
    cluster: Cluster, happened: list[Happenings]
) -> None:
    book = Book()
    book.claims()
    for number, each in enumerate(happened):
        book.tells(each, f"team{number}/churn")

    async def check() -> None:
        async with fresh(cluster) as it:
            await make_topics(it.log, 1)
            await append(it.log, 0, book.records)
            async with projecting(it, batch=11):
                await it.caught_up()
                found = await rebuilt(it)
                assert found.identical, found.different
                assert set(found.fresh) == set(TABLES)
            assert faults(await read_back(it.db), book.records) == []

    asyncio.run(check())


async def test_a_rebuild_switches_while_commands_flow(cluster: Cluster) -> None:
    async with fresh(cluster) as it, serving(it.log), traffic(it.log) as flow, projecting(it):
        async with flow.flowing():
            for _ in range(3):
                await flow.answered(100)
                before = await offsets.tables(it.db)
                found = await rebuilt(it)
                assert found.identical, found.different
                assert await offsets.tables(it.db) != before
                assert await schemas(it) == STAND | {"_old"}
                # What is asked now is written to the new tables, and seen there.
                outcome = await flow.ask(envelope(RegisterModel(), f"default/{before}"))
                await offsets.wait(it.db, outcome.position)
                assert await models.get(it.db, f"default/{before}") is not None
        await it.caught_up()
        assert await it.faults() == []
        assert (await replayed(it)).identical


async def test_a_rebuild_with_two_projectors_stopped_between_commits_is_right(
    cluster: Cluster,
) -> None:
    async with fresh(cluster) as it, serving(it.log), traffic(it.log) as flow:
        async with flow.flowing(), projecting(it, batch=1):  # very many small transactions
            await flow.answered(50)
            for _ in range(4):
                assert (await rebuilt(it)).identical
        async with projecting(it):
            await it.caught_up()
        assert await it.faults() == []


async def test_a_rebuild_heals_tables_that_somebody_touched(cluster: Cluster) -> None:
    async with fresh(cluster) as it, serving(it.log), Asker(it.log) as asker:
        async with projecting(it):
            outcome = await asker.ask(envelope(RegisterModel(description="true")))
            await offsets.wait(it.db, outcome.position)
        await it.db.execute("UPDATE models SET description = 'false'")
        await it.db.execute("INSERT INTO parked VALUES ('default/fraud', 0, 1, now(), 'a whim')")
        await _heal(it, asker)


async def _heal(it: World, asker: Asker) -> None:
    async with projecting(it):  # which believes what it finds
        looked = await replayed(it)
        assert looked.different == ["models", "parked"]
        healed = await rebuilt(it)
        assert healed.different == ["models", "parked"]
        row = await models.get(it.db, "default/fraud")
        assert row is not None
        assert (row.description, row.parked) == ("true", None)
        assert await parked.every(it.db) == []
        assert await schemas(it) == STAND | {"_old"}
        outcome = await asker.ask(envelope(TagModel(tags={"seen": "yes"})))
        await offsets.wait(it.db, outcome.position)
        row = await models.get(it.db, "default/fraud")
        assert row is not None
        assert (row.description, row.tags) == ("true", {"seen": "yes"})
        assert (await rebuilt(it)).identical
        assert await drop_old(it.dsn, it.schema)
        assert not await drop_old(it.dsn, it.schema)
        assert await schemas(it) == STAND


async def test_only_one_replay_at_a_time_works_on_a_schema(cluster: Cluster) -> None:
    async with fresh(cluster) as it, serving(it.log), projecting(it):
        results = await asyncio.gather(rebuilt(it), rebuilt(it), return_exceptions=True)
        kinds = sorted(type(result).__name__ for result in results)
        assert kinds == ["ReplayRunning", "Replayed"]
        assert any(isinstance(result, ReplayRunning) for result in results)


async def test_tables_of_another_log_are_not_replaced(cluster: Cluster) -> None:
    async with fresh(cluster) as it:
        await make_topics(it.log, 1)
        async with projecting(it):
            await it.caught_up()
        await it.db.execute("UPDATE projection_offset SET off = 7")
        with pytest.raises(Unavailable, match="another log"):
            await rebuilt(it)
        assert await it.db.fetchval("SELECT off FROM projection_offset") == 7
