"""A search finds, counts and says nothing of models that somebody may not see."""

from fnmatch import fnmatchcase

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rollbook.domain.catalog import ModelRegistered
from rollbook.domain.lineage import Artifact
from rollbook.domain.versions import VersionRegistered
from rollbook.readmodel.scope import Scope, holds
from rollbook.readmodel.search import facets, pages, seeking
from rollbook.readmodel.search.check import read
from rollbook.readmodel.search.scopes import regex
from rollbook.readmodel.search.seeking import Search
from tests.integration.query.test_search_meaning import NOW
from tests.integration.readmodel.shown import shown
from tests.support.stack import Cluster
from tests.unit.projector.books import Book

ARTIFACT = Artifact(uri="s3://b/m", digest="sha256:" + "a" * 64)
KEYS = ("a/one", "a/two", "b/one", "b/x[1]", "b/x1", "b/.")


def book() -> Book:
    made = Book()
    made.claims()
    for key in KEYS:
        made.says(key, ModelRegistered(description="zebra"))
        made.says(key, VersionRegistered(version=1, registered_by="ann", artifact=ARTIFACT))
    return made


async def test_only_what_the_scope_holds_is_found_and_counted(cluster: Cluster) -> None:
    scopes: list[Scope | None] = [
        None,
        {},
        {"a": ["*"]},
        {"*": ["one"]},
        {"b": ["x[[]1]", "."]},
        {"b": ["x[1-3]"], "a": ["t?o"]},
        {"b": ["?"]},
    ]
    async with shown(cluster, book()) as db:
        for scope in scopes:
            wanted = [key for key in KEYS if holds(scope, key)]
            for q in ("", "zebra", "not has(owner)"):
                search = Search(tree=read(q), scope=scope, now=NOW)
                prepared = await seeking.prepare(db, search)
                hits = await pages.page(db, prepared)
                assert sorted(hit.model for hit in hits) == sorted(wanted), scope
                spread = await facets.spread(db, prepared, facets.fields(["model"]))
                assert spread.counted.rows == len(wanted)
                assert {value.value for value in spread.facets["model"]} == set(wanted)


async def test_synonyms_widen_a_word(cluster: Cluster) -> None:
    async with shown(cluster, book()) as db:
        for synonyms, n in (({}, 0), ({"horse": ["zebra", "donkey"]}, 6), ({"zebra": ["x"]}, 0)):
            search = Search(tree=read("Horse"), synonyms=synonyms, now=NOW)
            assert len(await pages.page(db, await seeking.prepare(db, search))) == n


patterns = st.text(st.sampled_from("ab*?[]!-^.\\x1"), max_size=6)
names = st.text(st.sampled_from("ab[]!-^.\\x1"), min_size=1, max_size=4)


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(patterns, names), min_size=200, max_size=200))
async def test_the_condition_lets_through_what_python_does(
    cluster: Cluster, pairs: list[tuple[str, str]]
) -> None:
    async with shown(cluster, book()) as db:
        rows = await db.fetch(
            "SELECT key ~ scope AS held FROM unnest($1::text[], $2::text[]) n (key, scope)",
            [f"a/{name}" for _, name in pairs],
            [regex({"a": [pattern]}) for pattern, _ in pairs],
        )
        for (pattern, name), row in zip(pairs, rows, strict=True):
            assert row["held"] == fnmatchcase(name, pattern), (pattern, name)
