"""What a batch of events changes in everything that searches read."""

from collections.abc import Iterable, Mapping
from typing import Final

from rollbook.domain.aliases import AliasRemoved, AliasSet
from rollbook.domain.cards import CardWritten
from rollbook.domain.catalog import ModelRegistered
from rollbook.domain.versions import VersionRegistered
from rollbook.eventlog.envelope import EventEnvelope
from rollbook.readmodel.aliases import AliasKey
from rollbook.readmodel.database import Connection
from rollbook.readmodel.models import ModelRow
from rollbook.readmodel.search import pointings, profiles, scores, spans, states
from rollbook.readmodel.search.pointings import PointingRow
from rollbook.readmodel.search.profiles import ProfileRow
from rollbook.readmodel.search.scores import ScoreRow
from rollbook.readmodel.search.spans import Spans
from rollbook.readmodel.search.states import StateRow
from rollbook.readmodel.versions import VersionKey, VersionRow

CARRIED: Final = states.EVENTS - {VersionRegistered, CardWritten}
"""Events whose version keeps the text of its card."""


class Index:
    """The rows that a batch begins and ends."""

    def __init__(self, cards: Mapping[VersionKey, str]) -> None:
        self._cards = dict(cards)
        """Texts of the cards of the versions that the batch changes."""
        self.states: Spans[tuple[str, int], StateRow] = Spans()
        self.scores: list[ScoreRow] = []
        self.profiles: Spans[tuple[str], ProfileRow] = Spans()
        self.pointings: Spans[AliasKey, PointingRow] = Spans()

    def take(self, event: EventEnvelope, model: ModelRow, version: VersionRow | None) -> None:
        """An event of a model, and the model and the version that it changed, as it left them."""
        message = event.message
        kind = type(message)
        if kind in states.EVENTS and version is not None:
            key = version.model, version.version
            if isinstance(message, CardWritten):
                self._cards[key] = states.text_of(message.card)
            row = states.project(version, event, self._cards.get(key, ""))
            if kind is VersionRegistered:
                self.states.begin_first(key, row)
                self.scores += scores.project(version)
            else:
                self.states.begin(key, row)
        elif kind in profiles.EVENTS:
            profile = ProfileRow(model, event.position)
            if kind is ModelRegistered:
                self.profiles.begin_first((model.key,), profile)
            else:
                self.profiles.begin((model.key,), profile)
        match message:
            case AliasSet(alias=alias, version=number):
                pointing = PointingRow(
                    model.key, alias, number, event.position, event.time, event.actor
                )
                self.pointings.begin((model.key, alias), pointing)
            case AliasRemoved(alias=alias):
                self.pointings.end((model.key, alias), event.position.offset)
            case _:
                pass


# What the projector reads and writes


async def cards(db: Connection, keys: Iterable[VersionKey]) -> dict[VersionKey, str]:
    """The texts of the cards of those of `keys` that have one."""
    models, versions = zip(*keys, strict=True)
    rows = await db.fetch(
        "SELECT model, version, card FROM search"
        " JOIN unnest($1::text[], $2::int[]) n (model, version) USING (model, version)"
        " WHERE until_off IS NULL AND card <> ''",
        list(models),
        list(versions),
    )
    return {(row["model"], row["version"]): row["card"] for row in rows}


async def save(db: Connection, index: Index, views: frozenset[str]) -> None:
    """Write every row of `views` that ended or is new."""
    version = {"model": "text", "version": "int"}
    if "search" in views:
        await spans.save(db, states.TABLE, version, index.states)
    if "profiles" in views:
        await spans.save(db, profiles.TABLE, {"model": "text"}, index.profiles)
    if "pointings" in views:
        await spans.save(db, pointings.TABLE, {"model": "text", "alias": "text"}, index.pointings)
    if "scores" in views and index.scores:
        await scores.TABLE.insert(db, index.scores)
