"""The graph in the tables is the one that the records make, at any moment and for any eyes."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from rollbook.domain.catalog import ModelRegistered
from rollbook.domain.environments import EnvironmentCleared, VersionPromoted
from rollbook.domain.lineage import Artifact, Dataset, Lineage, Parent
from rollbook.domain.messages import Message
from rollbook.domain.versions import VersionRegistered
from rollbook.eventlog.position import Position
from rollbook.lineage.graph import Cut, Direction, Kind, version_id, version_of
from rollbook.lineage.origins import code_node, dataset_node, origins, version_node
from rollbook.lineage.walk import Bounds
from rollbook.readmodel.database import Connection
from rollbook.readmodel.graph import impact, neighbourhood, records
from rollbook.readmodel.graph.records import Eyes
from rollbook.readmodel.scope import Scope, holds
from rollbook.readmodel.then import then
from tests.integration.readmodel.shown import shown
from tests.support.stack import Cluster
from tests.unit.lineage.records import books, commits, digests, edges_of, reached, uris
from tests.unit.projector.books import Book

EVERYTHING = Eyes()
START = datetime(2026, 3, 3, 14, tzinfo=UTC)
FAR = Bounds(depth=100, nodes=20_000)

some = settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # each example makes its own tables
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
Records = dict[tuple[str, int], Lineage]
scopes = st.sampled_from((None, {"a": ["*"]}, {"*": ["[x]"]}, {"a": ["x"], "b": ["*"]}, {}))


def numbered(recorded: Records) -> Records:
    """The same with each model's versions numbered from 1, as the registry does."""
    found: Records = {}
    for (model, _), lineage in sorted(recorded.items()):
        number = sum(key[0] == model for key in found) + 1
        found[model, number] = lineage
    return found


def registered(version: int, lineage: Lineage) -> VersionRegistered:
    artifact = Artifact(uri="s3://b/m", digest=f"sha256:{version:064x}")
    return VersionRegistered(
        version=version, artifact=artifact, lineage=lineage, registered_by="ann"
    )


class Tale:
    """A book whose events are a minute apart."""

    def __init__(self) -> None:
        self.book = Book()
        self.book.claims()
        self.models: set[str] = set()

    def says(self, model: str, message: Message) -> int:
        """The offset of the event."""
        if model not in self.models:
            self.models.add(model)
            self.says(model, ModelRegistered())
        time = START + timedelta(minutes=len(self.book.records))
        return self.book.says(model, message, time=time.isoformat()).offset

    def promotes(self, model: str, version: int, environment: str) -> int:
        return self.says(model, promoted(version, environment))


def promoted(version: int, environment: str) -> VersionPromoted:
    return VersionPromoted(
        version=version, environment=environment, replaced=None, evidence="e", rules=0
    )


def tale_of(recorded: Records) -> Tale:
    tale = Tale()
    for (model, number), lineage in recorded.items():
        tale.says(model, registered(number, lineage))
    return tale


def visible(recorded: Records, scope: Scope | None) -> Records:
    return {key: lineage for key, lineage in recorded.items() if holds(scope, key[0])}


@some
@given(books.map(numbered), scopes, st.sampled_from(Direction), st.data())
def test_a_neighbourhood_is_the_walk_through_all_records_that_may_be_seen(
    cluster: Cluster,
    recorded: Records,
    scope: Scope | None,
    direction: Direction,
    data: st.DataObject,
) -> None:
    seen = visible(recorded, scope)
    key = data.draw(st.sampled_from(sorted(seen))) if seen else ("a/x", 1)
    bounds = data.draw(st.sampled_from((FAR, Bounds(1, 1000), Bounds(2, 1000))))

    async def check() -> None:
        async with shown(cluster, tale_of(recorded).book) as db:
            found = await neighbourhood.of_version(db, *key, direction, bounds, Eyes(scope))
        ways = [d for d in (Direction.UP, Direction.DOWN) if direction in (d, Direction.BOTH)]
        walks = [reached(edges_of(seen), version_id(*key), way, bounds) for way in ways]
        assert {n.id for n in found.nodes} == {id_ for walk in walks for id_ in walk.found}
        assert set(found.edges) == {edge for walk in walks for edge in walk.edges}
        assert (found.truncated is None) == (not any(walk.truncated for walk in walks))
        known = {version_of(n.id) for n in found.nodes if n.kind is Kind.VERSION and n.known}
        assert known == {version_of(n.id) for n in found.nodes} & seen.keys()

    asyncio.run(check())


@some
@given(books.map(numbered), scopes, st.data())
def test_an_impact_is_what_brute_force_finds_in_all_records_that_may_be_seen(
    cluster: Cluster, recorded: Records, scope: Scope | None, data: st.DataObject
) -> None:
    seen = visible(recorded, scope)
    digest, uri, commit = data.draw(digests), data.draw(uris), data.draw(commits)
    serving = data.draw(st.sets(st.sampled_from(sorted(recorded)))) if recorded else set()
    tale = tale_of(recorded)
    places = {key: f"env-{number}" for number, key in enumerate(sorted(serving))}
    for key, environment in places.items():
        tale.promotes(*key, environment)

    def named(lineage: Lineage, what: str) -> set[str]:
        """Ids of the things in a record that somebody means by a text."""
        return {
            o.node.id
            for o in origins(lineage)
            if o.node.kind in (Kind.DATASET, Kind.CODE) and what in o.node.facts.values()
        }

    async def check() -> None:
        async with shown(cluster, tale.book) as db:
            eyes = Eyes(scope)
            for what, things in (
                (digest, [dataset_node(None, digest)]),
                (uri, await records.data_at(db, uri, eyes)),
                (commit, await records.code_at(db, commit, eyes)),
            ):
                found = await impact.of_things(db, things, FAR, eyes, 1000)
                ids = set().union(*(named(lineage, what) for lineage in seen.values()), set())
                if what != digest:
                    assert {thing.id for thing in things} == ids
                bad = {
                    key
                    for key in seen
                    if ids & set(reached(edges_of(seen), version_id(*key), Direction.UP).found)
                }
                assert {(v.model, v.version) for v in found.versions} == bad
                assert found.affected == len(bad)
                stand = {(s.model, s.version, s.environment) for s in found.serving}
                assert stand == {(*key, places[key]) for key in bad & serving}
                for version in found.versions:
                    assert len(version.path) == version.distance >= 1
                    assert version.path[-1].cause in ids
                assert not found.truncated

    asyncio.run(check())


@some
@given(books.map(numbered), st.data())
def test_as_of_a_record_the_graph_is_what_it_was_when_that_was_the_last_one(
    cluster: Cluster, recorded: Records, data: st.DataObject
) -> None:
    tale = tale_of(recorded)
    for key in data.draw(st.lists(st.sampled_from(sorted(recorded)))) if recorded else ():
        tale.promotes(*key, "production")
    if not recorded:
        return
    key = data.draw(st.sampled_from(sorted(recorded)))
    end = data.draw(st.integers(0, len(tale.book.records) - 1))
    before = Book()
    before.records = tale.book.records[: end + 1]

    async def check() -> None:
        async with shown(cluster, before) as db:
            was = await neighbourhood.of_version(db, *key, Direction.BOTH, FAR, EVERYTHING)
        time = START + timedelta(minutes=end)
        async with shown(cluster, tale.book) as db:
            for at in (await then(db, Position(0, end)), await then(db, time)):
                eyes = Eyes(None, at)
                found = await neighbourhood.of_version(db, *key, Direction.BOTH, FAR, eyes)
                assert [n.id for n in found.nodes] == [n.id for n in was.nodes]
                assert found.edges == was.edges
                assert [n.known for n in found.nodes] == [n.known for n in was.nodes]

    asyncio.run(check())


async def fan(db: Connection, bounds: Bounds) -> tuple[int, Cut | None]:
    data = dataset_node("s3://lake/all", None)
    found = await impact.of_things(db, [data], bounds, EVERYTHING, 5)
    assert len(found.versions) <= 5
    return found.affected, found.truncated


async def test_a_large_fan_out_is_bounded_and_says_so_and_what_serves_comes_first(
    cluster: Cluster,
) -> None:
    tale = Tale()
    lineage = Lineage(datasets=(Dataset(uri="s3://lake/all"),))
    for number in range(1, 201):
        tale.says("a/x", registered(number, lineage))
    tale.promotes("a/x", 200, "production")
    async with shown(cluster, tale.book) as db:
        assert await fan(db, FAR) == (200, None)
        assert await fan(db, Bounds(100, 201)) == (200, None)
        assert await fan(db, Bounds(100, 51)) == (50, Cut.NODES)
        data = dataset_node("s3://lake/all", None)
        found = await impact.of_things(db, [data], Bounds(100, 51), EVERYTHING, 5)
        assert [(s.version, s.environment) for s in found.serving] == [(200, "production")]
        assert found.versions[0].serves_in == ("production",)
        graph = await neighbourhood.of_version(db, "a/x", 1, Direction.UP, Bounds(5, 1), EVERYTHING)
        assert (len(graph.nodes), graph.edges, graph.truncated) == (1, (), Cut.NODES)


async def test_a_stay_is_shown_while_it_lasts(cluster: Cluster) -> None:
    tale = Tale()
    tale.says("a/x", registered(1, Lineage()))
    begun = tale.promotes("a/x", 1, "production")
    ended = tale.says("a/x", EnvironmentCleared(version=1, environment="production", reason="r"))
    async with shown(cluster, tale.book) as db:

        async def serves(eyes: Eyes) -> list[str]:
            found = await neighbourhood.of_version(db, "a/x", 1, Direction.DOWN, FAR, eyes)
            return [node.label for node in found.nodes if node.kind is Kind.DEPLOYMENT]

        assert await serves(EVERYTHING) == []
        assert await serves(Eyes(None, await then(db, Position(0, begun)))) == ["a/x in production"]
        assert await serves(Eyes(None, await then(db, Position(0, ended)))) == []
        assert await serves(Eyes(None, await then(db, Position(0, begun - 1)))) == []


async def test_of_a_parent_elsewhere_only_what_the_child_says_is_shown(cluster: Cluster) -> None:
    tale = Tale()
    secret = Lineage(datasets=(Dataset(uri="s3://secret/data"),))
    tale.says("b/base", registered(1, secret))
    child = Lineage(parents=(Parent(model="b/base", version=1),))
    tale.says("a/x", registered(1, child))
    other = Lineage(parents=(Parent(model="b/base", version=9),))
    tale.says("a/x", registered(2, other))
    tale.says("b/spy", registered(1, Lineage(parents=(Parent(model="a/x", version=1),))))
    async with shown(cluster, tale.book) as db:
        eyes = Eyes({"a": ["*"]})

        async def around(number: int) -> list[tuple[str, bool]]:
            found = await neighbourhood.of_version(db, "a/x", number, Direction.BOTH, FAR, eyes)
            assert found.limited
            assert not found.truncated
            return [(n.label, n.known) for n in found.nodes]

        assert await around(1) == [("a/x@1", True), ("b/base@1", False)]
        assert await around(2) == [("a/x@2", True), ("b/base@9", False)], "as if it were not there"
        everything = await neighbourhood.of_version(db, "a/x", 1, Direction.BOTH, FAR, EVERYTHING)
        assert {n.label for n in everything.nodes} == {
            "a/x@1",
            "b/base@1",
            "s3://secret/data",
            "b/spy@1",
        }
        found = await impact.of_things(db, [dataset_node("s3://secret/data", None)], FAR, eyes, 10)
        assert (found.affected, found.limited) == (0, True)
        assert await records.data_at(db, "s3://secret/data", eyes) == []


@pytest.mark.parametrize("length", [60, 4000])
async def test_names_of_any_length_can_be_looked_up(cluster: Cluster, length: int) -> None:
    uri = "s3://" + "ü/'\"\\%" * (length // 7)
    tale = Tale()
    lineage = Lineage(datasets=(Dataset(uri=uri),), code_commit="x" * 100, code_uri=uri)
    tale.says("a/x", registered(1, lineage))
    async with shown(cluster, tale.book) as db:
        for things in (
            await records.data_at(db, uri, EVERYTHING),
            [dataset_node(uri, None)],
            await records.code_at(db, "x" * 100, EVERYTHING),
            [code_node(uri, "x" * 100)],
        ):
            found = await impact.of_things(db, things, FAR, EVERYTHING, 10)
            assert [(v.model, v.version) for v in found.versions] == [("a/x", 1)]


async def test_versions_that_name_each_other_as_parents_are_walked_once(cluster: Cluster) -> None:
    tale = Tale()
    tale.says("a/x", registered(1, Lineage(parents=(Parent(model="a/y", version=1),))))
    tale.says("a/y", registered(1, Lineage(parents=(Parent(model="a/x", version=1),))))
    tale.says("a/x", registered(2, Lineage(parents=(Parent(model="a/x", version=2),))))
    async with shown(cluster, tale.book) as db:
        found = await neighbourhood.of_version(db, "a/x", 1, Direction.BOTH, FAR, EVERYTHING)
        assert [(n.label, n.known) for n in found.nodes] == [("a/x@1", True), ("a/y@1", True)]
        assert len(found.edges) == 2
        own = await neighbourhood.of_version(db, "a/x", 2, Direction.BOTH, FAR, EVERYTHING)
        assert (len(own.nodes), len(own.edges)) == (1, 1)
        bad = await impact.of_things(db, [version_node("a/x", 1)], FAR, EVERYTHING, 10)
        assert [(v.model, v.version) for v in bad.versions] == [("a/y", 1)]


async def test_the_indexes_answer_look_ups(cluster: Cluster) -> None:
    tale = Tale()
    for number in range(1, 1201):
        parent = Parent(model="a/x", version=max(1, number - 1))
        data = Dataset(uri=f"s3://lake/{number}")
        lineage = Lineage(datasets=(data,), parents=(parent,), code_commit=f"c{number}")
        tale.says("a/x", registered(number, lineage))
    async with shown(cluster, tale.book) as db:
        await db.execute("ANALYZE versions")
        for kind, (type_, named) in records.NAMES.items():
            value = {"jsonb": """'[{"uri": "s3://lake/7"}]'::jsonb""", "text": "'c7'"}[type_]
            index = {
                Kind.VERSION: "versions_by_parent",
                Kind.DATASET: "versions_by_dataset",
                Kind.CODE: "versions_by_commit",
            }[kind]
            query = (
                f"SELECT v.model FROM unnest($1::{type_}[]) w (wanted) CROSS JOIN LATERAL"
                f" (SELECT * FROM versions v WHERE {named}) v"
            )
            async with db.transaction():
                await records.by_index(db)
                await db.execute(
                    "SET LOCAL plan_cache_mode = force_generic_plan;"
                    f" PREPARE p{type_}{kind} ({type_}[]) AS {query}"
                )
                plan = await db.fetch(f"EXPLAIN EXECUTE p{type_}{kind} (ARRAY[{value}])")
            text = "\n".join(row[0] for row in plan)
            assert index in text, text


def test_eyes_that_see_every_namespace_are_not_limited() -> None:
    assert not Eyes({"*": ["*"]}).limited
    assert Eyes({"*": ["x*"]}).limited
    assert replace(EVERYTHING, scope={}).limited
