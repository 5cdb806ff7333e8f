"""Named questions over HTTP: the catalogue, and the answer to one of them as of any moment."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, JsonValue, ValidationError

from rollbook.query.answers import answer, page
from rollbook.query.openapi import API, problems
from rollbook.query.problems import Problem, field_errors, invalid, invalid_fields
from rollbook.query.reading import AsOf, Limit, MinPosition, Page, Reading, moment
from rollbook.query.sight import Seen
from rollbook.readmodel.database import Db
from rollbook.readmodel.past import UnknownEventError
from rollbook.readmodel.questions import then as moments
from rollbook.readmodel.questions.catalogue import QUESTIONS
from rollbook.readmodel.questions.description import Column, Description, columns, described
from rollbook.readmodel.questions.question import BadPlaceError, Inquiry, Parameters, Question
from rollbook.readmodel.questions.then import Then

COMMON = frozenset({"as_of", "after", "limit", "min_position"})
"""Parameters that every question has beside its own."""


class Answer(BaseModel):
    """What a question is answered with."""

    question: str
    as_of: datetime
    """The moment that it was asked as of; now if none was named."""
    parameters: dict[str, JsonValue]
    """What was asked, with the defaults of what was not said."""
    columns: list[Column]
    items: list[dict[str, JsonValue]]
    next: str | None = None
    """Pass it as `after` to get what follows; null where nothing does."""


def router(reading: Reading) -> APIRouter:
    """The routes of questions."""
    made = APIRouter(prefix=API, tags=["questions"], responses=problems(404, 422, 503))

    @made.get(
        "/questions",
        response_model=Page[Description],
        summary="The questions that have a name: what they mean, take and answer with",
    )
    async def list_questions() -> Response:
        return page(Description, list(map(described, QUESTIONS.values())))

    @made.get(
        "/questions/{question}",
        response_model=Answer,
        summary="The answer to a question, of all models that the caller may see",
    )
    async def get_answer(
        request: Request,
        sight: Seen,
        question: Annotated[str, Path(examples=["serving"])],
        as_of: AsOf = None,
        after: Annotated[
            str | None, Query(description="What `next` of the page before says.")
        ] = None,
        limit: Limit = 100,
        min_position: MinPosition = [],  # noqa: B006  # FastAPI copies it
    ) -> Response:
        """Each question has parameters of its own, which the catalogue names: `?days=7`."""
        found = QUESTIONS.get(question)
        if found is None:
            raise Problem(404, "unknown_question", f"nobody has named a question {question}")
        asked = parameters(found, request.query_params.multi_items())
        async with reading.at_one_moment(reading.needed(as_of, min_position)) as db:
            then = await _then(db, as_of)
            inquiry = Inquiry(db, reading.lend_past, asked, then, sight.scope())
            try:
                told = await found.answer(inquiry, after, limit)
            except BadPlaceError as error:
                raise invalid("after", str(error)) from None
        shown = Answer(
            question=found.name,
            as_of=then.time,
            parameters=asked.model_dump(mode="json"),
            columns=list(columns(found)),
            items=[row.model_dump(mode="json") for row in told.items],
            next=told.next,
        )
        return answer(Answer, shown)

    return made


def parameters(question: Question[Any, Any], given: Iterable[tuple[str, str]]) -> Parameters:
    """A question's own parameters; a 422 that names those that are wrong."""
    own: dict[str, str] = {}
    for name, text in given:
        if name in own:
            raise invalid(name, "must be given once")
        if name not in COMMON:
            own[name] = text
    known: Mapping[str, object] = question.parameters.model_fields
    unknown = [name for name in own if name not in known]
    if unknown:
        rule = f"is no parameter of {question.name}: it takes {', '.join(known)}"
        raise invalid_fields([{"field": name, "rule": rule} for name in unknown])
    try:
        asked: Parameters = question.parameters.model_validate(own)
    except ValidationError as error:
        raise invalid_fields(field_errors(error)) from None
    return asked


async def _then(db: Db, as_of: str | None) -> Then:
    if as_of is None:
        return await moments.now(db, datetime.now(UTC))
    try:
        return await moments.at(db, moment(as_of))
    except UnknownEventError as error:
        raise Problem(404, "unknown_event", str(error)) from None
