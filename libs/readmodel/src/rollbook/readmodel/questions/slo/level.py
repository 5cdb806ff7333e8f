"""What a service level is: what is counted, what is wanted of it, and what broke it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import Field

from rollbook.domain.names import EnvironmentName
from rollbook.readmodel.questions.question import Found, Inquiry, Question, Shape
from rollbook.readmodel.questions.then import Then
from rollbook.readmodel.questions.window import Windowed

SHOWN: Final = 100
"""Rows that broke a level are shown, at most; the newest ones."""

State: TypeAlias = Literal["met", "missed", "no data"]


class LevelParameters(Windowed):
    """What the service levels take; the time ends at the moment that they are asked as of."""

    days: Annotated[int, Field(ge=1, le=3650)] = 28
    """How many days up to the end."""
    environment: EnvironmentName = "production"
    """Where versions serve that count."""


class Level(Shape):
    """A service level over some time, or a part of it."""

    slo: str
    """`M1` to `M10`."""
    title: str
    part: str
    """What of it: `all`, `automatic` or `manual`."""
    definition: str
    """What the numerator and the denominator count."""
    since: datetime
    until: datetime
    numerator: int | None
    denominator: int | None
    value: float | None
    unit: str
    """Of `value`: `share`, `count` or `seconds`."""
    target: str | None
    """In words; null: nothing is asked of this part."""
    state: State
    """`no data`: whether it was met cannot be said, and `why` tells the reason."""
    met: bool | None
    """Null where nobody can say, or nothing is asked."""
    why: str | None
    broken: list[dict[str, Any]]
    """What broke it, the newest first, at most 100."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What a level's query found."""

    good: int | None
    of: int | None
    broken: Sequence[Mapping[str, Any]] = ()
    part: str = "all"
    why: str | None = None
    """Why there is nothing to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """What is asked of a level, and how it is counted; call it as `Question.answer`."""

    slo: str
    title: str
    definition: str
    target: str
    least: float = 1.0
    """The share that meets it."""
    count: Callable[[Inquiry[LevelParameters]], Awaitable[Sequence[Counted]]]
    unasked: frozenset[str] = frozenset()
    """Parts of which nothing is asked."""
    none_is_good: bool = False
    """Whether it counts what should not be: then no denominator is needed."""

    async def __call__(
        self, inquiry: Inquiry[LevelParameters], after: str | None, limit: int
    ) -> Found[Level]:
        """All parts of it; there is never a next page."""
        found = await self.count(inquiry)
        return Found([self._level(part, inquiry.asked, inquiry.then) for part in found])

    def _level(self, found: Counted, asked: LevelParameters, then: Then) -> Level:
        value, why = self._value(found)
        wanted = None if found.part in self.unasked else self.target
        met = None if wanted is None or value is None or why else self._meets(value)
        return Level(
            slo=self.slo,
            title=self.title,
            part=found.part,
            definition=self.definition,
            since=asked.begins(then),
            until=then.time,
            numerator=found.good,
            denominator=found.of,
            value=value,
            unit="count" if self.none_is_good else "share",
            target=wanted,
            state="no data" if why or met is None else "met" if met else "missed",
            met=met,
            why=why or (None if wanted else "nothing is asked of it"),
            broken=[dict(row) for row in found.broken[:SHOWN]],
        )

    def _value(self, found: Counted) -> tuple[float | None, str | None]:
        if found.good is None:
            return None, found.why
        if self.none_is_good:
            return float(found.good), found.why
        if not found.of:
            return None, found.why or "there was nothing of the kind in this time"
        return found.good / found.of, found.why

    def _meets(self, value: float) -> bool:
        return value == 0 if self.none_is_good else value >= self.least


def level(objective: Objective) -> Question[LevelParameters, Level]:
    """A service level as a question."""
    return Question(
        name=f"slo-{objective.slo.lower()}",
        meaning=f"{objective.title}: {objective.target}. {objective.definition}",
        parameters=LevelParameters,
        row=Level,
        answer=objective,
    )
