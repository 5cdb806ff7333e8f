"""What a search answers: versions page by page, how many there are, and how they spread."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from rollbook.client.result import Result
from rollbook.client.results import Version

Pages: TypeAlias = Callable[[str | None], Mapping[str, Any]]
"""From what leads to a page (None: the first one) to the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share(Result):
    """How many of what was found have one value of a facet."""

    value: str | None
    """None: they have none."""
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted(Result):
    """How many were found."""

    rows: int
    exact: bool
    """Whether they are all; counting ends at a limit."""


class Found:
    """Versions that a search found; iterate over it for all of them, page by page."""

    def __init__(self, pages: Pages, limit: int | None = None) -> None:
        first = pages(None)
        self.first: Sequence[Version] = tuple(map(Version.of, first["items"]))[:limit]
        """The first page."""
        self.facets: Mapping[str, Sequence[Share]] = {
            name: tuple(map(Share.of, shares))
            for name, shares in (first.get("facets") or {}).items()
        }
        """Each facet that was asked for, its values in order of their counts."""
        counted = first.get("counted")
        self.counted: Counted | None = Counted.of(counted) if counted is not None else None
        """How many there are, where it was counted."""
        self._next: str | None = first["next"]
        self._pages = pages
        self._limit = limit

    @property
    def more(self) -> bool:
        """Whether there is more than the first page."""
        return self._next is not None and (self._limit is None or len(self.first) < self._limit)

    def __iter__(self) -> Iterator[Version]:
        """All that were found, in order; the first page is not asked for again."""
        yield from self.first
        given, after = len(self.first), self._next
        while after is not None and (self._limit is None or given < self._limit):
            page = self._pages(after)
            for row in page["items"]:
                if given == self._limit:
                    return
                yield Version.of(row)
                given += 1
            after = page["next"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Query(Result):
    """A saved query."""

    namespace: str
    query: str
    """Its name."""
    text: str
    order: str = ""
    description: str = ""
    problem: Mapping[str, Any] | None = None
    """`column` and `message`, where it can no longer be asked."""
    position: str
    saved_at: datetime
    saved_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Synonyms(Result):
    """A word, and those that mean the same."""

    namespace: str
    word: str
    same: tuple[str, ...]
    position: str
    set_at: datetime
    set_by: str
