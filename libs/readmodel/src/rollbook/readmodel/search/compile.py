"""Turns queries into conditions for Postgres, now or as of a moment."""

# ruff: noqa: S608  # our own names; what users say are parameters

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Final, TypeAlias

from rollbook.readmodel.search import values
from rollbook.readmodel.search.check import as_number
from rollbook.readmodel.search.fields import Field, Source, find
from rollbook.readmodel.search.terms import KEPT, head, term
from rollbook.readmodel.search.tree import (
    Among,
    And,
    Compare,
    Has,
    Leaf,
    Not,
    Operator,
    Or,
    Phrase,
    Tree,
    Value,
    Word,
)
from rollbook.readmodel.then import When

Synonyms: TypeAlias = Mapping[str, Collection[str]]
"""Words in lower case, each with words that mean the same."""
Sought: TypeAlias = Mapping[Word | Phrase, str]
"""Words with what Postgres looks for, as a tsquery; empty for what no text is searched for."""

NOTHING: Final = "false"
EVERYTHING: Final = "true"
COMMENT: Final = "to_tsvector('pg_catalog.english'::regconfig, left(d.comment, 60000))"
"""What the index `discussion_words` is made of."""
UNSAID: Final = ""
"""The condition of words that no text is searched for: it leaves others as they are."""


class Models(Enum):
    """How a row is told to be of a model that another SELECT finds; it may find thousands."""

    HASHED = "s.model IN ({})"
    """Each row is looked up in them; under OR, no index is asked for it."""
    LISTED = "s.model = ANY(ARRAY({}))"
    """An index can be asked for it, also under OR; a row at hand is compared with each of them."""


@dataclass(slots=True)
class Arguments:
    """The values of a statement's parameters."""

    values: list[object] = field(default_factory=list)

    def add(self, value: object, kind: str) -> str:
        """The parameter that stands for a value of a Postgres type."""
        self.values.append(value)
        return f"${len(self.values)}::{kind}"


class Conditions:
    """Conditions on `s`, a row of `search`; the values of their parameters go to `arguments`."""

    def __init__(
        self,
        arguments: Arguments,
        *,
        now: datetime,
        when: When = None,
        sought: Sought,
        models: Models = Models.HASHED,
    ) -> None:
        self._arguments = arguments
        self._now = when.time if when is not None else now
        self._sought = sought
        self._told = models
        self._when = when
        self._offsets: str | None = None

    def valid(self, row: str) -> str:
        """That a row of a table with spans holds at the moment."""
        if self._when is None:
            return f"{row}.until_off IS NULL"
        place = self.place(row)
        return f"{row}.off <= {place} AND ({row}.until_off IS NULL OR {row}.until_off > {place})"

    def place(self, row: str) -> str:
        """How far the partition of a row was; only as of a moment."""
        if self._offsets is None:  # a parameter that nothing uses has no type
            assert self._when is not None  # noqa: S101
            self._offsets = self._arguments.add(list(self._when.offsets), "bigint[]")
        return f"coalesce(({self._offsets})[{row}.partition + 1], -1)"

    def of(self, tree: Tree) -> str:
        """The condition that a query is, which was checked; `UNSAID` where it says nothing."""
        match tree:
            case And(parts):
                return self._joined(parts, " AND ")
            case Or(parts):
                return self._joined(parts, " OR ")
            case Not(part):
                inner = self.of(part)
                return f"NOT coalesce({inner}, false)" if inner else UNSAID
            case _:
                return self._leaf(tree)

    def _joined(self, parts: Iterable[Tree], by: str) -> str:
        found = list(filter(None, map(self.of, parts)))
        return f"({by.join(found)})" if found else UNSAID

    def _leaf(self, leaf: Leaf) -> str:
        match leaf:
            case Word() | Phrase():
                return self._words(leaf)
            case Has(name):
                return self._has(find(name))
            case Compare(name, operator, value):
                return self._compare(find(name), operator, value)
            case Among(name, several):
                found = [self._compare(find(name), "=", value) for value in several]
                return f"({' OR '.join(found)})"

    def _words(self, leaf: Word | Phrase) -> str:
        sought = self._sought[leaf]
        if not sought:
            return UNSAID
        query = self._arguments.add(sought, "tsquery")
        of_model = self._models(f"p.words @@ {query}")
        return f"(s.words @@ {query} OR {of_model} OR {self._said(query)})"

    def _said(self, query: str) -> str:
        """That somebody said so of a request to promote the version."""
        then = f" AND d.off <= {self.place('d')}" if self._when is not None else ""
        found = (
            "FROM discussion d JOIN requests r USING (model, request)"
            f" WHERE {COMMENT} @@ {query}{then}"
        )
        said = f"(s.model, s.version) IN (SELECT r.model, r.version {found})"
        if self._told is Models.HASHED:
            return said
        return (  # the first two are what an index can be asked with, together with the others
            f"(s.model = ANY(ARRAY(SELECT r.model {found}))"
            f" AND s.version = ANY(ARRAY(SELECT r.version {found})) AND {said})"
        )

    def _models(self, condition: str) -> str:
        """That the version's model meets a condition on `p`, a row of `profiles`."""
        return self._told.value.format(
            f"SELECT p.model FROM profiles p WHERE {self.valid('p')} AND {condition}"
        )

    def _has(self, field: Field) -> str:
        match field.source:
            case Source.COLUMN:
                return f"s.{field.column} IS NOT NULL"
            case Source.METRIC:
                return f"s.numbers ? {self._arguments.add(field.name, 'text')}"
            case Source.ALIAS | Source.ENVIRONMENT:
                return self._stands(field, [])
            case Source.MODEL:
                return self._models(self._begins("p", field, ""))
            case Source.VERSION if field.name == "state":
                return EVERYTHING
            case Source.VERSION:
                return self._begins("s", field, "")

    def _compare(self, field: Field, operator: Operator, value: Value) -> str:
        if operator == "!=":
            return f"NOT coalesce({self._compare(field, '=', value)}, false)"
        if field.kind == "number" or as_number(field, value):
            return self._number(field, operator, value)
        if field.kind == "time":
            return self._time(field, operator, value)
        text = values.text(field, value)
        match field.source:
            case Source.ALIAS | Source.ENVIRONMENT:
                return self._stands(field, [value])
            case Source.MODEL:
                return self._of_model(field, value)
            case _ if field.name == "state":
                return self._state(text, value)
            case _:
                return self._term("s", field, value)

    def _number(self, field: Field, operator: Operator, value: Value) -> str:
        found = values.number(field, value)
        if field.source is Source.COLUMN:
            if (whole := values.whole(found, operator)) is None:
                return NOTHING
            return f"s.{field.column} {operator} {self._arguments.add(whole, 'bigint')}"
        number = self._arguments.add(found, "float8")
        name = self._arguments.add(field.name, "text")
        return f"(s.numbers -> {name})::float8 {operator} {number}"

    def _time(self, field: Field, operator: Operator, value: Value) -> str:
        span = values.span(field, value, self._now)
        is_day = span.start != span.end
        match operator:
            case "<":
                return self._at(field, "<", span.start)
            case "<=":
                return self._at(field, "<" if is_day else "<=", span.end)
            case ">":
                return self._at(field, ">=" if is_day else ">", span.end)
            case ">=":
                return self._at(field, ">=", span.start)
            case _:
                end = self._at(field, "<" if is_day else "<=", span.end)
                return f"({self._at(field, '>=', span.start)} AND {end})"

    def _at(self, field: Field, operator: str, time: datetime) -> str:
        return f"s.{field.column} {operator} {self._arguments.add(time, 'timestamptz')}"

    # Texts

    def _term(self, row: str, field: Field, value: Value) -> str:
        if not values.is_glob(value):
            lexeme = _lexeme(term(field.name, value.text))
            return f"{row}.words @@ {self._arguments.add(lexeme, 'tsquery')}"
        start = values.literal(value.text)
        begins = self._begins(row, field, start)
        if value.text == f"{start}*":
            return begins
        whole = values.escaped(head(field.name)) + _like(value)
        pattern = self._arguments.add(whole, "text")
        return f"({begins} AND EXISTS (SELECT FROM unnest({row}.terms) t WHERE t LIKE {pattern}))"

    def _begins(self, row: str, field: Field, start: str) -> str:
        lexeme = _lexeme((head(field.name) + start)[:KEPT]) + ":*"
        return f"{row}.words @@ {self._arguments.add(lexeme, 'tsquery')}"

    def _of_model(self, field: Field, value: Value) -> str:
        if field.name == "model":
            if "/" not in value.text and not values.is_glob(value):
                return self._models(self._term("p", find("name"), value))
            if not values.is_glob(value):
                return f"s.model = {self._arguments.add(value.text, 'text')}"
            return self._models(f"p.model LIKE {self._arguments.add(_like(value), 'text')}")
        return self._models(self._term("p", field, value))

    def _text_of(self, column: str, value: Value) -> str:
        if values.is_glob(value):
            return f"x.{column} LIKE {self._arguments.add(_like(value), 'text')}"
        return f"x.{column} = {self._arguments.add(value.text, 'text')}"

    def standing(self, leaf: Compare | Among | Has) -> str:
        """The versions that an alias points at, or that serve, each once."""
        match leaf:
            case Compare(name, _, value):
                return self._standing(find(name), [value])
            case Among(name, several):
                return self._standing(find(name), several)
            case Has(name):
                return self._standing(find(name), [])

    def _standing(self, field: Field, several: Sequence[Value]) -> str:
        table = "pointings" if field.source is Source.ALIAS else "environments"
        texts = " OR ".join(self._text_of(field.name, value) for value in several) or EVERYTHING
        return (
            f"SELECT DISTINCT x.model, x.version FROM {table} x"
            f" WHERE {self.valid('x')} AND ({texts})"
        )

    def _stands(self, field: Field, several: Sequence[Value]) -> str:
        return f"(s.model, s.version) IN ({self._standing(field, several)})"

    def _state(self, text: str, value: Value) -> str:
        retired = self._models("p.retired")
        known = {
            "used": f"(NOT s.archived AND NOT {retired})",
            "archived": "s.archived",
            "retired": retired,
        }
        if not values.is_glob(value):
            return known.get(text, NOTHING)
        return EVERYTHING


def _like(value: Value) -> str:
    return values.like(value.text)


def _lexeme(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
