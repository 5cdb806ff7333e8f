"""Which models a list is about: those that somebody may see, those that are in use."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from fnmatch import fnmatchcase
from typing import TypeAlias, TypeVar

R = TypeVar("R")

Scope: TypeAlias = Mapping[str, Collection[str]]
"""Namespace -> patterns of names, as `access.sees` gives them; namespace `*`: any of them."""


def holds(scope: Scope | None, key: str) -> bool:
    """Whether the model is within the scope; everything is within None."""
    if scope is None:
        return True
    namespace, _, name = key.partition("/")
    patterns = (*scope.get(namespace, ()), *scope.get("*", ()))
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def likes(scope: Scope | None) -> list[str] | None:
    """Patterns for Postgres' LIKE that let through every key within the scope, and few others."""
    if scope is None:
        return None
    return [
        f"{'%' if namespace == '*' else _like(namespace)}/{_like(pattern)}"
        for namespace, patterns in scope.items()
        for pattern in patterns
    ]


def _like(pattern: str) -> str:
    before, bracket, _ = pattern.partition("[")  # a set of characters, which LIKE does not know
    for special in ("\\", "%", "_"):
        before = before.replace(special, f"\\{special}")
    return before.replace("*", "%").replace("?", "_") + ("%" if bracket else "")


def in_use(column: str) -> str:
    """The condition that the model in `column` is neither retired nor parked."""
    return (
        f"EXISTS (SELECT FROM models WHERE key = {column} AND retired_reason IS NULL)"
        f" AND {not_parked(column)}"
    )


def not_parked(column: str) -> str:
    """The condition that the rows of the model in `column` go on."""
    return f"NOT EXISTS (SELECT FROM parked WHERE parked.model = {column})"


async def filled(
    fetch: Callable[[R | None], Awaitable[list[R]]], keep: Callable[[R], bool], limit: int
) -> list[R]:
    """`limit` rows to be kept, or all there are; `fetch` gives up to `limit` after a row."""
    found: list[R] = []
    last: R | None = None
    while True:
        rows = await fetch(last)
        found += filter(keep, rows)
        if len(found) >= limit or len(rows) < limit:
            return found[:limit]
        last = rows[-1]
