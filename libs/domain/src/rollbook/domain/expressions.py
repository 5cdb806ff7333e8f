"""Conditions in the Common Expression Language, checked against the types of what they look at."""

import operator
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

from cel_expr_python import cel

from rollbook.domain import frugality

_T = cel.Type
_NUMBERS: Final = _T.Map(_T.STRING, _T.DOUBLE)
_TEXTS: Final = _T.Map(_T.STRING, _T.STRING)

VARIABLES: Final = {
    "model": _T.STRING,  # `namespace/name`: `namespace` by itself is reserved in CEL
    "version": _T.INT,
    "risk": _T.STRING,
    "owner": _T.STRING,
    "metrics": _NUMBERS,
    "params": _TEXTS,
    "tags": _TEXTS,
    "properties": _T.Map(_T.STRING, _T.DYN),
    "measured": _NUMBERS,
    "champion": _T.Map(_T.STRING, _NUMBERS),
    "slices": _T.Map(_T.STRING, _NUMBERS),
    "card": _T.List(_T.STRING),
    "format": _T.STRING,
    "size": _T.INT,
    "licence": _T.STRING,
    "pii": _T.STRING,
    "signers": _T.List(_T.STRING),
}
"""What an expression may look at, each with its type."""

_NUMERIC: Final = (("double", _T.DOUBLE), ("int64", _T.INT))
_ORDERED: Final = (
    ("bool", _T.BOOL),
    ("string", _T.STRING),
    ("timestamp", _T.TIMESTAMP),
    ("duration", _T.DURATION),
)
_COMPARISONS: Final = {
    "_<_": "less",
    "_<=_": "less_equals",
    "_>_": "greater",
    "_>=_": "greater_equals",
    "_==_": "equals",
    "_!=_": "not_equals",
}
_ARITHMETIC: Final[dict[str, tuple[str, Callable[[float, float], float]]]] = {
    "_+_": ("add", operator.add),
    "_-_": ("subtract", operator.sub),
    "_*_": ("multiply", operator.mul),
    "_/_": ("divide", operator.truediv),
}
_CONFIG: Final = (
    "stdlib:\n"
    '  exclude_macros: ["map"]\n'  # with it a short text makes a value of any size
    "  exclude_functions:\n"
    + "".join(f'    - name: "{name}"\n' for name in (*_COMPARISONS, *_ARITHMETIC, "dyn", "type"))
)
_UNKNOWN: Final = re.compile(r"undeclared reference to '([^']+)'")
_PLACE: Final = re.compile(r"ERROR: <input>:(-?\d+):(-?\d+): (.*)")
_SIGNS: Final = {
    "=>": "write >= for 'at least'",
    "= ": "write == for 'is'",
    "<>": "write != for 'is not'",
}
_WORDS: Final = {"and": "&&", "or": "||", "not": "!", "True": "true", "False": "false"}


class ExpressionError(ValueError):
    """An expression that cannot be read, or whose types do not fit."""


@lru_cache(maxsize=1)
def _environment() -> cel.Env:
    """The language, but that 1 may stand for 1.0, and that only single values are compared."""
    functions = [
        cel.FunctionDecl(sign, [*_mixed(name, _T.BOOL), *_alike(name)])
        for sign, name in _COMPARISONS.items()
    ]
    for sign, (name, performed) in _ARITHMETIC.items():
        declared = [
            cel.Overload(f"{name}_double", _T.DOUBLE, [_T.DOUBLE, _T.DOUBLE]),
            cel.Overload(f"{name}_int64", _T.INT, [_T.INT, _T.INT]),
            cel.Overload(f"{name}_double_int64", _T.DOUBLE, [_T.DOUBLE, _T.INT], False, performed),
            cel.Overload(f"{name}_int64_double", _T.DOUBLE, [_T.INT, _T.DOUBLE], False, performed),
        ]
        if sign == "_+_":
            lists = _T.List(_T.DYN)  # `filter` is made with it
            declared.append(cel.Overload("add_list", lists, [lists, lists]))
        functions.append(cel.FunctionDecl(sign, declared))
    config = cel.NewEnvConfigFromYaml(_CONFIG)
    return cel.NewEnv(config=config, variables=VARIABLES, functions=functions)


def _mixed(name: str, gives: cel.Type) -> list[cel.Overload]:
    return [
        cel.Overload(f"{name}_{a}" if a == b else f"{name}_{a}_{b}", gives, [one, other])
        for a, one in _NUMERIC
        for b, other in _NUMERIC
    ]


def _alike(name: str) -> list[cel.Overload]:
    return [cel.Overload(f"{name}_{a}", _T.BOOL, [one, one]) for a, one in _ORDERED]


@lru_cache(maxsize=4096)
def compiled(text: str) -> cel.Expression:
    """The expression, ready to be evaluated; `ExpressionError` where it is none or no condition."""
    try:
        frugality.check(text)
        expression = _environment().compile(text)
    except frugality.TooMuch as error:
        raise ExpressionError(str(error)) from None
    except Exception as error:  # noqa: BLE001  # what the library raises has no type of its own
        raise ExpressionError(_words(text, str(error))) from None
    found = expression.return_type()
    if found not in (_T.BOOL, _T.DYN):
        raise ExpressionError(f"must be true or false, but it gives {found.name()}: compare it")
    return expression


def checked(text: str) -> str:
    """The text itself, once it has been compiled."""
    compiled(text)
    return text


def bound(values: Mapping[str, Any]) -> cel.Activation:
    """What expressions look at, for as many of them as want to; each of VARIABLES may be absent."""
    return _environment().Activation(values)


def _words(text: str, error: str) -> str:
    """The first error that the library found, where it stands, and what to write instead."""
    found = _PLACE.search(error)
    if found is None or found[2] == "-1":
        if "recursion" in error:
            return "is nested too deeply or too long: write it as several gates"
        return error.removesuffix(" [INVALID_ARGUMENT]")[:500]
    line, column, message = int(found[1]), int(found[2]), found[3]
    lines = text.splitlines() or [""]
    rest = lines[line - 1][max(column - 1, 0) :] if line <= len(lines) else ""
    place = f"column {column}" if len(lines) == 1 else f"line {line}, column {column}"
    message = message.removesuffix(" [INVALID_ARGUMENT]").removesuffix(" (in container '')")
    hint = _hint(text, message, rest)
    return f"{place}: {message[:500]}" + (f"; {hint}" if hint else "")


def _hint(text: str, message: str, rest: str) -> str:
    for sign, hint in _SIGNS.items():
        if rest.startswith(sign) and message.startswith("Syntax error"):
            return hint
    word = re.search(r"\b(and|or|not)\b", text)
    if message.startswith("Syntax error") and word:
        return f"write {_WORDS[word[1]]} for {word[1]!r}"
    if unknown := _UNKNOWN.search(message):
        return _unknown(text, unknown[1])
    if "select operation" in message:
        return "names with a dot stand in brackets, as in measured['load.seconds']"
    if "matching overload" in message:
        return "texts stand in quotes, and numbers do not"
    return ""


def _unknown(text: str, name: str) -> str:
    first, dot, rest = name.partition(".")
    if name in _WORDS:
        return f"write {_WORDS[name]}"
    if first in VARIABLES and dot:
        return f"names with a dot stand in brackets, as in {first}[{rest!r}]"
    if hyphen := re.search(rf"\b(\w+)\.((?:\w+-)+{re.escape(name)})\b", text):
        return f"names with a hyphen stand in brackets, as in {hyphen[1]}[{hyphen[2]!r}]"
    if name in ("map", "dyn", "type"):
        return "it is not available here"
    return f"if it is a metric, write metrics.{name}; there are {', '.join(sorted(VARIABLES))}"
