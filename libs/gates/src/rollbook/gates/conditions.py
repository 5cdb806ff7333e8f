"""The expression gate: a condition in CEL over the facts of a version."""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

from cel_expr_python import cel

from rollbook.domain import expressions
from rollbook.domain.gates import ExpressionGate
from rollbook.gates.facts import Facts
from rollbook.gates.finding import Finding, broken, finite, missing, number
from rollbook.gates.probes import PREFIXES, Probe

_NO_KEY: Final = re.compile(r'Key not found in map : "?([^"]*)"?')
_NO_VALUE: Final = re.compile(r'No value with name "(\w+)"')
_READ: Final = re.compile(
    r"""\b(metrics|measured|champion|slices|params|tags|properties)"""
    r"""((?:\.[A-Za-z_]\w*\b(?!\s*\()|\[\s*(?:'[^'\\]*'|"[^"\\]*")\s*\])+)"""
)
_STEP: Final = re.compile(r"""\.(\w+)|\[\s*['"]([^'"]*)['"]\s*\]""")

_KNOWN: Final[dict[str, Callable[[Facts], Any]]] = {
    "model": lambda facts: f"{facts.namespace}/{facts.model}",
    "version": lambda facts: facts.version,
    "risk": lambda facts: facts.risk,
    "owner": lambda facts: facts.owner,
    "metrics": lambda facts: finite(facts.metrics),
    "params": lambda facts: facts.params,
    "tags": lambda facts: facts.tags,
    "properties": lambda facts: facts.properties,
    "measured": lambda facts: finite(facts.measured),
    "champion": lambda facts: {e: finite(one.metrics) for e, one in facts.champion.items()},
    "slices": lambda facts: {name: finite(each) for name, each in facts.slices.items()},
    "card": lambda facts: list(facts.sections or ()),
    "format": lambda facts: facts.artifact.format,
    "size": lambda facts: facts.artifact.size,
    "licence": lambda facts: facts.terms.licence if facts.terms else None,
    "pii": lambda facts: facts.terms.pii if facts.terms else None,
    "signers": lambda facts: list(facts.signers),
}
"""What each variable of an expression stands for; None: nobody said."""


def judge(gate: ExpressionGate, facts: Facts) -> Finding:
    """Passed when it is true."""
    values = _values(gate.expression, facts)
    numbers = _looked_at(gate.expression, values)
    try:
        value = expressions.compiled(gate.expression).eval(expressions.bound(values))
        plain = value.value()
    except expressions.ExpressionError as error:
        return broken(f"the condition cannot be read: {error}", numbers)
    except (RuntimeError, ValueError, TypeError, OverflowError) as error:
        return broken(_in_words(str(error)), numbers)
    if plain is True:
        return Finding(sort="passed", reason=_with(gate.expression, numbers), numbers=numbers)
    if plain is False:
        why = f"it is not true that {_with(gate.expression, numbers)}"
        return Finding(sort="failed", reason=why, numbers=numbers)
    if value.type() != cel.Type.ERROR:
        return broken(f"the condition gives {value.type().name()}, not true or false", numbers)
    if absent := _absent(gate.expression, values, str(plain)):
        return missing(absent, numbers=numbers)
    return broken(_in_words(str(plain)), numbers)


@lru_cache(maxsize=4096)
def needs(expression: str) -> frozenset[Probe]:
    """The probes whose numbers it names."""
    read = [_path(found[2])[:1] for found in _READ.finditer(expression) if found[1] == "measured"]
    return frozenset(
        probe
        for probe, start in PREFIXES.items()
        if any(p and p[0].startswith(start) for p in read)
    )


def _values(expression: str, facts: Facts) -> dict[str, Any]:
    """What the expression looks at; nothing under a name: nobody said."""
    known = ((name, _KNOWN[name](facts)) for name in _named(expression))
    return {name: value for name, value in known if value is not None}


@lru_cache(maxsize=4096)
def _named(expression: str) -> tuple[str, ...]:
    """The variables whose names stand in it, as such or by chance."""
    words = set(re.findall(r"\w+", expression))
    return tuple(name for name in expressions.VARIABLES if name in words)


def _path(text: str) -> list[str]:
    return [found[1] or found[2] for found in _STEP.finditer(text)]


@lru_cache(maxsize=4096)
def _paths(expression: str) -> tuple[tuple[str, ...], ...]:
    paths = ((found[1], *_path(found[2])) for found in _READ.finditer(expression))
    return tuple(dict.fromkeys(paths))


def _looked_at(expression: str, values: Mapping[str, Any]) -> dict[str, float]:
    """The numbers that it names, under the names of measurements."""
    found = {}
    for path in _paths(expression):
        value = _value(values, path)
        if isinstance(value, int | float) and not isinstance(value, bool):
            name = ".".join(path[1:] if path[0] == "measured" else path)
            found[name[:250]] = float(value)
    return found


def _value(values: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    value: Any = values
    for step in path:
        if not isinstance(value, Mapping) or step not in value:
            return None
        value = value[step]
    return value


def _absent(expression: str, values: Mapping[str, Any], error: str) -> str | None:
    if name := _NO_VALUE.search(error):
        return name[1]
    key = _NO_KEY.search(error)
    if key is None:
        return None
    for path in _paths(expression):
        if key[1] in path[1:] and _value(values, path) is None:
            return ".".join(path)
    return key[1]


def _with(expression: str, numbers: Mapping[str, float]) -> str:
    shown = ", ".join(f"{name} is {number(value)}" for name, value in list(numbers.items())[:10])
    text = " ".join(expression.split())
    return f"{text[:1000]}" + (f" ({shown})" if shown else "")


def _in_words(error: str) -> str:
    if "Iteration budget" in error:
        return "the condition looks at more than 10,000 elements, which is its budget"
    return f"the condition could not be decided: {error[:500]}"
