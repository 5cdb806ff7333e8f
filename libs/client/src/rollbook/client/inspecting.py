"""What can be asked about versions and their way into service."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from rollbook.client.findings import (
    Break,
    CardReview,
    CardRevision,
    Document,
    Evaluation,
    Request,
    Review,
    Verdict,
)
from rollbook.client.session import API, AsOf, Session, asked, model_path

PAGE = 200
"""Rows asked for at once."""


class Inspecting(Session):
    """Each read shows what this session's commands did; a version is named by its number."""

    def evaluations(
        self,
        model: str,
        version: int,
        *,
        newest_first: bool = False,
        limit: int | None = None,
        as_of: AsOf = None,
    ) -> Iterator[Evaluation]:
        """The evaluations as they were recorded, or the newest first; at most `limit`."""
        params: dict[str, str | int | None] = {
            "order": "newest" if newest_first else "oldest",
            "limit": PAGE,
        }
        params |= {"as_of": asked(as_of)}
        rows = self.pages(f"{_version(model, version)}/evaluations", params)
        return map(Evaluation.of, islice(rows, limit))

    def verdicts(self, model: str, version: int, *, as_of: AsOf = None) -> list[Verdict]:
        """What the gates said, newest first: the first one holds."""
        return [
            Verdict.of(row) for row in self._items(f"{_version(model, version)}/verdicts", as_of)
        ]

    def cards(self, model: str, version: int, *, as_of: AsOf = None) -> list[CardRevision]:
        """Every revision of the card, newest first."""
        path = f"{_version(model, version)}/card/revisions"
        return [CardRevision.of(row) for row in self._items(path, as_of)]

    def card(
        self, model: str, version: int, revision: int | None = None, *, as_of: AsOf = None
    ) -> CardRevision:
        """The card as it is now, or a revision of it; `Refused` (`no_card`) where there is none."""
        path = f"{_version(model, version)}/card"
        return CardRevision.of(self.read(path, {"revision": revision, "as_of": asked(as_of)}))

    def card_reviews(self, model: str, version: int, *, as_of: AsOf = None) -> list[CardReview]:
        """Who found that the card holds, newest first."""
        path = f"{_version(model, version)}/card/reviews"
        return [CardReview.of(row) for row in self._items(path, as_of)]

    def documents(self, model: str, version: int, *, as_of: AsOf = None) -> list[Document]:
        """The documents that were linked, in order."""
        return [
            Document.of(row) for row in self._items(f"{_version(model, version)}/documents", as_of)
        ]

    def requests(
        self, model: str, *, state: str | None = None, as_of: AsOf = None
    ) -> Iterator[Request]:
        """The model's requests for promotion, newest first; all, or those that are `open`."""
        params = {"state": state, "limit": PAGE, "as_of": asked(as_of)}
        return map(Request.of, self.pages(f"{model_path(model)}/requests", params))

    def review(self, model: str, request: int, *, as_of: AsOf = None) -> Review:
        """A request with all that its reviewer must see, judged by the facts of now, or of then."""
        then = {"as_of": asked(as_of)}
        return Review.of(self.read(f"{model_path(model)}/requests/{request}", then))

    def diff(self, model: str, old: int, new: int, *, as_of: AsOf = None) -> Mapping[str, Any]:
        """How one version differs from another."""
        then = {"as_of": asked(as_of)}
        found: Mapping[str, Any] = self.read(f"{_version(model, old)}/diff/{new}", then)
        return found

    def inbox(self, namespace: str | None = None, *, title: str | None = None) -> Iterator[Request]:
        """Open requests of all models that the caller may see.

        With `title`, those that lack its signature on the facts as they are now.
        """
        params = {"namespace": namespace, "title": title, "limit": PAGE}
        return map(Request.of, self.pages(f"{API}/requests", params))

    def breaks(self, model: str | None = None, *, as_of: AsOf = None) -> Iterator[Break]:
        """A model's broken glasses, newest first; or, of all models, those nobody has reviewed.

        Only a model's can be asked for as of a moment.
        """
        if model is None:
            return map(Break.of, self.pages(f"{API}/breaks", {"limit": PAGE}))
        return map(Break.of, self._items(f"{model_path(model)}/breaks", as_of))

    def _items(self, path: str, as_of: AsOf) -> Iterator[dict[str, Any]]:
        return self.pages(path, {"limit": PAGE, "as_of": asked(as_of)})


def _version(model: str, version: int) -> str:
    return f"{model_path(model)}/versions/{version}"
