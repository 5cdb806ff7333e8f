"""Routes whose views a new release has brought, and that are not made from the log yet."""

from collections.abc import Awaitable, Callable
from typing import Final

from fastapi import Request

from rollbook.query.problems import Problem
from rollbook.query.tables import Tables

SHOWS: Final[dict[str, frozenset[str]]] = {
    "search": frozenset(("search", "scores", "profiles", "pointings", "queries", "synonyms")),
    "list_queries": frozenset(("queries",)),
    "get_query": frozenset(("queries",)),
    "list_synonyms": frozenset(("synonyms",)),
    "list_policies": frozenset(("policies",)),
    "get_policy": frozenset(("policies",)),
}
"""Route -> its views, of those that came after the first release."""


def guard(tables: Tables) -> Callable[[Request], Awaitable[None]]:
    """A dependency of every route: says that a view is not there yet, and not that it is empty."""

    async def check(request: Request) -> None:
        missing = tables.unbuilt & SHOWS.get(request.scope["route"].name, frozenset())
        if missing:
            names = " ".join(sorted(missing))
            raise Problem(
                503,
                "view_not_built",
                f"not made from the log yet: {names}; `rollbook rebuild {names}` makes it",
            )

    return check
