"""Model cards over HTTP: as JSON, Markdown or a page, with their revisions and reviews."""

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Header, Query, Response

from rollbook.cards.about import About
from rollbook.cards.markdown import markdown
from rollbook.cards.page import POLICY
from rollbook.cards.page import page as html
from rollbook.query import forms
from rollbook.query.answers import answer, page
from rollbook.query.handlers import model_key
from rollbook.query.openapi import API, problems
from rollbook.query.problems import Problem
from rollbook.query.reading import AsOf, Limit, MinPosition, Name, Namespace, Page, Reading
from rollbook.query.versions import VERSION, VersionText, found, of_version
from rollbook.readmodel import cards, reviews
from rollbook.readmodel.cards import CardRow
from rollbook.readmodel.reviews import ReviewRow

MOST = 2**31 - 1
Format = Literal["json", "html", "markdown"]
MEDIA: Final[dict[Format, str]] = {
    "json": "application/json",
    "html": "text/html",
    "markdown": "text/markdown",
}


def router(reading: Reading) -> APIRouter:
    """The routes of cards."""
    made = APIRouter(prefix=API, tags=["cards"], responses=problems(404, 422, 503))

    @made.get(
        VERSION + "/card",
        response_model=CardRow,
        summary="The card of a version, as JSON, Markdown or a page",
        responses={
            200: {
                "content": {
                    "text/markdown": {"schema": {"type": "string"}},
                    "text/html": {"schema": {"type": "string"}},
                }
            },
            **problems(406),
        },
    )
    async def get_card(
        namespace: Namespace,
        name: Name,
        version: VersionText,
        revision: Annotated[
            int | None, Query(ge=1, le=MOST, description="An older revision than the newest.")
        ] = None,
        shape: Annotated[
            Format | None, Query(alias="format", description="What counts more than `Accept`.")
        ] = None,
        accept: Annotated[str, Header(include_in_schema=False)] = "*/*",
        as_of: AsOf = None,
        min_position: MinPosition = [],  # noqa: B006  # FastAPI copies it
    ) -> Response:
        key = model_key(namespace, name)
        wanted = shape or acceptable(accept)
        async with reading.shown(
            as_of, min_position, key, look=of_version([version], "cards")
        ) as db:
            row = await found(db, key, version)
            written = await cards.get(db, key, row.version, revision)
        if written is None:
            which = f"revision {revision} of a card" if revision else "card"
            raise Problem(404, "no_card", f"version {row.version} of {key} has no {which}")
        about = About(key, row.version, row.label)
        headers = {"vary": "accept", "x-content-type-options": "nosniff"}
        if wanted == "json":
            return answer(CardRow, written, headers)
        if wanted == "markdown":
            return _text(markdown(written.card, about), MEDIA[wanted], headers)
        headers["content-security-policy"] = POLICY
        return _text(html(written.card, about), MEDIA[wanted], headers)

    @made.get(
        VERSION + "/card/revisions",
        response_model=Page[CardRow],
        summary="Every revision of a version's card, newest first",
    )
    async def list_revisions(
        namespace: Namespace,
        name: Name,
        version: VersionText,
        after: Annotated[int | None, Query(ge=1, le=MOST)] = None,
        limit: Limit = 100,
        as_of: AsOf = None,
        min_position: MinPosition = [],  # noqa: B006
    ) -> Response:
        key = model_key(namespace, name)
        async with reading.shown(
            as_of, min_position, key, look=of_version([version], "cards")
        ) as db:
            number = (await found(db, key, version)).version
            rows = await cards.newest(db, key, number, after, limit)
        return page(CardRow, rows, rows[-1].revision if len(rows) == limit else None)

    @made.get(
        VERSION + "/card/reviews",
        response_model=Page[ReviewRow],
        summary="Who found that the card still holds, newest first",
    )
    async def list_reviews(
        namespace: Namespace,
        name: Name,
        version: VersionText,
        limit: Limit = 100,
        as_of: AsOf = None,
        min_position: MinPosition = [],  # noqa: B006
    ) -> Response:
        key = model_key(namespace, name)
        async with reading.shown(
            as_of, min_position, key, look=of_version([version], "reviews")
        ) as db:
            rows = await reviews.of(db, key, (await found(db, key, version)).version, limit)
        return page(ReviewRow, rows)

    return made


def acceptable(accept: str) -> Format:
    """The form of a card that an Accept header likes best."""
    return forms.acceptable(accept, MEDIA, "a card")


def _text(text: str, media: str, headers: dict[str, str]) -> Response:
    return Response(text, 200, headers, f"{media}; charset=utf-8")
