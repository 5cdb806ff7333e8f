"""The views as of a moment are what the projector had made of the log when it was that far."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from rollbook.domain.catalog import ModelRegistered
from rollbook.domain.lineage import Artifact
from rollbook.domain.versions import DocumentLinked, PropertiesSet, VersionRegistered
from rollbook.eventlog.position import Position
from rollbook.projector.effects import Views
from rollbook.readmodel import database, documents, models, past, schema, versions
from rollbook.readmodel.database import Connection, Db
from tests.integration.readmodel.shown import shown
from tests.support.commands import World, governed_worlds, worlds
from tests.support.stack import Cluster
from tests.unit.projector.books import Book

KEY = "team/churn"
ARTIFACT = Artifact(uri="s3://b/m", digest="sha256:" + "a" * 64)

some = settings(
    max_examples=15,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # each example makes its own tables
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def told(world: World) -> Book:
    book = Book()
    book.claims()
    book.tells(world, KEY)
    return book


async def rows(db: Db) -> dict[str, list[str]]:
    """Every row of every view that the connection sees, as Postgres writes it."""
    return {
        table: [row[0] for row in await db.fetch(f"SELECT t::text FROM {table} t ORDER BY 1")]
        for table in past.SHADOWED
    }


@asynccontextmanager
async def back(db: Connection, cluster: Cluster) -> AsyncIterator[Connection]:
    """Another connection to the same tables, which can be put back."""
    name = await db.fetchval("SELECT current_schema()")
    opened = await database.connection(cluster.postgres, name)
    try:
        await past.shadow(opened)
        yield opened
    finally:
        await opened.close()


def of_two(found: list[str]) -> list[str]:
    return [row for row in found if row.startswith(f"({KEY},2,")]


@some
@given(worlds | governed_worlds, st.data())
def test_the_rows_as_of_a_record_are_the_live_rows_after_it(
    cluster: Cluster, world: World, data: st.DataObject
) -> None:
    records = told(world).records
    ends = data.draw(st.sets(st.integers(0, len(records) - 1), min_size=1, max_size=4))

    async def check() -> None:
        name = cluster.schema()
        await schema.create(cluster.postgres, name)
        db = await database.connection(cluster.postgres, name, synchronous_commit="off")
        views = await Views.open(db, 1)
        live, start = {}, 0
        for end in [*sorted(ends), len(records) - 1]:
            await views.write(views.read({0: records[start : end + 1]}))
            live[end], start = await rows(db), end + 1
        async with back(db, cluster) as then:
            for end, wanted in live.items():
                async with past.put_back(then, Position(0, end), [KEY, "team"]):
                    assert await rows(then) == wanted
                for table in past.EVENTS:
                    look = past.Look(tables=frozenset((table,)))
                    async with past.put_back(then, Position(0, end), [KEY, "team"], look):
                        seen = await rows(then)
                        assert (seen[table], seen["models"]) == (wanted[table], wanted["models"])
                one = past.Look(tables=frozenset(("versions", "cards")), versions=[2])
                async with past.put_back(then, Position(0, end), [KEY], one):
                    seen = await rows(then)
                    assert of_two(seen["versions"]) == of_two(wanted["versions"])
                    assert seen["cards"] == of_two(wanted["cards"])
            assert not any((await rows(then)).values()), "what was shown is gone"
        assert await rows(db) == live[len(records) - 1], "nothing was written"
        await schema.drop(db, name)
        await schema.drop(db, database.vault(name))
        await db.close()

    asyncio.run(check())


async def test_values_that_postgres_writes_otherwise_come_back_as_they_were(
    cluster: Cluster,
) -> None:
    book = Book()
    book.claims()
    book.says(KEY, ModelRegistered(description="a\x00b"))
    book.says(
        KEY,
        VersionRegistered(
            version=1,
            registered_by="ann",
            artifact=ARTIFACT,
            metrics={"auc": 1e22, "none": float("nan"), "all": float("inf"), "zero": -0.0},
            properties={"big": 1e22, "whole": 10**22, "zero": -0.0},
        ),
    )
    book.says(KEY, DocumentLinked(version=1, kind="report", title="a\x00b", uri="s3://b/r"))
    book.says(KEY, PropertiesSet(version=1, properties={"more": 1e16}, properties_schema=0))
    async with shown(cluster, book) as db, back(db, cluster) as then:
        wanted = await rows(db)
        async with past.put_back(then, Position(0, 9), [KEY]):
            assert await rows(then) == wanted
            row = await versions.get(then, KEY, 1)
            assert row is not None
            assert repr(row.properties["big"]) == "1e+22"
            assert row.documents == (book_link(),)


def book_link() -> str:
    return DocumentLinked(version=1, kind="report", title="a\x00b", uri="s3://b/r").link()


async def test_a_moment_is_a_time_a_position_or_an_id(cluster: Cluster) -> None:
    book = Book()
    book.claims()
    for second in (1, 2, 2, 3):
        time = f"2026-03-03T14:00:0{second}+00:00"
        if book.records[-1].key is None:
            book.says(KEY, ModelRegistered(), time=time)
        else:
            link = DocumentLinked(version=1, kind="report", title=str(second), uri="s3://b/r")
            registered = VersionRegistered(version=1, registered_by="ann", artifact=ARTIFACT)
            book.says(KEY, registered if len(book.records) == 2 else link, time=time)
    async with shown(cluster, book) as db, back(db, cluster) as then:

        async def seen(at: past.Moment) -> tuple[int, int]:
            async with past.put_back(then, at, [KEY]):
                row = await models.get(then, KEY)
                return (row.seq if row else 0), len(await documents.of(then, KEY, 1))

        def at(second: int) -> datetime:
            return datetime.fromisoformat(f"2026-03-03T14:00:0{second}+00:00")

        assert [await seen(at(second)) for second in (0, 1, 2, 3, 9)] == [
            (0, 0),
            (1, 0),
            (3, 1),  # of two records at that moment the second counts, too
            (4, 2),
            (4, 2),
        ]
        assert await seen(Position(0, 2)) == (2, 0)
        assert await seen(Position(0, 0)) == (0, 0), "a claim stands there"
        assert await seen(UUID(int=3)) == (3, 1)
        assert await seen(Position(1, 7)) == (0, 0), "nothing had happened there"
        with pytest.raises(past.UnknownEventError):
            await seen(UUID(int=77))
        assert await seen(at(9)) == (4, 2), "the connection is whole after a refusal"


async def test_a_stream_that_stands_still_did_so_from_then_on(cluster: Cluster) -> None:
    book = Book()
    book.claims()
    book.says(KEY, ModelRegistered())
    book.says(KEY, ModelRegistered())
    async with shown(cluster, book) as db, back(db, cluster) as then:
        for end, is_parked in ((1, False), (2, True), (8, True)):
            async with past.put_back(then, Position(0, end), [KEY]):
                row = await models.get(then, KEY)
                assert row is not None
                assert bool(row.parked) == is_parked
