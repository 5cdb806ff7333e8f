"""Tables that are made anew beside the live ones: all of them, or some by themselves."""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Self

from rollbook.eventlog.envelope import Record
from rollbook.eventlog.position import Position
from rollbook.projector.effects import Views
from rollbook.projector.handlers import Taken
from rollbook.readmodel import offsets
from rollbook.readmodel.changes import Changes, Entry, Followed, Known
from rollbook.readmodel.database import Connection
from rollbook.readmodel.erasures import ErasureRow
from rollbook.readmodel.parked import ParkedRow


class MustPark(Exception):
    """A view that is made alone cannot go on where the others could: make them all."""


class Beside(Views):
    """Tables that nobody reads yet and that have no vault: nothing is erased for them."""

    def know(self, still: Mapping[str, Position]) -> None:
        """What the live tables have found out; here it is found out again."""

    async def _erase(self, asked: Collection[ErasureRow]) -> None:
        pass


class Alone(Beside):
    """Some views without the others, by what those have found out about every stream."""

    _still: Mapping[str, Position] = MappingProxyType({})
    """Streams that are parked, each from where on: what parks another one raises `MustPark`."""

    @classmethod
    async def of(
        cls,
        db: Connection,
        partitions: int,
        views: frozenset[str],
        still: Mapping[str, Position],
    ) -> Self:
        """Take up only these tables."""
        tables = await offsets.prepare(db, partitions)
        made = cls(db, tables, await offsets.places(db), set(), views)
        made.know(still)
        return made

    def know(self, still: Mapping[str, Position]) -> None:
        """The streams that the live tables have parked by now."""
        self._still = still

    def read(self, batch: Mapping[int, Sequence[Record]]) -> dict[int, Taken]:
        """Without what the others have not taken in."""
        found = super().read(batch)
        for taken in found.values():
            goes_on = [entry for entry in taken.entries if not self._stands_still(entry)]
            taken.passed = len(taken.entries) - len(goes_on)
            taken.entries = goes_on
        return found

    def _stands_still(self, entry: Entry | ParkedRow) -> bool:
        if isinstance(entry, ParkedRow):
            key, place = entry.model, entry.position
        elif entry.digest:
            key, place = entry.event.model or "", entry.event.position
        else:
            return False
        return key in self._still and place >= self._still[key]

    def _changes(self, known: Known) -> Changes:
        return Followed(known, self._views)

    async def _save(self, changes: Changes) -> None:
        for row in changes.parked.values():
            if row.model not in self._still:
                raise MustPark(f"{row.model} cannot be followed at {row.position}: {row.reason}")
        await super()._save(changes)
