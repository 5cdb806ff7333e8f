"""What reads have in common: their parameters, and waiting until the tables hold what they need."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Generic, Literal, TypeVar
from uuid import UUID

from fastapi import Path, Query
from pydantic import AfterValidator, BaseModel, WithJsonSchema

from rollbook.eventlog.position import Position
from rollbook.query.door import Door
from rollbook.query.problems import Problem, invalid
from rollbook.query.tables import Tables
from rollbook.query.times import rfc_3339
from rollbook.readmodel import database, models, past
from rollbook.readmodel import then as moments
from rollbook.readmodel.database import Db
from rollbook.readmodel.history import LAST
from rollbook.readmodel.models import ModelRow
from rollbook.readmodel.offsets import TooLate
from rollbook.readmodel.past import EVERYTHING, Look, Moment, UnknownEventError, Until
from rollbook.readmodel.then import When

EVENT_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
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


AsOf = Annotated[
    str | None,
    Query(
        description="As it was then: an RFC 3339 time, or as a record left it, by its log position"
        " or its id. Of records of the same time the last one counts; one of another partition"
        " stands for its time.",
        examples=["2026-03-01T12:00:00Z"],
    ),
]


def moment(text: str, field: str = "as_of") -> Moment:
    """What `as_of` names: a time, the place of a record in the log, or the id of one."""
    if POSITION.fullmatch(text):
        return Position.parse(text)
    if EVENT_ID.fullmatch(text):
        return UUID(text)
    try:
        return rfc_3339(text)
    except ValueError as error:
        raise invalid(
            field, f"{error}; or a log position, such as 3:1042; or an event's id"
        ) from None


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


def look_at(*tables: str) -> Look:
    """What a read of some views needs of the past."""
    return Look(tables=frozenset(tables))


class Reading:
    """Lends the tables to a read as soon as they hold what it must show."""

    def __init__(self, door: Door, tables: Tables) -> None:
        self._door = door
        self._tables = tables

    @asynccontextmanager
    async def at_least(self, positions: Sequence[str]) -> AsyncIterator[Db]:
        """The tables, when they have taken in the records at `positions`."""
        await self._reach(positions)
        async with self._tables.open() as db:
            yield db

    def at_once(self) -> AbstractAsyncContextManager[Db]:
        """The tables as they are, for a read that need not show anything in particular."""
        return self._tables.open()

    async def _reach(self, positions: Sequence[str]) -> None:
        places = list(map(Position.parse, positions))
        for place in places:
            self.check("min_position", place)
        if not all(map(self._tables.hold, places)):
            try:
                await self._tables.reach(places)
            except TooLate as error:
                raise Problem(503, "behind", f"{error}; try again") from None

    def lend_past(self) -> AbstractAsyncContextManager[Db]:
        """A connection that `past.put_back` takes."""
        return self._tables.open_past()

    @asynccontextmanager
    async def at_one_moment(self, positions: Sequence[str]) -> AsyncIterator[Db]:
        """`at_least`, for reads of several tables that must fit each other: nothing moves."""
        async with self.at_least(positions) as db, database.one_moment(db):
            yield db

    def shown(
        self,
        as_of: str | None,
        positions: Sequence[str],
        *streams: str,
        look: Look = EVERYTHING,
    ) -> AbstractAsyncContextManager[Db]:
        """`at_least`; or the views of some streams as they were, and of nothing else."""
        if as_of is None:
            return self.at_least(positions)
        return self._back(as_of, positions, streams, look)

    def shown_together(
        self,
        as_of: str | None,
        positions: Sequence[str],
        *streams: str,
        look: Look = EVERYTHING,
    ) -> AbstractAsyncContextManager[Db]:
        """`shown`, for reads of several tables that must fit each other."""
        if as_of is None:
            return self.at_one_moment(positions)
        return self._back(as_of, positions, streams, look)

    @asynccontextmanager
    async def _back(
        self, as_of: str, positions: Sequence[str], streams: Sequence[str], look: Look
    ) -> AsyncIterator[Db]:
        at = moment(as_of)
        await self._reach(self.needed(as_of, positions))
        async with self._tables.open_past() as db:
            try:
                async with past.put_back(db, at, streams, look):
                    yield db
            except UnknownEventError as error:
                raise Problem(404, "unknown_event", str(error)) from None

    def needed(
        self, as_of: str | None, positions: Sequence[str], field: str = "as_of"
    ) -> list[str]:
        """The positions that a read as of a moment must show."""
        at = moment(as_of, field) if as_of is not None else None
        if not isinstance(at, Position):
            return [*positions]
        self.check(field, at)
        return [*positions, str(at)]

    def check(self, field: str, position: Position) -> None:
        """Refuse a position in a partition that the log does not have."""
        count = self._door.partitions
        if count and position.partition >= count:
            raise invalid(field, f"the log has partitions 0 to {count - 1}")


async def then(db: Db, as_of: str | None) -> When:
    """The moment of the whole log that a parameter names; None: now."""
    if as_of is None:
        return None
    try:
        return await moments.then(db, moment(as_of))
    except UnknownEventError as error:
        raise Problem(404, "unknown_event", str(error)) from None


async def until(db: Db, key: str, as_of: str | None, field: str = "as_of") -> Until:
    """Where a stream ended as of a moment; without one, it goes on."""
    if as_of is None:
        return Until(LAST, datetime.now(UTC))
    try:
        return await past.until(db, key, moment(as_of, field))
    except UnknownEventError as error:
        raise Problem(404, "unknown_event", str(error)) from None


async def known(db: Db, key: str) -> ModelRow:
    """The model; a 404 when it was never registered."""
    row = await models.get(db, key)
    if row is None:
        raise Problem(404, "unknown_model", f"there is no model {key}")
    return row
