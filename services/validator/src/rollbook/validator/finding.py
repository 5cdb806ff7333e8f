"""Finds in the tables what is due: all of it at the start, from then on what is new.

What is new stands in the history behind the place where it was last looked at, so a million
versions that are not due cost nothing. The first look goes by indexes in which few others stand.
"""

from collections.abc import AsyncGenerator, Mapping
from datetime import datetime
from typing import Any, Final

from rollbook.domain.tenancy import REGISTRY
from rollbook.eventlog.position import Position
from rollbook.readmodel import offsets
from rollbook.readmodel.database import Db
from rollbook.validator.book import Book, Standing
from rollbook.validator.handlers import Occasion, Why

PAGE: Final = 500
"""Rows at once."""

_POLICIES: Final = (
    'SELECT partition, off, model, type, "time", data FROM history'
    " WHERE type IN ('PolicySaved', 'PolicyDropped') ORDER BY partition, off"
)
_NEW: Final = (
    "SELECT partition, off, model, type, \"time\", actor, (data ->> 'version')::int AS version,"
    " CASE WHEN type LIKE 'Policy%' THEN data END AS data FROM history"
    " WHERE partition = $1 AND off >= $2 AND off < $3 AND type IN"
    " ('VersionRegistered', 'ValidationStarted', 'PolicySaved', 'PolicyDropped') ORDER BY off"
)
_STARTED: Final = (
    "SELECT v.model, v.version, h.partition, h.off FROM versions v"
    " JOIN LATERAL (SELECT partition, off, actor FROM history WHERE model = v.model"
    " AND off > v.off AND type = 'ValidationStarted' AND (data ->> 'version')::int = v.version"
    " ORDER BY off DESC LIMIT 1) h ON h.actor <> $1"
    " WHERE v.stage = 'validating' AND (v.model, v.version) > ($2, $3)"
    " ORDER BY v.model, v.version LIMIT $4"
)
_UNJUDGED: Final = (
    "SELECT model, version, partition, off, created_at FROM versions"
    " WHERE verdict IS NULL AND archived_reason IS NULL AND created_at >= $1"
    " AND (created_at, model, version) > ($2, $3, $4)"
    " ORDER BY created_at, model, version LIMIT $5"
)
_ALL: Final = (
    "SELECT v.model, v.version FROM versions v"
    " WHERE v.model > $1 AND v.model < $2 AND (v.model, v.version) > ($3, $4)"
    " AND v.archived_reason IS NULL AND v.created_at < $5"
    " ORDER BY v.model, v.version LIMIT $6"
)
_SERVING: Final = (
    "SELECT DISTINCT v.model, v.version FROM versions v"
    " JOIN environments e ON (e.model, e.version) = (v.model, v.version)"
    " WHERE e.until_off IS NULL AND v.model > $1 AND v.model < $2"
    " AND (v.model, v.version) > ($3, $4) AND v.archived_reason IS NULL AND v.created_at < $5"
    " ORDER BY v.model, v.version LIMIT $6"
)


async def policies(db: Db, book: Book) -> None:
    """Write into the book all that was ever saved and dropped."""
    for row in await db.fetch(_POLICIES):
        _written(book, row)


def _written(book: Book, row: Any) -> Standing | None:
    place = Position(row["partition"], row["off"])
    if row["type"] == "PolicySaved":
        return book.saved(row["model"], row["data"], place, row["time"])
    book.dropped(row["model"], row["data"], place)
    return None


class Reading:
    """What has come since the last look."""

    def __init__(self, book: Book, subject: str, places: Mapping[int, int]) -> None:
        self._book = book
        self._subject = subject
        """Who we are: that we have begun is no occasion."""
        self._places = dict(places)

    @classmethod
    async def from_now(cls, db: Db, book: Book, subject: str) -> "Reading":
        """From where the tables stand."""
        return cls(
            book, subject, {n: place.offset for n, place in (await offsets.places(db)).items()}
        )

    async def take(self, db: Db) -> tuple[list[Occasion], list[Standing]]:
        """Versions that may be due, and policies that were saved."""
        occasions: list[Occasion] = []
        saved: list[Standing] = []
        for partition, place in (await offsets.places(db)).items():
            begin = self._places.get(partition, 0)
            if begin >= place.offset:
                continue
            rows = await db.fetch(_NEW, partition, begin, place.offset)
            self._places[partition] = place.offset
            for row in rows:
                match row["type"]:
                    case "VersionRegistered" if self._book.may_look(row["model"]):
                        occasions.append(_occasion(Why.REGISTERED, row))
                    case "ValidationStarted" if row["actor"] != self._subject:
                        occasions.append(_occasion(Why.STARTED, row))
                    case "PolicySaved" | "PolicyDropped":
                        if (policy := _written(self._book, row)) is not None:
                            saved.append(policy)
                    case _:
                        pass
        return occasions, saved


def _occasion(why: Why, row: Any) -> Occasion:
    return Occasion(why, row["model"], row["version"], Position(row["partition"], row["off"]))


async def started(db: Db, subject: str) -> AsyncGenerator[list[Occasion], None]:
    """Versions that somebody else has asked the gates to look at, by pages."""
    last: tuple[str, int] = ("", 0)
    while rows := await db.fetch(_STARTED, subject, *last, PAGE):
        last = rows[-1]["model"], rows[-1]["version"]
        yield [_occasion(Why.STARTED, row) for row in rows]


async def unjudged(db: Db, book: Book, since: datetime) -> AsyncGenerator[list[Occasion], None]:
    """Versions registered since then about which there is no verdict, by pages."""
    last: tuple[datetime, str, int] = (since, "", 0)
    while rows := await db.fetch(_UNJUDGED, since, *last, PAGE):
        last = rows[-1]["created_at"], rows[-1]["model"], rows[-1]["version"]
        yield [_occasion(Why.REGISTERED, row) for row in rows if book.may_look(row["model"])]


async def again(db: Db, book: Book, policy: Standing) -> AsyncGenerator[list[Occasion], None]:
    """Versions that a policy wants looked at because it was saved, by pages."""
    if policy.document.revalidate == "nothing":
        return
    query = _ALL if policy.document.revalidate == "all" else _SERVING
    # "0" is what comes after "/"
    here = f"{policy.namespace}/", f"{policy.namespace}0"
    bounds = ("", "\U0010ffff") if policy.namespace == REGISTRY else here
    last: tuple[str, int] = ("", 0)
    while rows := await db.fetch(query, *bounds, *last, policy.saved, PAGE):
        last = rows[-1]["model"], rows[-1]["version"]
        if not book.stands(policy.position):
            return
        yield [
            Occasion(Why.POLICY, row["model"], row["version"], policy.position)
            for row in rows
            if policy.may_cover(row["model"])
        ]
