"""What reads have in common: their parameters, and waiting until the tables hold what they need."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Generic, TypeVar

from fastapi import Path, Query
from pydantic import AfterValidator, BaseModel, WithJsonSchema

from rollbook.eventlog.position import Position
from rollbook.query.door import Door
from rollbook.query.problems import Problem, invalid
from rollbook.query.tables import Tables
from rollbook.readmodel import models
from rollbook.readmodel.database import Db
from rollbook.readmodel.models import ModelRow
from rollbook.readmodel.offsets import TooLate

POSITION = re.compile(r"[0-9]{1,9}:[0-9]{1,18}")
RFC_3339 = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d(?:\.\d{1,6})?)\d*([Zz]|[+\- ]\d\d:\d\d)", re.ASCII
)
MOST = 1000
"""Rows of one page."""

Row = TypeVar("Row")


class Page(BaseModel, Generic[Row]):
    """Some rows, in order."""

    items: list[Row]
    next: str | None = None
    """Pass it as `after` to get what follows; null where nothing does."""


def _position(text: str) -> str:
    if not POSITION.fullmatch(text):
        raise ValueError("must be a log position, 'partition:offset', such as 3:1042")
    return text


PositionText = Annotated[
    str,
    AfterValidator(_position),
    WithJsonSchema({"type": "string", "pattern": f"^{POSITION.pattern}$", "examples": ["3:1042"]}),
]
Namespace = Annotated[str, Path(examples=["payments"])]
Name = Annotated[str, Path(examples=["fraud"])]
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
Limit = Annotated[int, Query(ge=1, le=MOST, description="Rows of the page.")]
MinPosition = Annotated[
    list[PositionText],
    Query(
        description="Positions of answers that the read must show. It waits for them, and answers"
        " 503 when they do not come in time."
    ),
]


def moment(text: str) -> datetime | Position:
    """What `as_of` names: a moment, or the place of a record in the log."""
    if POSITION.fullmatch(text):
        return Position.parse(text)
    if found := RFC_3339.fullmatch(text):
        day, time, zone = found.groups()
        zone = "+00:00" if zone in "Zz" else zone.replace(" ", "+")  # a '+' that was not escaped
        try:
            return datetime.fromisoformat(f"{day}T{time}{zone}")
        except ValueError as error:
            raise invalid("as_of", f"is no moment: {error}") from None
    raise invalid(
        "as_of",
        "must be an RFC 3339 time with its offset, such as 2026-03-01T12:00:00Z,"
        " or a log position, such as 3:1042",
    )


class Reading:
    """Lends the tables to a read as soon as they hold what it must show."""

    def __init__(self, door: Door, tables: Tables) -> None:
        self._door = door
        self._tables = tables

    @asynccontextmanager
    async def at_least(self, positions: Sequence[str]) -> AsyncIterator[Db]:
        """The tables, when they have taken in the records at `positions`."""
        places = list(map(Position.parse, positions))
        for place in places:
            self.check("min_position", place)
        if not all(map(self._tables.hold, places)):
            try:
                await self._tables.reach(places)
            except TooLate as error:
                raise Problem(503, "behind", f"{error}; try again") from None
        async with self._tables.open() as db:
            yield db

    def check(self, field: str, position: Position) -> None:
        """Refuse a position in a partition that the log does not have."""
        count = self._door.partitions
        if count and position.partition >= count:
            raise invalid(field, f"the log has partitions 0 to {count - 1}")


async def known(db: Db, key: str) -> ModelRow:
    """The model; a 404 when it was never registered."""
    row = await models.get(db, key)
    if row is None:
        raise Problem(404, "unknown_model", f"there is no model {key}")
    return row
