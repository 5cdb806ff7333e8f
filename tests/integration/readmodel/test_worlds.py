"""Whatever happened, Postgres holds the fold of it, and knows the evidence that deciders know."""

import asyncio

from hypothesis import HealthCheck, Phase, given, settings

from rollbook.domain import completeness
from rollbook.domain.evidence import evidence_of
from rollbook.readmodel import cards, documents, evaluations, evidence, history, requests, verdicts
from rollbook.readmodel.completeness import serving
from tests.integration.readmodel.shown import read_back, shown
from tests.support.commands import World, governed_worlds, worlds
from tests.support.stack import Cluster
from tests.unit.projector.books import Book
from tests.unit.projector.tables import faults, projected

KEY = "team/churn"

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


@some
@given(worlds)
def test_the_tables_are_the_fold_of_whatever_happened(cluster: Cluster, world: World) -> None:
    book = told(world)

    async def check() -> None:
        async with shown(cluster, book, batch=7) as db:
            tables, memory = await read_back(db), projected([book.records])
            assert faults(tables, book.records) == []
            assert await db.fetchval("SELECT count(*) FROM history") == len(book.records) - 1
            assert len(await history.page(db, "team", limit=1000)) == sum(
                row[2] == "team" for row in memory.history
            )
            for number in world.model.versions:
                for module in (evaluations, verdicts, documents):
                    ours = await module.of(db, KEY, number)
                    theirs = [row for row in memory.added[module.VIEW] if row.version == number]
                    assert sorted(ours, key=lambda row: row.position) == theirs
                newest = [row for row in memory.added[cards.VIEW] if row.version == number]
                assert await cards.get(db, KEY, number) == (newest[-1] if newest else None)

    asyncio.run(check())


@some
@given(governed_worlds)
def test_the_evidence_and_what_is_missing_are_what_deciders_make_of_them(
    cluster: Cluster, world: World
) -> None:
    model = world.model

    async def check() -> None:
        async with shown(cluster, told(world)) as db:
            for number in model.versions:
                for environment in ("production", "staging"):
                    found = await evidence.of(db, KEY, number, environment)
                    assert found is not None
                    assert found.digest == evidence_of(model, number, environment)
            for number, request in model.requests.items():
                row = await requests.get(db, KEY, number)
                assert row is not None
                now = evidence_of(model, request.version, request.environment)
                assert row.evidence_now == now
                assert row.missing_now == request.missing(now)
            for served in await serving(db):
                version = model.versions[served.version]
                lacks = completeness.lacks_of(model, version, world.namespace)
                assert served.lacks == lacks

    asyncio.run(check())
