"""What a search finds as of a record is what it found when the log had come that far."""

import asyncio
from datetime import UTC, datetime

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from rollbook.eventlog.position import Position
from rollbook.projector.effects import Views
from rollbook.readmodel import database, models, schema, versions
from rollbook.readmodel.database import Db
from rollbook.readmodel.models import ModelRow
from rollbook.readmodel.search import fields, pages, portfolio, seeking, shown
from rollbook.readmodel.search.check import read
from rollbook.readmodel.search.seeking import Search
from rollbook.readmodel.then import When, then
from rollbook.readmodel.versions import VersionKey, VersionRow
from tests.support.commands import World, governed_worlds, worlds
from tests.support.stack import Cluster
from tests.unit.projector.books import Book

KEY = "team/churn"
NOW = datetime(2026, 6, 1, tzinfo=UTC)
QUERIES = (
    "has(state)",
    "not has(alias)",
    "has(alias)",
    "has(environment) state:*",
    "stage = validated or stage = rejected",
    "card != none state:*",
    "has(owner)",
    "state = archived or state = retired",
)

some = settings(
    max_examples=15,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # each example makes its own tables
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


async def hits(db: Db, q: str, when: When, order: str = "-created") -> list[VersionKey]:
    search = Search(tree=read(q), order=fields.order(order), when=when, now=NOW)
    prepared = await seeking.prepare(db, search)
    return [hit.key for hit in await pages.page(db, prepared)]


async def everything(
    db: Db, when: When
) -> tuple[list[ModelRow], list[VersionRow], list[list[VersionKey]]]:
    if when is None:
        listed = await models.page(db)
        rows = await versions.page(db, KEY)
    else:
        listed = await portfolio.page(db, when)
        keys = await hits(db, "has(state)", when, "created")
        rows = await shown.rows(db, keys, when)
    return listed, rows, [await hits(db, q, when) for q in QUERIES]


@some
@given(worlds | governed_worlds, st.data())
def test_a_search_as_of_a_record_finds_what_it_found_then(
    cluster: Cluster, world: World, data: st.DataObject
) -> None:
    book = Book()
    book.claims()
    book.tells(world, KEY)
    records = book.records
    ends = data.draw(st.sets(st.integers(0, len(records) - 1), min_size=1, max_size=4))

    async def check() -> None:
        name = cluster.schema()
        await schema.create(cluster.postgres, name)
        db = await database.connection(cluster.postgres, name, synchronous_commit="off")
        views = await Views.open(db, 1)
        live, start = {}, 0
        for end in [*sorted(ends), len(records) - 1]:
            await views.write(views.read({0: records[start : end + 1]}))
            live[end], start = await everything(db, None), end + 1
        for end, wanted in live.items():
            when = await then(db, Position(0, end))
            assert await everything(db, when) == wanted
        await schema.drop(db, name)
        await schema.drop(db, database.vault(name))
        await db.close()

    asyncio.run(check())
