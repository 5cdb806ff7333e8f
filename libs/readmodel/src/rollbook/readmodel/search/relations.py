"""The statements of a search: what is walked in order, and what is found by the indexes."""

# ruff: noqa: S608  # our own names; what users say are parameters

from collections.abc import Sequence
from typing import Final

from rollbook.readmodel.search import scopes
from rollbook.readmodel.search.compile import Arguments, Conditions, Models
from rollbook.readmodel.search.cursor import Cursor
from rollbook.readmodel.search.fields import Source, find
from rollbook.readmodel.search.seeking import Prepared
from rollbook.readmodel.search.tree import (
    Among,
    Compare,
    Has,
    Or,
    Phrase,
    Tree,
    Word,
    conjuncts,
    leaves,
)

WINDOW: Final = 4_000
"""Versions that are looked at first, in the order that was asked for."""
FEW: Final = 4_000
"""Versions that the index of scores may be asked for one by one."""


class Statement:
    """One statement with the values of its parameters."""

    def __init__(self, prepared: Prepared) -> None:
        self.arguments = Arguments()
        search = prepared.search
        self._prepared = prepared
        self._order = search.order
        self._conditions, self._asked = (
            Conditions(
                self.arguments,
                now=search.now,
                when=search.when,
                sought=prepared.sought,
                models=models,
            )
            for models in Models
        )

    # Orders

    @property
    def _by_metric(self) -> bool:
        return self._order.field.source is Source.METRIC

    @property
    def _by_number(self) -> bool:
        """In one model, the numbers of versions are the order in which they were registered."""
        return self._prepared.model is not None and self._order.field.name == "created"

    def _value(self) -> str:
        """What the rows of `s` are ordered by first."""
        if self._by_metric:
            return f"(s.numbers -> {self._text(self._order.field.name)})::float8"
        return f"s.{self._order.field.column}"

    def _places(self, value: str, row: str) -> list[str]:
        return [f"{row}.version"] if self._by_number else [value, f"{row}.model", f"{row}.version"]

    def _ordered(self, places: list[str]) -> str:
        """ORDER BY these columns, all in the direction that was asked for."""
        way = " DESC" if self._order.descending else ""
        return ", ".join(f"{place}{way}" for place in places)

    def _beyond(self, cursor: Cursor | None, places: list[str]) -> list[str]:
        if cursor is None:
            return []
        sign = "<" if self._order.descending else ">"
        version = self.arguments.add(cursor.version, "int")
        if self._by_number:
            return [f"s.version {sign} {version}"]
        if self._order.field.kind == "time":
            value = self.arguments.add(cursor.moment, "timestamptz")
        else:
            value = self.arguments.add(cursor.number, "float8")
        return [f"({', '.join(places)}) {sign} ({value}, {self._text(cursor.model)}, {version})"]

    def _bounds(self) -> list[str]:
        """Conditions of the query that the index knows which the order is read from."""
        name = self._order.field.name
        known = (name, "trained") if name == "created" else (name,)
        return [
            self._score(part) if self._by_metric else self._conditions.of(part)
            for part in conjuncts(self._prepared.tree)
            if isinstance(part, Compare) and part.field in known and part.operator != "!="
        ]

    # Conditions

    def _text(self, text: str) -> str:
        return self.arguments.add(text, "text")

    def _score(self, part: Compare) -> str:
        value = self.arguments.add(float(part.value.text), "float8")
        return f"c.value {part.operator} {value}"

    def _scores(self, part: Compare) -> str:
        metric = self._text(metric_of(part.field))
        return _all(f"c.metric = {metric}", *self._model("c"), self._score(part))

    def _model(self, row: str) -> list[str]:
        model = self._prepared.model
        return [] if model is None else [f"{row}.model = {self._text(model)}"]

    def _fits(self) -> list[str]:
        """What rows at hand must meet."""
        return [self._conditions.of(self._prepared.tree), *self._seen()]

    def _found(self) -> list[str]:
        """The same, as the indexes are asked for it."""
        joined = (Or, Word, Phrase)
        parts = conjuncts(self._prepared.tree)
        return [
            *((self._asked if isinstance(p, joined) else self._conditions).of(p) for p in parts),
            *self._seen(),
        ]

    def _seen(self) -> list[str]:
        scope = self._prepared.search.scope
        if scope is None:
            return []
        keys = self._text(scopes.regex(scope))
        return [f"s.model IN (SELECT m.key FROM models m WHERE m.key ~ {keys})"]

    def _driven(self, few: Sequence[Compare]) -> list[str]:
        """Conditions that few meet, once more, by the index that finds them."""
        return [
            "(s.model, s.version) IN (SELECT c.model, c.version FROM scores c"
            f" WHERE {self._scores(part)} LIMIT {FEW})"
            for part in few
        ]

    # Statements

    def near(self, cursor: Cursor | None, limit: int) -> str:
        """Hits among the first versions in order."""
        number = self.arguments.add(limit, "bigint")
        value, row = ("c.value", "c") if self._by_metric else (self._value(), "s")
        places = self._places(value, row)
        walk = self._ordered(places)
        bounds = [*self._model(row), *self._bounds(), *self._beyond(cursor, places)]
        if self._by_metric:
            metric = self._text(metric_of(self._order.field.name))
            state = self._states("s.*", "s.model = c.model", "s.version = c.version")
            rows = (
                "(SELECT c.value, c.model, c.version FROM scores c"
                f" WHERE {_all(f'c.metric = {metric}', *bounds)} ORDER BY {walk} LIMIT {WINDOW}) c"
                f" CROSS JOIN LATERAL ({state}) s"
            )
        else:
            first = f"ORDER BY {walk} LIMIT {WINDOW}"
            states = self._states("s.*", f"{value} IS NOT NULL", *bounds, then=first)
            rows = f"(SELECT * FROM ({states}) s {first}) s"
        return (
            f"SELECT s.model, s.version, {value} AS value FROM {rows}"
            f" WHERE {_all(*self._fits())} ORDER BY {walk} LIMIT {number}"
        )

    def far(self, cursor: Cursor | None, limit: int, few: Sequence[Compare]) -> str:
        """All hits by what finds them, and then the first ones of them."""
        number, value = self.arguments.add(limit, "bigint"), self._value()
        there = [f"{value} IS NOT NULL", *self._beyond(cursor, self._places(value, "s"))]
        columns = f"s.model, s.version, {value} AS value"
        # OFFSET 0 keeps the order out of how the rows are found: it was tried by `near`.
        return (
            f"SELECT * FROM ({self._all_hits(columns, few, *there, then='OFFSET 0')}) f"
            f" ORDER BY {self._ordered(['f.value', 'f.model', 'f.version'])} LIMIT {number}"
        )

    def some(self, limit: int, few: Sequence[Compare]) -> str:
        """Some of the hits, in no order."""
        first = f"LIMIT {self.arguments.add(limit, 'bigint')}"
        columns = "s.model, s.version, s.terms, s.archived"
        return f"SELECT * FROM ({self._all_hits(columns, few, then=first)}) s {first}"

    def _all_hits(self, columns: str, few: Sequence[Compare], *there: str, then: str) -> str:
        if (leaf := standing(self._prepared.tree)) is None:
            return self._states(
                columns,
                *self._model("s"),
                *self._driven(few),
                *self._found(),
                *there,
                then=then,
            )
        # Postgres would rather read all versions than look up some thousands: OFFSET 0 decides it.
        parts = [part for part in conjuncts(self._prepared.tree) if part is not leaf]
        keys = [self._conditions.of(part) for part in parts if _of_keys(part)]
        rest = [self._conditions.of(part) for part in parts if not _of_keys(part)]
        own = ("s.model = k.model", "s.version = k.version")
        return (
            f"SELECT s.* FROM (SELECT * FROM ({self._conditions.standing(leaf)}) s"
            f" WHERE {_all(*keys, *self._seen())} ORDER BY s.model, s.version OFFSET 0) k"
            f" CROSS JOIN LATERAL ({self._states(columns, *own, *rest, *there, then=then)}) s"
        )

    def counts(self, parts: Sequence[Compare]) -> str:
        """How many versions meet each condition on a metric, up to one more than `FEW`."""
        return "SELECT " + ", ".join(
            f"(SELECT count(*) FROM (SELECT FROM scores c WHERE {self._scores(part)}"
            f" LIMIT {FEW + 1}) n)"
            for part in parts
        )

    def _states(self, columns: str, *conditions: str, then: str = "") -> str:
        """Columns of the states of versions at the moment, as `s`; what follows ends the SELECT."""
        select = f"SELECT {columns} FROM search s WHERE"
        when = self._prepared.search.when
        if when is None:
            return f"{select} {_all('s.until_off IS NULL', *conditions)} {then}"
        if (offset := self._prepared.offset) is None:
            place = self._conditions.place("s")
            # Nothing was registered after the moment that had been registered by then.
            before = f"s.created_at <= {self.arguments.add(when.time, 'timestamptz')}"
        else:  # the same, but what the index of one model's versions can be asked with
            place, before = self.arguments.add(offset, "bigint"), ""
        begun = f"s.off <= {place}"
        now = _all("s.until_off IS NULL", begun, before, *conditions)
        past = _all("s.until_off IS NOT NULL", f"s.until_off > {place}", begun, before, *conditions)
        # Two walks in order: Postgres makes none of one condition that joins both by OR.
        return f"({select} {now} {then}) UNION ALL ({select} {past} {then})"

    def valid(self, row: str) -> str:
        """That a row of a table with spans holds at the moment."""
        return self._conditions.valid(row)


def metrics(tree: Tree) -> list[Compare]:
    """The conditions on metrics that must be met."""
    return [
        part
        for part in conjuncts(tree)
        if isinstance(part, Compare) and part.field.startswith("metrics.") and part.operator != "!="
    ]


def standing(tree: Tree) -> Compare | Among | Has | None:
    """A condition that only what an alias points at meets, or what serves: few versions do."""
    for part in conjuncts(tree):
        if (
            isinstance(part, Compare | Among | Has)
            and find(part.field).source in (Source.ALIAS, Source.ENVIRONMENT)
            and not (isinstance(part, Compare) and part.operator == "!=")
        ):
            return part
    return None


def _of_keys(tree: Tree) -> bool:
    """Whether a condition is one on the model and the number of a version alone."""
    known = (Source.MODEL, Source.ALIAS, Source.ENVIRONMENT)
    return all(
        isinstance(leaf, Compare | Among | Has) and find(leaf.field).source in known
        for leaf in leaves(tree)
    )


def metric_of(name: str) -> str:
    """The metric that a field is."""
    return find(name).name.removeprefix("metrics.")


def _all(*conditions: str) -> str:
    return " AND ".join(filter(None, conditions)) or "true"
