"""The conditions for Postgres mean what a query says, as plain Python evaluates it."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from rollbook.domain.aliases import AliasSet
from rollbook.domain.catalog import ModelRegistered, ModelRetired, OwnerAssigned
from rollbook.domain.environments import VersionPromoted
from rollbook.domain.lineage import Artifact, Lineage, Runtime
from rollbook.domain.versions import VersionArchived, VersionDescribed, VersionRegistered
from rollbook.readmodel import models, versions
from rollbook.readmodel.models import ModelRow
from rollbook.readmodel.search import fields, pages, seeking, values
from rollbook.readmodel.search.check import check
from rollbook.readmodel.search.tree import (
    Among,
    And,
    Compare,
    Has,
    Leaf,
    Not,
    Or,
    Phrase,
    Tree,
    Value,
    Word,
    leaves,
)
from rollbook.readmodel.versions import VersionKey, VersionRow
from tests.integration.readmodel.shown import shown
from tests.support.stack import Cluster
from tests.unit.projector.books import Book

NOW = datetime(2026, 6, 1, tzinfo=UTC)
WORDS = ("churn", "fraud", "credit", "zebra")
STRANGE = ("fraud", "fr%", "fr_ud", "it's", 'a\\b"c', "7", "ü=x", "x" * 700)
METRICS = (-1.5, 0.0, 0.5, 0.9, 1e300)
DAYS = ("2026-03-01", "2026-03-02", "2026-03-03")

# Versions

texts = st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join)
registered = st.builds(
    lambda **facts: VersionRegistered(version=1, registered_by="ann", **facts),
    artifact=st.builds(
        lambda digit, size, format_: Artifact(
            uri="s3://b/m", digest="sha256:" + digit * 64, size=size, format=format_
        ),
        st.sampled_from("ab"),
        st.sampled_from((None, 5, 7)),
        st.sampled_from((None, "onnx")),
    ),
    metrics=st.dictionaries(st.sampled_from(("auc", "a b")), st.sampled_from(METRICS)),
    params=st.dictionaries(st.just("p"), st.sampled_from(("7", "0.5", "low", "1e400"))),
    tags=st.dictionaries(st.sampled_from(("team", "x=y", "x")), st.sampled_from(STRANGE)),
    properties=st.dictionaries(st.just("q"), st.sampled_from((True, 7, "low"))),
    lineage=st.sampled_from(DAYS).map(
        lambda day: Lineage(runtime=Runtime(started_at=datetime.fromisoformat(f"{day}T00:00Z")))
    )
    | st.just(Lineage()),
    description=texts,
)


@dataclass(frozen=True)
class Told:
    """Two models with versions, and what happened to them."""

    versions: list[list[VersionRegistered]]
    owned: bool
    retired: bool
    archived: bool
    described: str
    about: str


told = st.builds(
    Told,
    versions=st.lists(st.lists(registered, min_size=1, max_size=4), min_size=2, max_size=2),
    owned=st.booleans(),
    retired=st.booleans(),
    archived=st.booleans(),
    described=texts,
    about=texts,
)
KEYS = ("team/churn", "other/x_1")


def book_of(story: Told) -> Book:
    book = Book()
    book.claims()
    for nth, (key, several) in enumerate(zip(KEYS, story.versions, strict=True)):
        book.says(key, ModelRegistered(description=story.about if nth else ""))
        for number, version in enumerate(several, start=1):
            moment = NOW + timedelta(hours=number)
            fact = version.model_copy(update={"version": number})
            book.says(key, fact, time=moment.isoformat())
        book.says(key, VersionDescribed(version=1, description=story.described))
    if story.owned:
        book.says(KEYS[0], OwnerAssigned(owner="ann", team="fraud"))
    if story.archived:
        book.says(KEYS[0], VersionArchived(version=1, reason="old"))
    if story.retired:
        book.says(KEYS[1], ModelRetired(reason="old"))
    for alias in ("best", "nothing-better"):
        book.says(KEYS[0], AliasSet(alias=alias, version=len(story.versions[0])))
    book.says(
        KEYS[1],
        VersionPromoted(version=1, environment="production", replaced=None, approved_by=()),
    )
    return book


# Queries

globs = ("fr*", "*aud", "f?aud", "*", "nothing*")
text_fields = st.sampled_from(
    (
        "tags.team",
        'tags."x=y"',
        "tags.x",
        "format",
        "digest",
        "model",
        "name",
        "owner",
        "team",
        "alias",
        "environment",
        "state",
        "properties.q",
        "params.p",
    )
)
text_values = st.sampled_from(
    (
        *STRANGE,
        *globs,
        *KEYS,
        "other/*",
        "churn",
        "ann",
        "best",
        "production",
        "used",
        "archived",
        "retired",
        "onnx",
        "low",
        "true",
        "sha256:" + "a" * 64,
    )
).map(lambda text: Value(text, quoted=True))
number_fields = st.sampled_from(
    ("metrics.auc", 'metrics."a b"', "version", "size", "params.p", "properties.q")
)
number_values = st.sampled_from(("-1.5", "0", "0.5", ".9", "1", "2", "5", "7", "1e300")).map(Value)
orders = st.sampled_from(("=", "!=", "<", "<=", ">", ">="))
conditions = st.one_of(
    st.builds(Compare, text_fields, st.sampled_from(("=", "!=")), text_values),
    st.builds(Among, text_fields, st.lists(text_values, min_size=1, max_size=3).map(tuple)),
    st.builds(Compare, number_fields, orders, number_values),
    st.builds(
        Compare,
        st.sampled_from(("trained", "created")),
        orders,
        st.sampled_from((*DAYS, "2026-03-02T00:00:00Z", "2026-06-01T02:00:00Z", "7d")).map(Value),
    ),
    st.builds(Has, st.one_of(text_fields, number_fields, st.sampled_from(("trained", "label")))),
    st.builds(Word, st.sampled_from((*WORDS, "frauds", "the"))),
    st.builds(Phrase, st.lists(st.sampled_from(WORDS), min_size=1, max_size=2).map(" ".join)),
)
shapes: st.SearchStrategy[Tree] = st.recursive(
    conditions,
    lambda parts: st.one_of(
        st.lists(parts, min_size=2, max_size=3).map(lambda p: And(tuple(p))),
        st.lists(parts, min_size=2, max_size=3).map(lambda p: Or(tuple(p))),
        parts.map(Not),
    ),
    max_leaves=5,
)
standing_fields = st.sampled_from(("alias", "environment"))
standing_values = st.sampled_from(("best", "*", "nothing*", "production", "pro*")).map(Value)
standing = st.one_of(
    st.builds(Compare, standing_fields, st.sampled_from(("=", "!=")), standing_values),
    st.builds(Among, standing_fields, st.lists(standing_values, min_size=1).map(tuple)),
    st.builds(Has, standing_fields),
)
queries = st.one_of(
    shapes,
    st.lists(st.one_of(standing, standing, shapes), min_size=2, max_size=3).map(
        lambda parts: And(tuple(parts))
    ),
)

# What they mean


@dataclass(frozen=True)
class Thing:
    version: VersionRow
    model: ModelRow

    def texts(self, name: str) -> list[str]:
        row, model = self.version, self.model
        head, _, member = fields.find(name).name.partition(".")
        is_retired, is_archived = model.retired_reason is not None, row.archived_reason is not None
        used = [] if is_retired or is_archived else ["used"]
        single: dict[str, str | None] = {
            "format": row.artifact.format,
            "digest": row.artifact.digest,
            "model": model.key,
            "name": model.name,
            "owner": model.owner,
            "team": model.team,
            "label": row.label,
        }
        several = {
            "alias": list(row.aliases),
            "environment": list(row.environments),
            "state": [*["archived"] * is_archived, *["retired"] * is_retired, *used],
        }
        family = {"tags": row.tags, "params": row.params, "properties": row.properties}.get(head)
        if family is not None:
            value = family.get(member)
            shown = str(value).lower() if isinstance(value, bool) else value
            return [] if value is None else [str(shown)]
        if name in several:
            return several[name]
        return [value] if (value := single[name]) is not None else []

    def number(self, name: str) -> float | None:
        head, _, member = fields.find(name).name.partition(".")
        match head:
            case "version":
                return self.version.version
            case "size":
                return self.version.artifact.size
            case "metrics":
                value = self.version.metrics.get(member)
                return None if value is None else float(value)  # jsonb makes 1e300 an integer
            case "params":
                text = self.version.params.get(member, "low")
                return float(text) if text not in ("low", "1e400") else None
            case _:
                value = self.version.properties.get(member)
                return None if isinstance(value, bool | str) else value

    def time(self, name: str) -> datetime | None:
        runtime = self.version.lineage.runtime
        trained = runtime.started_at if runtime else None
        return self.version.created_at if name == "created" else trained

    def words(self) -> Iterator[list[str]]:
        yield re.split(r"[/_]", self.model.key)
        yield self.model.description.split()
        yield self.version.description.split()
        yield from (value.split() for value in self.version.tags.values())

    def fits(self, tree: Tree) -> bool | None:
        """None: a word that no text is searched for."""
        match tree:
            case And(parts):
                found = [fit for part in parts if (fit := self.fits(part)) is not None]
                return all(found) if found else None
            case Or(parts):
                found = [fit for part in parts if (fit := self.fits(part)) is not None]
                return any(found) if found else None
            case Not(part):
                fit = self.fits(part)
                return None if fit is None else not fit
            case _:
                return self.leaf(tree)

    def leaf(self, leaf: Leaf) -> bool | None:
        match leaf:
            case Word("the"):
                return None
            case Word(text) | Phrase(text):
                wanted = text.removesuffix("s").split()
                starts = ((said, n) for said in self.words() for n in range(len(said)))
                return any(said[n : n + len(wanted)] == wanted for said, n in starts)
            case Has(name):
                field = fields.find(name)
                if field.kind == "number":
                    return self.number(name) is not None
                if field.kind == "time":
                    return self.time(name) is not None
                return bool(self.texts(name))
            case Among(name, several):
                return any(self.compare(name, "=", value) for value in several)
            case Compare(name, "!=", value):
                return not self.compare(name, "=", value)
            case Compare(name, operator, value):
                return self.compare(name, operator, value)

    def compare(self, name: str, operator: str, value: Value) -> bool:
        field = fields.find(name)
        if field.kind == "time":
            return self.compare_time(name, operator, value.text)
        if field.kind == "number" or (field.kind == "text or number" and not value.quoted):
            return _ordered(self.number(name), operator, float(value.text))
        wanted = value.text
        if name == "model" and "/" not in wanted and not values.is_glob(value):
            name = "name"
        if name == "state" and values.is_glob(value):
            return True
        if values.is_glob(value):
            return any(fnmatchcase(text, wanted) for text in self.texts(name))
        return wanted in self.texts(name)

    def compare_time(self, name: str, operator: str, text: str) -> bool:
        time = self.time(name)
        if text == "7d":
            return _ordered(time, operator, NOW - timedelta(days=7))
        at = datetime.fromisoformat(text if "T" in text else f"{text}T00:00Z")
        if "T" in text:
            return _ordered(time, operator, at)
        end = at + timedelta(days=1)
        match operator:
            case "=":
                return time is not None and at <= time < end
            case "<" | ">=":
                return _ordered(time, operator, at)
            case "<=":
                return _ordered(time, "<", end)
            case _:
                return _ordered(time, ">=", end)


def _ordered(left: object, operator: str, right: object) -> bool:
    if left is None:
        return False
    found = {"=": left == right, "<": left < right, ">": left > right}  # type: ignore[operator]
    return any(fit for sign, fit in found.items() if sign in operator)


some = settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # each example makes its own tables
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
some_orders = st.sampled_from(
    ("-created", "created", "metrics.auc", "-size", "trained", "-updated")
)


@some
@given(told, st.lists(st.tuples(queries, some_orders), min_size=40, max_size=40))
def test_a_search_finds_what_the_query_says(
    cluster: Cluster, story: Told, asked: list[tuple[Tree, str]]
) -> None:
    async def check_all() -> None:
        async with shown(cluster, book_of(story)) as db:
            by_key = {row.key: row for row in await models.page(db)}
            assert not any(row.parked for row in by_key.values())
            things = [
                Thing(row, by_key[key]) for key in KEYS for row in await versions.page(db, key)
            ]
            for tree, order in asked:
                check(tree)
                prepared = await seeking.prepare(
                    db, seeking.Search(tree=tree, order=fields.order(order), now=NOW)
                )
                found = [hit.key for hit in await pages.page(db, prepared)]
                assert found == wanted(things, tree, order), (tree, order)

    asyncio.run(check_all())


def wanted(things: list[Thing], tree: Tree, order: str) -> list[VersionKey]:
    names = {getattr(leaf, "field", None) for leaf in leaves(tree)}
    fit = [
        thing
        for thing in things
        if thing.fits(tree) is not False and ("state" in names or thing.texts("state") == ["used"])
    ]
    field = order.removeprefix("-")

    def value(thing: Thing) -> object:
        if field in ("metrics.auc", "size"):
            return thing.number(field)
        return thing.version.updated_at if field == "updated" else thing.time(field)

    keyed = [
        ((value(thing), thing.model.key, thing.version.version), thing)
        for thing in fit
        if value(thing) is not None
    ]
    keyed.sort(key=lambda pair: pair[0], reverse=order.startswith("-"))
    return [(thing.model.key, thing.version.version) for _, thing in keyed]
