"""Look-ups in what versions' records say they were made from: of one, and of all that name a thing.

They see registrations, whose facts never change, and stays, which tell when they ended: so they can
look at any moment. What is not within somebody's scope is not there.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from rollbook.domain.lineage import Lineage
from rollbook.lineage.graph import Edge, Kind, Node, version_id, version_of
from rollbook.lineage.origins import Origin, code_node, dataset_node, origins
from rollbook.readmodel.database import Db, encode_text
from rollbook.readmodel.scope import Scope, holds, likes
from rollbook.readmodel.then import When, came, stood


@dataclass(frozen=True, slots=True)
class Eyes:
    """Who looks, and at which moment."""

    scope: Scope | None = None
    then: When = None

    @property
    def at(self) -> list[int] | None:
        """The moment as the first parameter of a query."""
        return None if self.then is None else list(self.then.offsets)

    @property
    def limited(self) -> bool:
        """Whether there are models that they may not see."""
        return self.scope is not None and "*" not in self.scope.get("*", ())


Recorded = tuple[str, int, Lineage]
"""A version and what its record says."""

_BRIEF: Final = "(v.facts -> 'lineage') - '{features,environment,runtime}'::text[] AS lineage"
"""Without what may be long and is not looked up by."""
_SEEN: Final = f"({came('v', 1)}) AND ($2::text[] IS NULL OR v.model LIKE ANY($2))"
_SERVES: Final = (
    "EXISTS (SELECT FROM environments e WHERE (e.model, e.version) = (v.model, v.version)"
    f" AND {stood('e', 1)})"
)
NAMES: Final[dict[Kind, tuple[str, str]]] = {
    Kind.VERSION: ("jsonb", "v.facts #> '{lineage,parents}' @> w.wanted"),
    Kind.DATASET: ("jsonb", "v.facts #> '{lineage,datasets}' @> w.wanted"),
    Kind.CODE: ("text", "v.facts #>> '{lineage,code_commit}' = w.wanted"),
}
"""Kind of thing -> type of what it is looked up by, and the condition that a record names it."""


async def by_index(db: Db) -> None:
    """Until the end of the transaction, look up by indexes alone.

    Postgres takes reading a long record for as cheap as reading a number: once it plans for any
    number of things, it would rather read all records.
    """
    await db.execute("SET LOCAL enable_seqscan = off")


async def of_versions(db: Db, ids: Collection[str], eyes: Eyes) -> list[Recorded]:
    """What the records of some versions say; of those that are not there, nothing."""
    rows = await db.fetch(
        "SELECT v.model, v.version, v.facts -> 'lineage' AS lineage FROM versions v"  # noqa: S608
        " JOIN unnest($3::text[], $4::int[]) n (model, version) USING (model, version)"
        f" WHERE {_SEEN} ORDER BY v.model, v.version",
        eyes.at,
        likes(eyes.scope),
        *keys(ids),
    )
    return _recorded(rows, eyes)


async def naming(
    db: Db, kind: Kind, things: Sequence[Node], eyes: Eyes, limit: int
) -> tuple[list[Recorded], int]:
    """Versions whose records name one of some things of a kind; those that serve come first.

    With them, how many rows were fetched: `limit` of them say that there may be more.
    """
    type_, named = NAMES[kind]
    rows = await db.fetch(
        # Put in order without what they say, which is long.
        f"WITH hit AS MATERIALIZED (SELECT v.model, v.version, {_SERVES} AS serves"  # noqa: S608
        f" FROM unnest($3::{type_}[]) w (wanted)"
        f" CROSS JOIN LATERAL (SELECT * FROM versions v WHERE {named}) v"
        f" WHERE {_SEEN} ORDER BY serves DESC, v.model, v.version LIMIT $4)"
        f" SELECT hit.model, hit.version, {_BRIEF} FROM hit"
        " JOIN versions v USING (model, version)"
        " ORDER BY hit.serves DESC, hit.model, hit.version",
        eyes.at,
        likes(eyes.scope),
        [_wanted(thing) for thing in things],
        limit,
    )
    return _recorded(rows, eyes), len(rows)


async def data_at(db: Db, uri: str, eyes: Eyes) -> list[Node]:
    """The data sets that ever lay at a URI."""
    rows = await db.fetch(
        "SELECT DISTINCT v.model, d.value ->> 'digest' AS digest FROM versions v,"  # noqa: S608
        " jsonb_array_elements(v.facts #> '{lineage,datasets}') d"
        f" WHERE {_SEEN} AND v.facts #> '{{lineage,datasets}}' @> $3 AND d.value ->> 'uri' = $4",
        eyes.at,
        likes(eyes.scope),
        [{"uri": uri}],
        uri,
    )
    found = {row["digest"] for row in rows if holds(eyes.scope, row["model"])}
    return [dataset_node(uri, digest) for digest in sorted(found, key=lambda d: d or "")]


async def code_at(db: Db, commit: str, eyes: Eyes) -> list[Node]:
    """The commit in each repository that records name it of."""
    rows = await db.fetch(
        "SELECT DISTINCT v.model, v.facts #>> '{lineage,code_uri}' AS uri FROM versions v"  # noqa: S608
        f" WHERE {_SEEN} AND v.facts #>> '{{lineage,code_commit}}' = $3",
        eyes.at,
        likes(eyes.scope),
        commit,
    )
    found = {row["uri"] for row in rows if holds(eyes.scope, row["model"])}
    return [code_node(uri, commit) for uri in sorted(found, key=lambda u: u or "")]


async def stays(db: Db, ids: Collection[str], eyes: Eyes) -> list[Any]:
    """Where some versions stand."""
    rows: list[Any] = await db.fetch(
        "SELECT e.model, e.environment, e.version, e.action, e.actor, e.since,"  # noqa: S608
        " e.partition, e.off FROM environments e"
        " JOIN unnest($2::text[], $3::int[]) n (model, version) USING (model, version)"
        f" WHERE {stood('e', 1)} ORDER BY e.model, e.environment",
        eyes.at,
        *keys(ids),
    )
    return rows


async def details(db: Db, ids: Collection[str], eyes: Eyes) -> list[Any]:
    """What else is known of some versions."""
    rows = await db.fetch(
        "SELECT v.model, v.version, v.label, v.stage, v.archived_reason, v.created_at,"  # noqa: S608
        " v.created_by, v.facts -> 'artifact' AS artifact,"
        " v.facts #> '{lineage,runtime}' AS runtime,"
        " ARRAY(SELECT a.alias FROM aliases a WHERE (a.model, a.version) = (v.model, v.version)"
        "   ORDER BY 1) AS aliases"
        " FROM versions v JOIN unnest($3::text[], $4::int[]) n (model, version)"
        f" USING (model, version) WHERE {_SEEN}",
        eyes.at,
        likes(eyes.scope),
        *keys(ids),
    )
    return [row for row in rows if holds(eyes.scope, row["model"])]


def keys(ids: Collection[str]) -> tuple[list[str], list[int]]:
    """Models and numbers of those nodes that are versions."""
    found = [key for id_ in ids if (key := version_of(id_))]
    return [model for model, _ in found], [number for _, number in found]


def key_of(id_: str) -> tuple[str, int]:
    """Model and number of a node that is a version."""
    key = version_of(id_)
    assert key is not None, f"{id_} is no version"  # noqa: S101
    return key


def edges(found: Sequence[Recorded]) -> Iterator[tuple[Edge, Origin]]:
    """An edge for each cause that records name."""
    for model, version, lineage in found:
        effect = version_id(model, version)
        for origin in origins(lineage):
            yield origin.of(effect), origin


def _recorded(rows: Sequence[Any], eyes: Eyes) -> list[Recorded]:
    return [
        (row["model"], row["version"], Lineage.model_validate(row["lineage"] or {}))
        for row in rows
        if holds(eyes.scope, row["model"])
    ]


def _wanted(thing: Node) -> object:
    facts = thing.facts
    match thing.kind:
        case Kind.VERSION:
            return encode_text([{"model": facts["model"], "version": facts["version"]}])
        case Kind.DATASET:
            by = "digest" if "digest" in facts else "uri"
            return encode_text([{by: facts[by]}])
        case _:
            return facts["commit"]
