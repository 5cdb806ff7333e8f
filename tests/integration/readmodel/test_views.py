"""The queries of each view, on rows that the projector wrote."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest

from rollbook.domain.aliases import AliasRemoved, AliasSet
from rollbook.domain.catalog import ModelRegistered, ModelTagged, ModelUntagged
from rollbook.domain.environments import VersionPromoted, VersionRolledBack
from rollbook.domain.lineage import Artifact, Dataset, Lineage, Signature
from rollbook.domain.versions import (
    VersionArchived,
    VersionDescribed,
    VersionRegistered,
    VersionTagged,
    VersionUntagged,
)
from rollbook.eventlog.outcomes import CommandRefused, CommandRepeated
from rollbook.eventlog.position import Position
from rollbook.readmodel import (
    aliases,
    environments,
    history,
    models,
    offsets,
    past,
    schema,
    versions,
)
from tests.integration.projector.world import World, append, fresh, projecting
from tests.support.service import make_topics
from tests.support.stack import Cluster
from tests.unit.projector.books import Book

KEY = "team/fraud"
ARTIFACT = Artifact(uri="s3://m/1", digest="sha256:" + "0" * 64, size=3)


@asynccontextmanager
async def told(cluster: Cluster, book: Book) -> AsyncIterator[World]:
    """A world whose log is the book."""
    async with fresh(cluster) as it:
        await make_topics(it.log, 1)
        *_, last = await append(it.log, 0, book.records)
        async with projecting(it):
            await offsets.wait(it.db, last)
            yield it


def moment(second: int, micro: int = 0) -> str:
    return datetime(2026, 3, 3, 14, 0, second, micro, UTC).isoformat()


def promoted() -> Book:
    """Versions 1, 2 and 3; 2 and 3 promoted in the same instant; 3 rolled back; then staging."""
    book = Book()
    book.claims()
    book.says(KEY, ModelRegistered(), time=moment(0))
    for number in (1, 2, 3):
        registered = VersionRegistered(version=number, registered_by="ann", artifact=ARTIFACT)
        book.says(KEY, registered, time=moment(1))
    book.says(KEY, VersionPromoted(version=1, environment="production"), time=moment(10))
    book.says(KEY, VersionPromoted(version=2, environment="production"), time=moment(20, 5))
    book.says(KEY, VersionPromoted(version=3, environment="production"), time=moment(20, 5))
    rolled = VersionRolledBack(version=3, environment="production", restored=1, reason="worse")
    book.says(KEY, rolled, time=moment(30))
    book.says(KEY, VersionPromoted(version=3, environment="staging"), time=moment(40))
    return book


async def test_what_served_at_a_moment_and_at_a_position(cluster: Cluster) -> None:
    async with told(cluster, promoted()) as it:

        async def then(at: past.Moment) -> dict[str, int]:
            end = await past.until(it.db, KEY, at)
            rows = await environments.as_of(it.db, KEY, end.offset)
            assert len({row.environment for row in rows}) == len(rows), "one version in each"
            return {row.environment: row.version for row in rows}

        def at(second: int, micro: int = 0) -> datetime:
            return datetime.fromisoformat(moment(second, micro))

        assert await then(at(9)) == {}
        assert await then(at(10)) == {"production": 1}
        assert await then(at(20, 4)) == {"production": 1}
        assert await then(at(20, 5)) == {"production": 3}  # 2 stood there for no time
        assert await then(at(29, 999_999)) == {"production": 3}
        assert await then(at(30)) == {"production": 1}
        assert await then(at(50)) == {"production": 1, "staging": 3}
        assert [await then(Position(0, offset)) for offset in range(4, 10)] == [
            {},
            {"production": 1},
            {"production": 2},  # but by position it did stand there
            {"production": 3},
            {"production": 1},
            {"production": 1, "staging": 3},
        ]
        assert await then(Position(1, 5)) == {}, "in that partition nothing had happened"
        assert await then(UUID(int=6)) == {"production": 2}
        with pytest.raises(past.UnknownEventError):
            await then(UUID(int=99))


async def test_every_stay_tells_who_put_it_there_and_why(cluster: Cluster) -> None:
    async with told(cluster, promoted()) as it:
        stays = await environments.stays(it.db, KEY, "production")
        assert [(s.version, s.action, s.reason, s.replaced) for s in stays] == [
            (1, "VersionRolledBack", "worse", 3),
            (3, "VersionPromoted", None, 2),
            (2, "VersionPromoted", None, 1),
            (1, "VersionPromoted", None, None),
        ]
        assert [s.position.offset for s in stays] == [8, 7, 6, 5]
        assert [s.until_position and s.until_position.offset for s in stays] == [None, 8, 7, 6]
        assert {s.actor for s in stays} == {"ann"}
        assert [s.environment for s in await environments.now(it.db, KEY)] == [
            "production",
            "staging",
        ]


async def test_a_version_shows_its_facts_and_what_changed_since(cluster: Cluster) -> None:
    fact = VersionRegistered(
        version=1,
        registered_by="ann",
        artifact=ARTIFACT,
        metrics={"auc": 0.91},
        params={"depth": "7"},
        tags={"a": "1", "b": "2"},
        lineage=Lineage(run_id="r", datasets=(Dataset(uri="s3://d"),), environment={"py": "3"}),
        signature=Signature(inputs=({"name": "x", "type": None},)),
        description="old",
        idempotency_key="run-1",
    )
    book = Book()
    book.claims()
    book.says(KEY, ModelRegistered())
    book.says(KEY, fact)
    book.says(KEY, VersionRegistered(version=2, registered_by="ann", artifact=ARTIFACT))
    book.says(KEY, VersionDescribed(version=1, description="new"))
    book.says(KEY, VersionTagged(version=1, tags={"b": "3", "c": "4"}))
    book.says(KEY, VersionUntagged(version=1, keys=("a",)))
    book.says(KEY, VersionArchived(version=2, reason="bad"))
    book.says(KEY, AliasSet(alias="champion", version=1))
    book.says(KEY, AliasSet(alias="gone", version=1))
    book.says(KEY, AliasRemoved(alias="gone", version=1))
    book.says(KEY, VersionPromoted(version=1, environment="production"))
    async with told(cluster, book) as it:
        row = await versions.get(it.db, KEY, 1)
        assert row is not None
        for name in ("artifact", "metrics", "params", "lineage", "signature", "idempotency_key"):
            assert getattr(row, name) == getattr(fact, name)
        assert (row.description, row.tags) == ("new", {"b": "3", "c": "4"})
        assert (row.aliases, row.environments) == (("champion",), ("production",))
        assert row.archived_reason is None
        assert row.position == Position(0, 2)
        two = await versions.get(it.db, KEY, 2)
        assert two is not None
        assert two.archived_reason == "bad"
        assert await versions.get(it.db, KEY, 3) is None
        assert await versions.by_alias(it.db, KEY, "champion") == row
        assert await versions.by_alias(it.db, KEY, "gone") is None
        assert [a.alias for a in await aliases.of(it.db, KEY)] == ["champion"]
        assert [v.version for v in await versions.page(it.db, KEY, after=1)] == [2]
        assert [v.version for v in await versions.newest(it.db, KEY)] == [2, 1]
        assert [v.version for v in await versions.newest(it.db, KEY, before=2)] == [1]


async def test_models_come_in_pages_by_key(cluster: Cluster) -> None:
    book = Book()
    book.claims()
    keys = ["a/x", "b/B", "b/a", "b/ü", "c/x"]
    for key in keys:
        book.says(key, ModelRegistered(tags={"x": "1", "y": "2"}))
    book.says("b/a", ModelTagged(tags={"x": "3"}))
    book.says("b/a", ModelUntagged(keys=("y",)))
    async with told(cluster, book) as it:
        assert [m.key for m in await models.page(it.db)] == keys
        assert [m.key for m in await models.page(it.db, limit=2)] == keys[:2]
        assert [m.key for m in await models.page(it.db, after="b/B", limit=2)] == ["b/a", "b/ü"]
        assert [m.key for m in await models.page(it.db, "b")] == ["b/B", "b/a", "b/ü"]
        assert [m.key for m in await models.page(it.db, "b", after="b/a")] == ["b/ü"]
        row = await models.get(it.db, "b/a")
        assert row is not None
        assert (row.namespace, row.name, row.tags, row.seq) == ("b", "a", {"x": "3"}, 3)
        assert await models.get(it.db, "b/nobody") is None


async def test_history_comes_in_pages_both_ways(cluster: Cluster) -> None:
    async with told(cluster, promoted()) as it:

        def offsets_of(rows: list[history.HistoryRow]) -> list[int]:
            return [row.position.offset for row in rows]

        assert offsets_of(await history.page(it.db, KEY, limit=3)) == [1, 2, 3]
        assert offsets_of(await history.page(it.db, KEY, Position(0, 3), limit=2)) == [4, 5]
        assert offsets_of(await history.newest(it.db, KEY, limit=2)) == [9, 8]
        assert offsets_of(await history.newest(it.db, KEY, Position(0, 8), limit=2)) == [7, 6]
        assert await history.at(it.db, Position(0, 0)) is None  # the claim


async def test_the_outcome_of_a_command_is_its_first_one(cluster: Cluster) -> None:
    book = Book()
    book.claims()
    book.says(KEY, CommandRefused(command="x", code="unauthenticated", message="m"))
    book.says(KEY, ModelRegistered(), seq=1)
    book.says(KEY, CommandRepeated(offset=2))
    one = dict(book.records[2].headers)["ce_commandid"]
    unknown = {"ce_actor": b"unknown", "ce_commandid": one}
    for at, changes in ((1, unknown), (3, {"ce_commandid": one})):
        record = book.records[at]
        headers = tuple((k, changes.get(k, v)) for k, v in record.headers)
        book.records[at] = type(record)(at, record.key, record.value, headers, 0)
    async with told(cluster, book) as it:
        found = await history.outcome_of(it.db, one.decode())
        assert found is not None
        assert found.type == "ModelRegistered"
        assert len(await history.page(it.db, KEY)) == 3
        nobody = "00000000-0000-0000-0000-00000000ffff"
        assert await history.outcome_of(it.db, nobody) is None


async def test_a_schema_is_made_once_however_often_and_by_whom(cluster: Cluster) -> None:
    import asyncio

    async with fresh(cluster) as it:
        await asyncio.gather(*(schema.create(it.dsn, it.schema) for _ in range(5)))
        before = await offsets.tables(it.db)
        await schema.create(it.dsn, it.schema)
        assert await offsets.tables(it.db) == before
        made = await it.db.fetchval("SELECT count(*) FROM migration")
        assert made == len(list(schema.migrations()))


async def test_an_environment_never_holds_two_versions_at_once(cluster: Cluster) -> None:
    async with told(cluster, promoted()) as it:
        with pytest.raises(asyncpg.UniqueViolationError):
            await it.db.execute("UPDATE environments SET until_off = NULL")
