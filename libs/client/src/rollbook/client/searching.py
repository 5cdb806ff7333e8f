"""Finding versions by what is known of them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rollbook.client.found import Found, Query, Synonyms
from rollbook.client.session import API, AsOf, Session, asked, namespace_path

PAGE = 100
"""Rows asked for at once."""


class Searching(Session):
    """Each read shows what this session's commands did."""

    def search(
        self,
        query: str = "",
        *,
        saved: str | None = None,
        order: str | None = None,
        facets: Iterable[str] = (),
        limit: int | None = None,
        as_of: AsOf = None,
    ) -> Found:
        """The versions that a query finds, such as `metrics.auc >= 0.9 and tags.team = "fraud"`.

        `saved` is the name of a saved query, `namespace/name`; `order` a field, with `-` before it
        for the greatest first; `facets` are fields whose values are counted. `Invalid`, with its
        `column`, when the query cannot be read.
        """
        wanted = ",".join(facets)
        params: dict[str, str | int | None] = {
            "q": query if saved is None or query else None,
            "saved": saved,
            "order": order,
            "as_of": asked(as_of),
            "limit": min(limit or PAGE, PAGE),
        }

        def page(after: str | None) -> Mapping[str, Any]:
            once = {"after": after} if after is not None else {"facets": wanted or None}
            found: Mapping[str, Any] = self.read(f"{API}/search", {**params, **once})
            return found

        return Found(page, limit)

    def search_fields(self) -> list[Mapping[str, Any]]:
        """What can be asked for: each field with its type, and what it means."""
        return list(self.read(f"{API}/search/fields")["items"])

    def queries(self, namespace: str, *, as_of: AsOf = None) -> Iterator[Query]:
        """The namespace's saved queries in alphabetical order."""
        path = f"{namespace_path(namespace)}/queries"
        return map(Query.of, self.pages(path, {"limit": PAGE, "as_of": asked(as_of)}))

    def synonyms(self, namespace: str, *, as_of: AsOf = None) -> Iterator[Synonyms]:
        """The namespace's words with synonyms in alphabetical order."""
        path = f"{namespace_path(namespace)}/synonyms"
        return map(Synonyms.of, self.pages(path, {"limit": PAGE, "as_of": asked(as_of)}))
