"""What a query says: conditions and words, joined by and, or and not; and how it is written."""

import dataclasses
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Operator: TypeAlias = Literal["=", "!=", "<", "<=", ">", ">="]


@dataclass(frozen=True, slots=True)
class Value:
    """What a field is compared with, as it was written."""

    text: str
    quoted: bool = False
    column: int = dataclasses.field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text, whatever its inflection."""

    text: str
    column: int = dataclasses.field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that follow each other in a text."""

    text: str
    column: int = dataclasses.field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Compare:
    """A field compared with a value."""

    field: str
    operator: Operator
    value: Value
    column: int = dataclasses.field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Among:
    """A field that is one of some values."""

    field: str
    values: tuple[Value, ...]
    column: int = dataclasses.field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Has:
    """A field that has any value."""

    field: str
    column: int = dataclasses.field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class And:
    """All of some conditions; of none of them: everything."""

    parts: tuple["Tree", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of some conditions."""

    parts: tuple["Tree", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """What a condition leaves out."""

    part: "Tree"


Leaf: TypeAlias = Word | Phrase | Compare | Among | Has
Tree: TypeAlias = Leaf | And | Or | Not

EVERYTHING: Final = And(())


def leaves(tree: Tree) -> Iterator[Leaf]:
    """The conditions and words of a query, in their order."""
    match tree:
        case And(parts) | Or(parts):
            for part in parts:
                yield from leaves(part)
        case Not(part):
            yield from leaves(part)
        case _:
            yield tree


def mapped(tree: Tree, change: Callable[[Leaf], Tree]) -> Tree:
    """The query with another condition in place of each."""
    match tree:
        case And(parts):
            return And(tuple(mapped(part, change) for part in parts))
        case Or(parts):
            return Or(tuple(mapped(part, change) for part in parts))
        case Not(part):
            return Not(mapped(part, change))
        case _:
            return change(tree)


def conjuncts(tree: Tree) -> tuple[Tree, ...]:
    """What must all hold."""
    return tree.parts if isinstance(tree, And) else (tree,)


# Written

PLAIN: Final = re.compile(r"[^\s()<>=!:,\"\\]+")
_KEYWORDS: Final = frozenset(("and", "or", "not", "in"))


def write(tree: Tree) -> str:
    """The query as `grammar.parse` reads it."""
    match tree:
        case Or(parts):
            return " or ".join(_inside(part, Or) for part in parts)
        case And(parts):
            return " and ".join(_inside(part, And, Or) for part in parts)
        case Not(part):
            return f"not {_inside(part, And, Or)}"
        case Word(text):
            return text
        case Phrase(text):
            return quoted(text)
        case Compare(name, operator, value):
            return f"{name} {operator} {_value(value)}"
        case Among(name, values):
            return f"{name} in ({', '.join(map(_value, values))})"
        case Has(name):
            return f"has({name})"


def _inside(part: Tree, *wrapped: type) -> str:
    text = write(part)
    return f"({text})" if isinstance(part, wrapped) else text


def _value(value: Value) -> str:
    return quoted(value.text) if value.quoted else value.text


def quoted(text: str) -> str:
    """A text between quotes."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def member(family: str, name: str) -> str:
    """The field of a member of `tags`, `metrics` and their like, quoted where it must be."""
    return f"{family}.{name if PLAIN.fullmatch(name) else quoted(name)}"


def is_keyword(text: str) -> bool:
    """Whether a word means something else than itself."""
    return text.lower() in _KEYWORDS
