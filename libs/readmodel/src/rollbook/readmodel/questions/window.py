"""Times that a question takes: a moment, a day, or so many days before its end."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, TypeAlias

from pydantic import BeforeValidator, Field

from rollbook.domain.moments import Moment
from rollbook.readmodel.questions.question import Parameters
from rollbook.readmodel.questions.then import Then

RULE = "must be a day, such as 2026-03-15, or a time with its offset: 2026-03-15T09:00:00Z"


def _read(value: object) -> object:
    if not isinstance(value, str):
        return value
    text = value.strip()
    if len(text) > 10 and text[10] in "tT ":
        # A '+' that was not escaped in a URL arrives as a space.
        text = f"{text[:10]}T{text[11:].replace(' ', '+')}"
    try:
        if len(text) == 10:
            day = date.fromisoformat(text)
            return datetime(day.year, day.month, day.day, tzinfo=UTC)
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(RULE) from None
    if found.tzinfo is None:
        raise ValueError(RULE)
    return found


When: TypeAlias = Annotated[Moment, BeforeValidator(_read)]
"""A moment; a day stands for its beginning in UTC."""


class Windowed(Parameters):
    """What a question about a span of time takes; it ends at the moment that it is asked as of."""

    since: When | None = None
    """When the time begins: a day or an RFC 3339 time; counts more than `days`."""
    days: Annotated[int, Field(ge=1, le=3650)] = 30
    """How many days up to the end."""

    def begins(self, then: Then) -> datetime:
        """When the time begins, included."""
        return self.since or then.time - timedelta(days=self.days)
