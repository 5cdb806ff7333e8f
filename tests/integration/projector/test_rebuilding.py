"""Views made again one by one, however they are cut, and whatever happens in the middle."""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from rollbook.domain.catalog import ModelDescribed, ModelRegistered, RegisterModel
from rollbook.eventlog.asking import Asker
from rollbook.projector.beside import Beside
from rollbook.projector.building import follow
from rollbook.projector.replay import ReplayRunning, UnknownView, rebuild, replay
from rollbook.readmodel import database, models, offsets, parked, schema, unbuilt
from rollbook.readmodel.changes import EVERY
from rollbook.readmodel.digests import digests
from tests.integration.projector.old import aged
from tests.integration.projector.world import World, append, fresh, projecting, world
from tests.integration.readmodel.shown import read_back
from tests.support.commands import World as Happenings
from tests.support.commands import governed_worlds, worlds
from tests.support.service import make_topics, serving, until, whole_log
from tests.support.stack import Cluster
from tests.support.traffic import envelope, traffic
from tests.unit.projector.books import Book
from tests.unit.projector.tables import faults

NEW = frozenset(("search", "scores", "profiles", "pointings", "queries", "synonyms"))
"""Views that came after the first release."""

GREW = frozenset(("verdicts",))
"""Views that were there and got a column: their rows stand, and want to be made again."""


def quiet(_: str) -> None:
    """Report nothing."""


async def made(it: World, partitions: Sequence[int], batch: int) -> dict[str, str]:
    """Digests of tables of their own, filled partition by partition in this order."""
    name = f"{it.schema}_{batch}_{partitions[0]}"
    await schema.create(it.dsn, name)
    db = await database.connection(it.dsn, name, synchronous_commit="off")
    try:
        views = await Beside.open(db, len(partitions))
        ends = {number: len(records) for number, records in (await whole_log(it.log)).items()}
        for number in partitions:
            await follow(views, it.log, number, ends[number], batch)
        return await digests(db)
    finally:
        await db.close()


@settings(
    max_examples=2,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.lists(governed_worlds | worlds, min_size=1, max_size=3), min_size=2, max_size=2))
def test_however_a_log_is_cut_and_in_whatever_order_the_tables_are_its_fold(
    cluster: Cluster, happened: list[list[Happenings]]
) -> None:
    books = []
    for partition, part in enumerate(happened):
        book = Book()
        book.claims()
        for number, each in enumerate(part):
            book.tells(each, f"team{partition}-{number}/churn")
        books.append(book)

    async def check() -> None:
        async with fresh(cluster) as it:
            await make_topics(it.log, 2)
            for partition, book in enumerate(books):
                await append(it.log, partition, book.records)
            async with projecting(it, batch=7):
                await it.caught_up()
            found = await replay(it.log, it.dsn, it.schema, report=quiet)
            assert found.identical, (found.different, found.miscounted)
            for order in ((0, 1), (1, 0)):
                for batch in (3, 40, 5_000):
                    assert await made(it, order, batch) == found.fresh, (order, batch)
            tables = await read_back(it.db)
            mine = [key for book in books[:1] for key in _streams(book)]
            tables.models = {k: row for k, row in tables.models.items() if k in mine}
            tables.namespaces = {k: row for k, row in tables.namespaces.items() if k in mine}
            assert faults(tables, books[0].records) == []

    asyncio.run(check())


def _streams(book: Book) -> set[str]:
    return {record.key.decode() for record in book.records if record.key}


async def test_one_view_is_made_again_and_the_others_are_left_alone(cluster: Cluster) -> None:
    async with fresh(cluster) as it, serving(it.log), traffic(it.log, namespaces=2) as flow:
        async with projecting(it), flow.flowing():
            await flow.answered(150)
            for view in ("models", "requests", "environments", "history", "search"):
                before = await _oids(it)
                found = await rebuild(it.log, it.dsn, it.schema, [view], report=quiet)
                assert found.identical, (view, found.different)
                assert list(found.fresh) == [view]
                after = await _oids(it)
                assert {name for name in before if before[name] != after[name]} == {view}
            await flow.answered(50)
        async with projecting(it):
            await it.caught_up()
        assert await it.faults() == []
        assert (await replay(it.log, it.dsn, it.schema, report=quiet)).identical


async def _oids(it: World) -> dict[str, int]:
    rows = await it.db.fetch(
        "SELECT relname, oid FROM pg_class WHERE relnamespace = $1::regnamespace"
        " AND relkind = 'r' AND relname = ANY($2)",
        it.schema,
        [*EVERY],
    )
    return {row["relname"]: row["oid"] for row in rows}


async def test_a_touched_view_is_healed_alone(cluster: Cluster) -> None:
    async with fresh(cluster) as it, serving(it.log), Asker(it.log) as asker, projecting(it):
        outcome = await asker.ask(envelope(RegisterModel(description="true")))
        await offsets.wait(it.db, outcome.position)
        await it.db.execute("UPDATE models SET description = 'false'")
        found = await rebuild(it.log, it.dsn, it.schema, ["models", "aliases"], report=quiet)
        assert found.different == ["models"]
        row = await models.get(it.db, "default/fraud")
        assert row is not None
        assert row.description == "true"
        old = await it.db.fetchval(f"SELECT description FROM {it.schema}_old.models")
        assert old == "false"


async def test_a_view_that_is_made_alone_stands_still_where_the_others_do(
    cluster: Cluster,
) -> None:
    async with fresh(cluster) as it:
        await make_topics(it.log, 1)
        book = Book()
        book.claims()
        book.says("default/ill", ModelRegistered(description="before"))
        book.says("default/ill", ModelDescribed(description="x"))
        book.spoils(b"{")
        book.says("default/ill", ModelDescribed(description="after"))
        book.says("default/well", ModelRegistered(description="well"))
        await append(it.log, 0, book.records)
        async with projecting(it):
            await it.caught_up()
            for views in (["models"], ["history", "search"], EVERY):
                found = await rebuild(it.log, it.dsn, it.schema, views, report=quiet)
                assert found.identical, found.different
                assert found.miscounted == []
                (tally,) = found.tallies.values()
                assert (tally.records, tally.claims, tally.parked) == (5, 1, 2)
            assert [row.model for row in await parked.every(it.db)] == ["default/ill"]


async def test_a_row_too_many_in_the_history_is_counted(cluster: Cluster) -> None:
    async with fresh(cluster) as it, serving(it.log), Asker(it.log) as asker, projecting(it):
        outcome = await asker.ask(envelope(RegisterModel()))
        await offsets.wait(it.db, outcome.position)
        await it.db.execute("DELETE FROM history")
        found = await replay(it.log, it.dsn, it.schema, report=quiet)
        assert found.different == ["history"]
        assert found.rows is not None
        for number, tally in found.tallies.items():
            assert tally.records == tally.claims + found.rows.get(number, 0)


async def test_there_is_no_view_of_that_name(cluster: Cluster) -> None:
    async with fresh(cluster) as it:
        with pytest.raises(UnknownView, match="there is no view nonsense"):
            await rebuild(it.log, it.dsn, it.schema, ["nonsense"], report=quiet)
        with pytest.raises(UnknownView, match="rebuild them all"):
            await rebuild(it.log, it.dsn, it.schema, ["parked"], report=quiet)


async def test_of_two_rebuilds_at_once_one_is_told_so(cluster: Cluster) -> None:
    async with fresh(cluster) as it, serving(it.log), projecting(it):
        results = await asyncio.gather(
            rebuild(it.log, it.dsn, it.schema, ["models"], report=quiet),
            rebuild(it.log, it.dsn, it.schema, report=quiet),
            return_exceptions=True,
        )
        (refused,) = (r for r in results if isinstance(r, ReplayRunning))
        assert "is running" in str(refused)


KILLED = """
import asyncio, sys
from rollbook.eventlog.topics import LogAddress
from rollbook.projector import building
from rollbook.projector.replay import rebuild
building.WORTH_A_PROCESS = 50  # so that there are children, too
if __name__ == "__main__":
    kafka, app, dsn, schema = sys.argv[1:]
    asyncio.run(rebuild(LogAddress(kafka, app), dsn, schema, report=print, batch=1))
"""


async def test_a_rebuild_that_is_killed_touches_nothing_and_can_be_begun_again(
    cluster: Cluster, tmp_path: Path
) -> None:
    script = tmp_path / "killed.py"
    script.write_text(KILLED)
    async with fresh(cluster) as it, serving(it.log), traffic(it.log) as flow, projecting(it):
        async with flow.flowing():
            await flow.answered(300)
        await it.caught_up()
        before = await _oids(it)
        for _ in range(2):
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                script,
                *(it.log.kafka, it.log.app, it.dsn, it.schema),
                env=os.environ,
                stdout=asyncio.subprocess.DEVNULL,
            )
            await until(lambda: _begun(it), 30)
            process.send_signal(signal.SIGKILL)
            await process.wait()
            assert await _oids(it) == before
        found = await rebuild(it.log, it.dsn, it.schema, report=quiet)
        assert found.identical, found.different
        assert await _oids(it) != before
        async with flow.flowing():
            await flow.answered(30)
        await it.caught_up()
        assert await it.faults() == []
        assert await it.db.fetchval("SELECT to_regnamespace($1)", f"{it.schema}_next") is None


async def _begun(it: World) -> bool:
    """Whether a rebuild has written something."""
    try:
        return bool(await it.db.fetchval(f"SELECT max(off) FROM {it.schema}_next.history"))
    except database.DOWN:
        return False


async def test_new_views_come_to_an_old_record_while_everything_goes_on(cluster: Cluster) -> None:
    async with fresh(cluster) as it, serving(it.log), traffic(it.log, namespaces=2) as flow:
        async with flow.flowing():
            await flow.answered(150)
        async with projecting(it):
            await it.caught_up()
        old = await aged(cluster, it.schema)
        async with world(it.log, it.dsn, old) as upgraded, projecting(upgraded):
            async with flow.flowing():
                await flow.answered(50)
                missing = await unbuilt.every(upgraded.db)
                assert missing >= NEW | GREW
                assert await unbuilt.empty(upgraded.db) == missing - GREW
                found = await rebuild(it.log, it.dsn, old, missing, report=quiet)
                assert frozenset(found.unbuilt) == missing
                assert await unbuilt.every(upgraded.db) == frozenset()
                await flow.answered(50)
            await upgraded.caught_up()
            assert await parked.every(upgraded.db) == []
            assert await upgraded.faults() == []
            again = await replay(it.log, it.dsn, old, report=quiet)
            assert again.identical, again.different
            assert again.unbuilt == []


async def test_a_projector_does_not_wait_for_views_that_are_not_made(cluster: Cluster) -> None:
    async with fresh(cluster) as it, serving(it.log), Asker(it.log) as asker:
        outcome = await asker.ask(envelope(RegisterModel()))
        async with projecting(it):
            await offsets.wait(it.db, outcome.position)
        old = await aged(cluster, it.schema)
        async with world(it.log, it.dsn, old) as upgraded:
            for name in ("default/one", "default/two"):
                async with projecting(upgraded):  # also after a restart
                    outcome = await asker.ask(envelope(RegisterModel(), name))
                    await offsets.wait(upgraded.db, outcome.position)
                    assert await upgraded.db.fetchval("SELECT count(*) FROM profiles") == 0
