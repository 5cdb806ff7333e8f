"""Writes batches into one set of tables, each in one transaction with the place it leads to."""

from collections.abc import Collection, Mapping, Sequence
from typing import Self, TypeVar

from rollbook.eventlog.envelope import Record
from rollbook.observability.logs import logger
from rollbook.projector.handlers import Taken, read
from rollbook.readmodel import (
    environments,
    erasures,
    history,
    models,
    namespaces,
    offsets,
    parked,
    requests,
    unbuilt,
    vault,
    writing,
)
from rollbook.readmodel.changes import EVERY, Changes, Entry, Known, Needs, needs
from rollbook.readmodel.database import REJECTED, Connection
from rollbook.readmodel.erasures import ErasureRow
from rollbook.readmodel.models import ModelRow
from rollbook.readmodel.offsets import Place
from rollbook.readmodel.parked import ParkedRow
from rollbook.readmodel.search import index
from rollbook.readmodel.view import Kept

log = logger(__name__)

REMEMBERED = 20_000
"""Rows of models kept in memory, so that a model's next event finds its row there."""


K = TypeVar("K")
R = TypeVar("R")


class Superseded(Exception):
    """Another projector writes these tables: this one is a zombie and must stop."""


class Switched(Exception):
    """A rebuild has put other tables in place of these: read the places again."""


class Views:
    """One set of tables and where it stands; what it remembers holds while nobody else writes."""

    def __init__(
        self,
        db: Connection,
        tables: str,
        places: dict[int, Place],
        still: set[str],
        views: frozenset[str] = EVERY,
    ) -> None:
        self.places = places
        self.parked = still
        self._db = db
        self._tables = tables
        self._views = views
        self._models: dict[str, ModelRow] = {}

    @classmethod
    async def open(cls, db: Connection, partitions: int) -> Self:
        """Take up the tables that the connection sees; views that are not built stay empty."""
        tables = await offsets.prepare(db, partitions)
        still = {row.model for row in await parked.every(db)}
        views = EVERY - await unbuilt.empty(db)
        return cls(db, tables, await offsets.places(db), still, views)

    @property
    def alive(self) -> bool:
        """Whether the connection is open."""
        return not self._db.is_closed()

    def hold(self, ends: Mapping[int, int]) -> bool:
        """Whether the tables have come to these offsets."""
        return all(self.places[number].offset >= end for number, end in ends.items())

    def read(self, batch: Mapping[int, Sequence[Record]]) -> dict[int, Taken]:
        """The records by partition, decoded, as they follow on what the tables hold."""
        return {n: read(n, self.places[n], records) for n, records in batch.items()}

    async def write(self, batch: Mapping[int, Taken]) -> int:
        """Write what `read` gave, and return how many of its records stand in the history now.

        Raises `Superseded`, `Switched`, or what `database.DOWN` names. A record with values that
        Postgres rejects parks its stream.
        """
        try:
            return await self._commit(batch)
        except REJECTED as error:
            log.warning("batch rejected: taking its records one by one", reason=str(error))
            shown = 0
            for partition, taken in batch.items():
                for record in taken.records:
                    shown += await self._write_alone(partition, record)
            return shown

    async def _write_alone(self, partition: int, record: Record) -> int:
        taken = read(partition, self.places[partition], [record])
        try:
            return await self._commit({partition: taken})
        except REJECTED as error:
            taken.entries = [row for e in taken.entries if (row := _unstorable(e, error))]
            return await self._commit({partition: taken})

    async def _commit(self, taken: Mapping[int, Taken]) -> int:
        moves = {
            n: (self.places[n], part.place)
            for n, part in taken.items()
            if part.place.offset != self.places[n].offset
        }
        if not moves:
            return 0
        entries = [entry for part in taken.values() for entry in part.entries]
        async with self._db.transaction():
            found = await offsets.advance(self._db, moves, self._tables)
            if found == len(moves):
                changes = self._changes(await self._known(needs(entries, self._views)))
                changes.take(entries)
                await self._save(changes)
        if found != len(moves):
            await self._explain()
        self.places |= {n: after for n, (_, after) in moves.items()}
        self._remember(changes)
        return len(changes.history)

    def _changes(self, known: Known) -> Changes:
        return Changes(known, self._views)

    async def _explain(self) -> None:
        if await offsets.tables(self._db) != self._tables:
            raise Switched
        raise Superseded("another projector has moved a place that was ours")

    async def _known(self, wanted: Needs) -> Known:
        db = self._db
        rows = {key: row for key in wanted.models if (row := self._models.get(key))}
        if unknown := wanted.models - rows.keys():
            rows |= await models.load(db, unknown)
        kept = {
            view: await _loaded(db, view, keys) if keys else {}
            for view, keys in wanted.rows.items()
        }
        if wanted.asks:
            kept[requests.VIEW] |= {
                requests.VIEW.key_of(row): row for row in await requests.asked(db, wanted.asks)
            }
        if wanted.archived:
            found = await requests.asked_of(db, wanted.archived)
            kept[requests.VIEW] |= {requests.VIEW.key_of(row): row for row in found}
        return Known(
            rows,
            await namespaces.load(db, wanted.namespaces) if wanted.namespaces else {},
            kept,
            await environments.load(db, wanted.spots) if wanted.spots else {},
            self.parked,
            await index.cards(db, wanted.cards) if wanted.cards else {},
        )

    async def _save(self, changes: Changes) -> None:
        await writing.save(self._db, changes, self._views)
        if changes.history and "history" in self._views:
            await history.save(self._db, changes.history)
        await self._erase(changes.added[erasures.VIEW])

    async def _erase(self, asked: Collection[ErasureRow]) -> None:
        """What personal data is to be erased, is gone from the vault with the same commit."""
        for namespace in {row.namespace for row in asked}:
            gone = [row.reference for row in asked if row.namespace == namespace]
            await vault.erase(self._db, namespace, gone)

    def _remember(self, changes: Changes) -> None:
        if len(self._models) > REMEMBERED:
            self._models.clear()
        self._models |= changes.models
        for row in changes.parked.values():
            self.parked.add(row.model)
            log.error(
                "model parked", model=row.model, position=str(row.position), reason=row.reason
            )


async def _loaded(db: Connection, view: Kept[K, R], keys: Collection[K]) -> dict[K, R]:
    rows = map(view.row, await view.table.load(db, keys))
    return {view.key_of(row): row for row in rows}


def _unstorable(entry: Entry | ParkedRow, error: Exception) -> ParkedRow | None:
    if isinstance(entry, ParkedRow) or entry.event.model is None:
        return None  # nothing stands still for it
    event = entry.event
    return ParkedRow(entry.event.model, event.position, event.time, f"cannot be stored: {error}")
