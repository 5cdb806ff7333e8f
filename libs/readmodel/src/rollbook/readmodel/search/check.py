"""Whether a query means something: its fields are there and their types fit the values."""

from datetime import UTC, datetime
from typing import Final

from rollbook.readmodel.search import values
from rollbook.readmodel.search.errors import InvalidQueryError
from rollbook.readmodel.search.fields import Field, find
from rollbook.readmodel.search.grammar import parse
from rollbook.readmodel.search.tree import Among, Compare, Has, Phrase, Tree, Value, Word, leaves

ANYTIME: Final = datetime(2000, 1, 1, tzinfo=UTC)


def read(text: str) -> Tree:
    """What a query says, when it means something; `InvalidQueryError` otherwise."""
    tree = parse(text)
    check(tree)
    return tree


def check(tree: Tree) -> None:
    """`InvalidQueryError` at the first condition that means nothing."""
    for leaf in leaves(tree):
        match leaf:
            case Compare(name, operator, value, column):
                _check(find(name, column), operator, value, column)
            case Among(name, several, column):
                for value in several:
                    _check(find(name, column), "=", value, column)
            case Has(name, column):
                find(name, column)
            case Word() | Phrase():
                pass


def _check(field: Field, operator: str, value: Value, column: int) -> None:
    if field.kind == "number" or as_number(field, value):
        values.number(field, value)
    elif field.kind == "time":
        values.span(field, value, ANYTIME)
    else:
        values.text(field, value)
        if operator not in ("=", "!="):
            either = "is a text" if field.kind == "text" else "is compared with a text here"
            raise InvalidQueryError(
                column, f"found {operator}, expected = or !=: {field.name} {either}"
            )


def as_number(field: Field, value: Value) -> bool:
    """Whether a field that may be a text or a number is compared as a number."""
    return field.kind == "text or number" and values.is_number(value)
