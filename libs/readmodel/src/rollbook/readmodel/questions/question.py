"""What a named question is: what it means, what it takes, what it answers with."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic, Literal, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict

from rollbook.domain.names import NamespaceName
from rollbook.readmodel.database import Db
from rollbook.readmodel.questions.then import Then
from rollbook.readmodel.scope import Scope, filled, holds, likes


class Shape(BaseModel):
    """Fields that explain themselves: the text under each stands in the catalogue."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class Parameters(Shape):
    """What every question takes."""

    model_config = ConfigDict(extra="forbid")

    namespace: NamespaceName | None = None
    """Only of its models."""


P = TypeVar("P", bound=Parameters)
R = TypeVar("R", bound=Shape)

Lend: TypeAlias = Callable[[], AbstractAsyncContextManager[Db]]


@dataclass(frozen=True, slots=True)
class Inquiry(Generic[P]):
    """Somebody asks a question, as of a moment."""

    db: Db
    past: Lend
    """Lends a connection that `past.put_back` takes."""
    asked: P
    then: Then
    seen: Scope | None
    """The models that they may see; None: all."""

    @property
    def scope(self) -> Scope | None:
        """The models that the answer is about; None: all."""
        space = self.asked.namespace
        if space is None:
            return self.seen
        if self.seen is None:
            return {space: ["*"]}
        return {space: [*self.seen.get(space, ()), *self.seen.get("*", ())]}

    async def rows(self, sql: str, *arguments: object) -> list[Any]:
        """Records of one query whose `model` is within the scope."""
        found = await self.db.fetch(
            f"SELECT * FROM ({sql}) q WHERE ${len(arguments) + 4}::text[] IS NULL"  # noqa: S608  # our names
            f" OR model LIKE ANY(${len(arguments) + 4})",
            *self.then.arguments,
            *arguments,
            likes(self.scope),
        )
        return [row for row in found if holds(self.scope, row["model"])]


@dataclass(frozen=True, slots=True)
class Found(Generic[R]):
    """Rows of an answer."""

    items: Sequence[R]
    next: str | None = None
    """What leads to the rows after them; None where there are none."""


class BadPlaceError(ValueError):
    """`after` is not what `next` of an earlier answer said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question(Generic[P, R]):
    """A question with a name."""

    name: str
    meaning: str
    """One sentence."""
    parameters: type[P]
    row: type[R]
    answer: Callable[[Inquiry[P], str | None, int], Awaitable[Found[R]]]
    """The rows after a place, at most so many."""


# Lists

Column: TypeAlias = Literal["text", "bigint", "timestamptz"]
Select: TypeAlias = tuple[str, Sequence[object]]
"""A query and its parameters from `$4` on; the moment's come before."""

READ: Final[dict[Column, Callable[[Any], object]]] = {
    "text": str,
    "bigint": int,
    "timestamptz": datetime.fromisoformat,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed(Generic[P, R]):
    """An answer that one query gives, page by page; call it as `Question.answer`."""

    row: type[R]
    sql: Callable[[P, Then], Select]
    """Gives `model`, the columns of `order` and those of the row."""
    order: Mapping[str, Column]
    """Columns that the rows are sorted by; no two rows have the same values there."""
    direction: Literal["ASC", "DESC"] = "ASC"

    async def __call__(self, inquiry: Inquiry[P], after: str | None, limit: int) -> Found[R]:
        """A page of it; `BadPlaceError` where `after` leads nowhere."""
        start = self._place(after) if after is not None else None
        sql, arguments = self.sql(inquiry.asked, inquiry.then)

        async def fetch(last: Any) -> list[Any]:
            place = [last[column] for column in self.order] if last is not None else start
            return await inquiry.db.fetch(
                self._page(sql, 3 + len(arguments), place),
                *inquiry.then.arguments,
                *arguments,
                likes(inquiry.scope),
                limit,
                *(place or ()),
            )

        found = await filled(fetch, lambda row: holds(inquiry.scope, row["model"]), limit)
        end = [found[-1][column] for column in self.order] if len(found) == limit else None
        return Found(
            [self.row.model_validate(dict(row)) for row in found],
            json.dumps(end, default=datetime.isoformat) if end is not None else None,
        )

    def _page(self, sql: str, count: int, place: Sequence[object] | None) -> str:
        columns = ", ".join(self.order)
        after = ""
        if place is not None:
            types = enumerate(self.order.values(), start=count + 3)
            values = ", ".join(f"${n}::{kind}" for n, kind in types)
            after = f" AND ({columns}) {'>' if self.direction == 'ASC' else '<'} ({values})"
        sorting = ", ".join(f"{column} {self.direction}" for column in self.order)
        return (
            f"SELECT * FROM ({sql}) q WHERE (${count + 1}::text[] IS NULL"  # noqa: S608  # our names
            f" OR model LIKE ANY(${count + 1})){after} ORDER BY {sorting} LIMIT ${count + 2}"
        )

    def _place(self, after: str) -> list[object]:
        try:
            texts = json.loads(after)
            return [READ[kind](text) for kind, text in zip(self.order.values(), texts, strict=True)]
        except (ValueError, TypeError):
            raise BadPlaceError("must be what `next` of the page before says") from None
