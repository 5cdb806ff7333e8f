"""What is looked for, as of when, by whom; and what goes without saying."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from rollbook.readmodel.database import Db
from rollbook.readmodel.scope import Scope
from rollbook.readmodel.search.compile import Sought, Synonyms
from rollbook.readmodel.search.fields import NEWEST, Order
from rollbook.readmodel.search.tree import (
    Among,
    And,
    Compare,
    Has,
    Leaf,
    Or,
    Phrase,
    Tree,
    Value,
    Word,
    conjuncts,
    leaves,
    mapped,
)
from rollbook.readmodel.then import When

IN_USE: Final = Compare("state", "=", Value("used"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A query that was checked."""

    tree: Tree
    order: Order = NEWEST
    when: When = None
    scope: Scope | None = None
    """Whose models may be seen; None: all of them."""
    now: datetime
    """What `7d` ago is counted from, unless it is as of a moment."""
    synonyms: Synonyms | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A search with everything that its conditions are made of."""

    search: Search
    tree: Tree
    sought: Sought
    model: str | None
    """The only one that can be found."""
    offset: int | None
    """How far its partition was; None: now, or there is no such model."""


async def prepare(db: Db, search: Search) -> Prepared:
    """The search with its synonyms, in use where it does not say otherwise."""
    tree = _in_use(mapped(search.tree, lambda leaf: _widened(leaf, search.synonyms or {})))
    model = _pinned(tree)
    offset = await _offset(db, model, search.when)
    return Prepared(search, tree, await _sought(db, tree), model, offset)


async def _offset(db: Db, model: str | None, when: When) -> int | None:
    if model is None or when is None:
        return None
    partition = await db.fetchval("SELECT partition FROM models WHERE key = $1", model)
    return when.offsets[partition] if partition is not None else None


def _in_use(tree: Tree) -> Tree:
    if any(
        isinstance(leaf, Compare | Among | Has) and leaf.field == "state" for leaf in leaves(tree)
    ):
        return tree
    return And((*conjuncts(tree), IN_USE))


def _widened(leaf: Leaf, synonyms: Synonyms) -> Tree:
    if not isinstance(leaf, Word) or not (same := synonyms.get(leaf.text.lower())):
        return leaf
    return Or((leaf, *(Phrase(text) for text in sorted(same))))


async def _sought(db: Db, tree: Tree) -> Sought:
    """Each word with what Postgres looks for: nothing for those that no text is searched for."""
    wanted = list({leaf for leaf in leaves(tree) if isinstance(leaf, Word | Phrase)})
    if not wanted:
        return {}
    rows = await db.fetch(
        "SELECT CASE WHEN phrase THEN phraseto_tsquery('pg_catalog.english', said)"
        " ELSE plainto_tsquery('pg_catalog.english', said) END::text AS sought"
        " FROM unnest($1::text[], $2::boolean[]) WITH ORDINALITY n (said, phrase, place)"
        " ORDER BY place",
        [leaf.text for leaf in wanted],
        [isinstance(leaf, Phrase) for leaf in wanted],
    )
    return {leaf: row["sought"] for leaf, row in zip(wanted, rows, strict=True)}


def _pinned(tree: Tree) -> str | None:
    for part in conjuncts(tree):
        if (
            isinstance(part, Compare)
            and (part.field, part.operator) == ("model", "=")
            and "/" in part.value.text
            and not {"*", "?"} & {*part.value.text}
        ):
            return part.value.text
    return None
