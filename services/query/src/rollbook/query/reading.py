"""What reads have in common: their parameters, and waiting until the tables hold what they need."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Generic, Literal, TypeVar

from fastapi import Path, Query
from pydantic import AfterValidator, BaseModel, WithJsonSchema

from rollbook.eventlog.position import Position
from rollbook.query.door import Door
from rollbook.query.problems import Problem, invalid
from rollbook.query.tables import Tables
from rollbook.query.times import rfc_3339
from rollbook.readmodel import models
from rollbook.readmodel.database import Db
from rollbook.readmodel.models import ModelRow
from rollbook.readmodel.offsets import TooLate

LETTING_GO = 1.0
"""Seconds that the end of a read may take: one that could not be ended takes its connection."""
POSITION = re.compile(r"[0-9]{1,9}:[0-9]{1,18}")
NUMBERED = re.compile(r"([^/\x00]+/[^/\x00]+)/([0-9]{1,9})")
MOST = 1000
"""Rows of one page."""

MODEL = "/models/{namespace}/{name}"
NAMESPACE = "/namespaces/{namespace}"

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
Order = Annotated[
    Literal["oldest", "newest"], Query(description="Which come first; `after` goes with it.")
]
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
    try:
        return rfc_3339(text)
    except ValueError as error:
        raise invalid("as_of", f"{error}; or a log position, such as 3:1042") from None


def instant(field: str, text: str | None) -> datetime | None:
    """The moment that a parameter names, if it is given."""
    if text is None:
        return None
    try:
        return rfc_3339(text)
    except ValueError as error:
        raise invalid(field, str(error)) from None


def after_numbered(text: str | None) -> tuple[str, int]:
    """Model and number in the `after` of lists whose rows are numbered within their model."""
    if text is None:
        return "", 0
    found = NUMBERED.fullmatch(text)
    if found is None:
        raise invalid("after", "must be what `next` of the page before says: payments/fraud/7")
    return found[1], int(found[2])


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

    @asynccontextmanager
    async def at_one_moment(self, positions: Sequence[str]) -> AsyncIterator[Db]:
        """`at_least`, for reads of several tables that must fit each other: nothing moves."""
        async with self.at_least(positions) as db:
            await db.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            try:
                yield db
            finally:
                async with asyncio.timeout(LETTING_GO):
                    await db.execute("COMMIT")

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
