"""Reads queries: `metrics.auc >= 0.9 and tags.team = "fraud" and not drift`."""

from difflib import get_close_matches
from functools import cache
from typing import Any, Final, cast

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedInput, UnexpectedToken
from lark.exceptions import VisitError

from rollbook.readmodel.search.errors import InvalidQueryError
from rollbook.readmodel.search.tree import (
    EVERYTHING,
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
    leaves,
)

LONGEST: Final = 4_000
"""Characters."""
DEEPEST: Final = 30
"""Parentheses within parentheses, and nots in a row."""
MOST: Final = 100
"""Conditions and words."""

GRAMMAR: Final = r"""
?query: either
?either: both (OR both)*
?both: single (AND? single)*
?single: NOT single -> negated
    | atom
?atom: "(" either ")"
    | WORD -> word
    | TEXT -> phrase
    | WORD OPERATOR value -> compare
    | WORD COLON value -> compare
    | WORD IN "(" value ("," value)* ")" -> among
    | WORD NOT_IN "(" value ("," value)* ")" -> not_among
    | FUNCTION value ("," value)* ")" -> call
?value: VALUE -> bare
    | TEXT -> text

NOT_IN.5: /not\s+in(?=\s*\()/i
AND.4: /and(?=[\s()"]|$)/i
OR.4: /or(?=[\s()"]|$)/i
NOT.4: /not(?=[\s()"]|$)/i
IN.4: /in(?=\s*\()/i
FUNCTION.3: /[a-z_]+\(/i
OPERATOR: "!=" | "<=" | ">=" | "=" | "<" | ">"
COLON: ":"
TEXT: /"(?:[^"\\]|\\.)*"/s
WORD: /[^\s()<>=!:,"'\\][^\s()<>=!:,"\\]*(?:"(?:[^"\\]|\\.)*")?/s
VALUE: /[^\s(),"'\\<>=!:][^\s(),"\\]*(?:"(?:[^"\\]|\\.)*")?/s
%ignore /\s+/
"""

NAMES: Final = {
    "WORD": "a word or a field",
    "TEXT": "a text in quotes",
    "VALUE": "a value",
    "OPERATOR": "one of = != < <= > >=",
    "COLON": "':'",
    "AND": "'and'",
    "OR": "'or'",
    "NOT": "'not'",
    "IN": "'in (...)'",
    "FUNCTION": "a function",
    "LPAR": "'('",
    "RPAR": "')'",
    "COMMA": "','",
    "$END": "the end",
}
"""What people call the terminals of the grammar."""

FUNCTIONS: Final = {
    "trained_before": ("trained", "<"),
    "trained_after": ("trained", ">"),
    "created_before": ("created", "<"),
    "created_after": ("created", ">"),
    "updated_before": ("updated", "<"),
    "updated_after": ("updated", ">"),
    "review_before": ("review_by", "<"),
}
"""Function -> the comparison that it stands for; there is `has(field)`, too."""


def parse(text: str) -> Tree:
    """What a query says; nothing says everything. `InvalidQueryError` where it cannot be read."""
    _check_size(text)
    if not text.strip():
        return EVERYTHING
    try:
        tree: Tree = cast(_Depth, cast(object, _parser().parse(text))).tree
    except UnexpectedInput as error:
        raise _explained(error, text) from None
    except VisitError as error:
        if isinstance(error.orig_exc, InvalidQueryError):
            raise error.orig_exc from None
        raise
    if sum(1 for _ in leaves(tree)) > MOST:
        raise InvalidQueryError(1, f"a query has at most {MOST} conditions and words")
    return tree


def _check_size(text: str) -> None:
    if len(text) > LONGEST:
        raise InvalidQueryError(LONGEST + 1, f"a query has at most {LONGEST} characters")
    if "\x00" in text:
        raise InvalidQueryError(text.index("\x00") + 1, "found NUL, which no text can hold")


class _Depth:
    """A part of a tree with how deep it is: checked as it grows, so that nothing recurses."""

    __slots__ = ("depth", "tree")

    def __init__(self, tree: Tree, depth: int, column: int) -> None:
        if depth > DEEPEST:
            raise InvalidQueryError(column, f"a query is at most {DEEPEST} levels deep")
        self.tree = tree
        self.depth = depth


class _Reader(Transformer[Token, Any]):
    """Turns what lark finds into a tree, bottom up."""

    def word(self, parts: list[Token]) -> _Depth:
        token = parts[0]
        if '"' in token:
            raise _expected(token, "a space before the quotes, or a comparison after the field")
        return _Depth(Word(str(token), _column(token)), 0, 1)

    def phrase(self, parts: list[Token]) -> _Depth:
        return _Depth(Phrase(_unquoted(parts[0]), _column(parts[0])), 0, 1)

    def bare(self, parts: list[Token]) -> Value:
        return Value(str(parts[0]), column=_column(parts[0]))

    def text(self, parts: list[Token]) -> Value:
        return Value(_unquoted(parts[0]), quoted=True, column=_column(parts[0]))

    def compare(self, parts: list[Any]) -> _Depth:
        name, sign, value = parts
        operator = "=" if sign.type == "COLON" else str(sign)
        _check_value(value)
        leaf: Leaf
        if operator == "=" and value.text == "*" and not value.quoted:
            leaf = Has(str(name), _column(name))
        else:
            leaf = Compare(str(name), cast(Operator, operator), value, _column(name))
        return _Depth(leaf, 0, 1)

    def among(self, parts: list[Any]) -> _Depth:
        name, _, *values = parts
        for value in values:
            _check_value(value)
        return _Depth(Among(str(name), tuple(values), _column(name)), 0, 1)

    def not_among(self, parts: list[Any]) -> _Depth:
        return _Depth(Not(self.among(parts).tree), 1, 1)

    def call(self, parts: list[Any]) -> _Depth:
        token, *values = parts
        name = token[:-1].lower()
        if name != "has" and name not in FUNCTIONS:
            near = get_close_matches(name, ("has", *FUNCTIONS), 1)
            hint = f"did you mean {near[0]}?" if near else f"there are {_functions()}"
            raise InvalidQueryError(_column(token), f"there is no function {name}: {hint}")
        if len(values) != 1:
            raise InvalidQueryError(_column(token), f"{name} takes one value, not {len(values)}")
        value = values[0]
        if name == "has":
            return _Depth(Has(value.text, value.column), 0, 1)
        _check_value(value)
        field, operator = FUNCTIONS[name]
        return _Depth(Compare(field, cast(Operator, operator), value, _column(token)), 0, 1)

    def negated(self, parts: list[Any]) -> _Depth:
        token, part = parts
        return _Depth(Not(part.tree), part.depth + 1, _column(token))

    def either(self, parts: list[Any]) -> _Depth:
        return _joined(parts, Or)

    def both(self, parts: list[Any]) -> _Depth:
        return _joined(parts, And)


def _joined(parts: list[Any], kind: type[And] | type[Or]) -> _Depth:
    found = [part for part in parts if isinstance(part, _Depth)]
    flat: list[Tree] = []
    for part in found:
        flat += part.tree.parts if isinstance(part.tree, kind) else (part.tree,)
    return _Depth(kind(tuple(flat)), max(part.depth for part in found) + 1, 1)


@cache
def _parser() -> Lark:
    return Lark(
        GRAMMAR, parser="lalr", start="query", transformer=_Reader(), maybe_placeholders=False
    )


def _check_value(value: Value) -> None:
    if not value.quoted and '"' in value.text:
        raise InvalidQueryError(
            value.column, f"found {value.text!r}: quotes belong around a whole value"
        )


def _column(token: Token) -> int:
    return (token.start_pos or 0) + 1


def _unquoted(token: Token) -> str:
    return unquoted(str(token))


def unquoted(text: str) -> str:
    """What stands between quotes."""
    found, escaped = [], False
    for character in text[1:-1]:
        if escaped or character != "\\":
            found.append(character)
            escaped = False
        else:
            escaped = True
    return "".join(found)


def _functions() -> str:
    return ", ".join(f"{name}(...)" for name in ("has", *FUNCTIONS))


def _expected(token: Token, expected: str) -> InvalidQueryError:
    return InvalidQueryError(_column(token), f"found {str(token)!r}, expected {expected}")


def _explained(error: UnexpectedInput, text: str) -> InvalidQueryError:
    wanted: set[str] = set()
    if isinstance(error, UnexpectedToken):
        token, wanted = error.token, {*(error.accepts or error.expected)}
        at_end = token.type == "$END"
        column = len(text) + 1 if at_end else _column(token)
        found = "the end" if at_end else repr(str(token))
    else:
        assert isinstance(error, UnexpectedCharacters)  # noqa: S101  # lark has no third
        column = cast(int, error.pos_in_stream) + 1
        wanted = {*error.allowed}
        if text[column - 1] == '"':
            return InvalidQueryError(column, "found quotes that nothing ends")
        found = repr(text[column - 1])
    names = [said for name, said in NAMES.items() if name in wanted]
    hint = "; texts stand between double quotes" if text[column - 1 : column] == "'" else ""
    return InvalidQueryError(column, f"found {found}, expected {' or '.join(names)}{hint}")
