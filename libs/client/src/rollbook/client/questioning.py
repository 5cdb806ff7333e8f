"""Named questions, about all models that the caller may see, as of any moment."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from rollbook.client.result import Result
from rollbook.client.session import API, AsOf, Session, asked, moment, segment

PAGE = 200
"""Rows asked for at once."""

LEVELS: Final = tuple(f"slo-m{number}" for number in range(1, 11))
"""The questions that are service levels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question(Result):
    """A question with a name."""

    question: str
    """Its name."""
    meaning: str
    parameters: tuple[Mapping[str, Any], ...]
    """Each with `name`, `type`, `means`, `required` and `default`."""
    columns: tuple[Mapping[str, Any], ...]
    """Of a row of its answer: each with `name`, `type` and `means`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Result):
    """A question's whole answer."""

    question: str
    as_of: datetime
    """The moment that it was asked as of."""
    parameters: Mapping[str, Any]
    """What was asked, with the defaults of what was not said."""
    columns: tuple[Mapping[str, Any], ...]
    items: tuple[Mapping[str, Any], ...]
    """Rows as JSON has them: times are texts."""

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


class Questioning(Session):
    """Each answer shows what this session's commands did."""

    def questions(self) -> list[Question]:
        """The questions that can be asked."""
        return [Question.of(row) for row in self.pages(f"{API}/questions", {})]

    def ask(
        self, question: str, /, *, as_of: AsOf = None, limit: int | None = None, **parameters: Any
    ) -> Answer:
        """The answer to a question, such as `ask("serving", environment="production")`.

        All of its rows, or the first `limit`; every page is as of the same moment where one is
        named. `Refused` (`unknown_question`) where nobody has named such a question, `Invalid`
        where a parameter is wrong.
        """
        path = f"{API}/questions/{segment(question)}"
        told = {name: _text(value) for name, value in parameters.items()}
        told |= {"as_of": asked(as_of), "limit": min(limit or PAGE, PAGE)}
        first = page = self.read(path, told)
        items = list(page["items"])
        while page["next"] is not None and (limit is None or len(items) < limit):
            page = self.read(path, {**told, "after": page["next"]})
            items += page["items"]
        return Answer.of({**first, "items": items[:limit]})

    def service_levels(self, *, as_of: AsOf = None, **parameters: Any) -> list[Mapping[str, Any]]:
        """The registry's own service levels, in order, each with its parts.

        `since` or `days` say over which time, which ends at `as_of`; 28 days if neither is given.
        """
        return [level for name in LEVELS for level in self.ask(name, as_of=as_of, **parameters)]


def _text(value: object) -> str | int | None:
    match value:
        case datetime():
            return moment(value)
        case None | int() | str():
            return value
        case _:
            return str(value)
