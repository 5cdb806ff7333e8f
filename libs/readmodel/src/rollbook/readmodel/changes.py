"""What rows of the views a batch of records changes, and which of them it must know. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, TypeVar

from rollbook.domain.rollouts import RolloutStarted
from rollbook.domain.versions import VersionArchived
from rollbook.eventlog.envelope import EventEnvelope
from rollbook.eventlog.position import Position
from rollbook.readmodel import (
    alarms,
    aliases,
    breaks,
    cards,
    collection,
    custody,
    discussion,
    documents,
    endpoints,
    environments,
    erasures,
    evaluations,
    grants,
    history,
    keys,
    models,
    namespaces,
    policies,
    queries,
    references,
    requests,
    retraining,
    reviews,
    rollouts,
    signatures,
    verdicts,
    versions,
)
from rollbook.readmodel.aliases import AliasKey, AliasRow
from rollbook.readmodel.collection import CollectionKey, CollectionRow
from rollbook.readmodel.digests import TABLES
from rollbook.readmodel.environments import EnvironmentRow, Spot
from rollbook.readmodel.evidence import Ask
from rollbook.readmodel.models import ModelRow
from rollbook.readmodel.namespaces import NamespaceRow
from rollbook.readmodel.parked import ParkedRow
from rollbook.readmodel.requests import RequestKey, RequestRow
from rollbook.readmodel.search.index import CARRIED, Index
from rollbook.readmodel.versions import VersionKey
from rollbook.readmodel.view import Appended, Kept

R = TypeVar("R")

KEPT: Final[tuple[Kept[Any, Any], ...]] = (
    versions.VIEW,
    requests.VIEW,
    breaks.VIEW,
    rollouts.VIEW,
    grants.VIEW,
    keys.VIEW,
    queries.VIEW,
    queries.SYNONYMS,
    policies.VIEW,
    custody.HOLDS,
    custody.RETENTION,
    references.VIEW,
    alarms.VIEW,
    retraining.POLICIES,
    retraining.VIEW,
    endpoints.VIEW,
)
APPENDED: Final[tuple[Appended[Any], ...]] = (
    evaluations.VIEW,
    verdicts.VIEW,
    rollouts.STEPS,
    cards.VIEW,
    reviews.VIEW,
    documents.VIEW,
    signatures.VIEW,
    discussion.VIEW,
    erasures.VIEW,
)
EVERY: Final = frozenset(TABLES)
"""The names of all views."""
MADE_OF: Final = {
    view: frozenset(("models", "versions"))
    for view in ("search", "scores", "profiles", "pointings")
}
"""Views whose rows are made of rows of others; those of all others follow from events alone."""


@cache
def _by_event(views: frozenset[str]) -> Mapping[type, tuple[Kept[Any, Any], ...]]:
    kept = [view for view in KEPT if view.table.name in views]
    return {
        event: tuple(view for view in kept if event in view.events)
        for event in frozenset().union(*(view.events for view in kept))
    }


_APPENDED_BY_EVENT: Final = {
    event: tuple(view for view in APPENDED if event in view.events)
    for event in frozenset().union(*(view.events for view in APPENDED))
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A record that counts."""

    event: EventEnvelope
    value: bytes
    """As it stands in the log."""
    digest: str
    """SHA-256 (hexadecimal) of a stream's event; empty for an answer."""


@dataclass(frozen=True, slots=True)
class Needs:
    """Keys of rows that a batch changes and that the tables may hold."""

    models: set[str] = field(default_factory=set)
    namespaces: set[str] = field(default_factory=set)
    rows: dict[Kept[Any, Any], set[Any]] = field(default_factory=lambda: {v: set() for v in KEPT})
    spots: set[Spot] = field(default_factory=set)
    asks: set[Ask] = field(default_factory=set)
    archived: set[tuple[str, int]] = field(default_factory=set)
    """Model and version."""
    cards: set[VersionKey] = field(default_factory=set)
    """Versions whose card's text goes over into their next state."""


def needs(entries: Iterable[Entry | ParkedRow], views: frozenset[str] = EVERY) -> Needs:
    """What `Changes` has to know of the tables; of the other views nothing is looked up."""
    wanted = Needs()
    kept = _by_event(views)
    for entry in entries:
        if isinstance(entry, ParkedRow) or not entry.digest:
            continue
        event = entry.event
        key, kind = event.model or "", type(event.message)
        (wanted.models if "/" in key else wanted.namespaces).add(key)
        for view in kept.get(kind, ()):
            if kind is not view.begins and (place := view.key(event)) is not None:
                wanted.rows[view].add(place)
        if kind in environments.EVENTS:
            wanted.spots.add(environments.spot(event))
            if (ask := requests.granted(event)) is not None:
                wanted.asks.add(ask)
        if isinstance(event.message, RolloutStarted) and "requests" in views:
            wanted.rows[requests.VIEW].update((key, n) for n in event.message.requests)
        if isinstance(event.message, VersionArchived):
            wanted.archived.add((key, event.message.version))
        if kind in CARRIED and "search" in views:
            wanted.cards.add(versions.key(event))
    return wanted


@dataclass(slots=True)
class Known:
    """The rows that a batch changes, as the tables hold them."""

    models: Mapping[str, ModelRow]
    namespaces: Mapping[str, NamespaceRow]
    rows: Mapping[Kept[Any, Any], Mapping[Any, Any]]
    standing: Mapping[Spot, EnvironmentRow]
    parked: Set[str]
    cards: Mapping[VersionKey, str] | None = None
    """Texts of cards; None: what searches read is not wanted."""


class Changes:
    """The rows that a batch changes, as it leaves them; of the other views no row follows."""

    def __init__(self, known: Known, views: frozenset[str] = EVERY) -> None:
        self._known = known
        self._wanted = views
        self._kept_by_event = _by_event(views)
        self._standing = dict(known.standing)
        self._asks = {
            row.ask: key for key, row in known.rows[requests.VIEW].items() if row.state == "open"
        }
        self._models: dict[str, ModelRow] = {}
        self._namespaces: dict[str, NamespaceRow] = {}
        self._newest: dict[str, tuple[EventEnvelope, str]] = {}
        """Each stream's newest event with its digest: put into its row only once, at the end."""
        self.rows: dict[Kept[Any, Any], dict[Any, Any]] = {view: {} for view in KEPT}
        self.added: dict[Appended[Any], list[Any]] = {view: [] for view in APPENDED}
        self.aliases: dict[AliasKey, AliasRow | None] = {}
        self.collections: dict[CollectionKey, CollectionRow | None] = {}
        self.stays: dict[tuple[Spot, Position], EnvironmentRow] = {}
        self.history: list[tuple[object, ...]] = []
        self.parked: dict[str, ParkedRow] = {}
        self.index = None if known.cards is None else Index(known.cards)

    def take(self, entries: Iterable[Entry | ParkedRow]) -> None:
        """Project records in their order."""
        for entry in entries:
            if isinstance(entry, ParkedRow):
                self._park(entry)
            elif not entry.digest:
                self.history.append(history.project(entry.event, entry.value))
            elif not self._is_parked(entry.event.model or ""):
                self._project(entry)

    @property
    def models(self) -> dict[str, ModelRow]:
        """The rows of all models that changed."""
        return {key: models.moved(row, *self._newest[key]) for key, row in self._models.items()}

    @property
    def namespaces(self) -> dict[str, NamespaceRow]:
        """The rows of all namespaces that changed."""
        return {
            key: namespaces.moved(row, *self._newest[key]) for key, row in self._namespaces.items()
        }

    def begun(self, view: Kept[Any, R]) -> list[R]:
        """Rows of a view that the tables do not hold."""
        known = self._known.rows[view]
        return [row for key, row in self.rows[view].items() if key not in known]

    def changed(self, view: Kept[Any, R]) -> list[R]:
        """Rows of a view that the tables hold."""
        known = self._known.rows[view]
        return [row for key, row in self.rows[view].items() if key in known]

    @property
    def stays_begun(self) -> list[EnvironmentRow]:
        """Stays that the tables do not hold."""
        return [row for row in self.stays.values() if not self._held(row)]

    @property
    def stays_ended(self) -> list[EnvironmentRow]:
        """Stays that the tables hold and that have ended."""
        return [row for row in self.stays.values() if self._held(row)]

    def _held(self, row: EnvironmentRow) -> bool:
        before = self._known.standing.get((row.model, row.environment))
        return before is not None and before.position == row.position

    def _is_parked(self, key: str) -> bool:
        return key in self.parked or key in self._known.parked

    def _park(self, row: ParkedRow) -> None:
        if not self._is_parked(row.model):
            self.parked[row.model] = row

    def _project(self, entry: Entry) -> None:
        """Every row after an event, or none of them and the stream parked."""
        event = entry.event
        key = event.model or ""
        try:
            stream = self._stream(key, event)
            rows = [*self._kept(event), *self._granted(event)]
            stays = self._stays(event)
        except LookupError as error:
            self._park(ParkedRow(key, event.position, event.time, str(error)))
            return
        if isinstance(stream, ModelRow):
            self._models[key] = stream
            if self.index is not None:
                version = next((row for view, _, row in rows if view is versions.VIEW), None)
                self.index.take(event, stream, version)
        elif stream is not None:
            self._namespaces[key] = stream
        self._newest[key] = event, entry.digest
        for view, place, row in rows:
            self.rows[view][place] = row
            if view is requests.VIEW:
                self._ask(place, row)
        for appended in _APPENDED_BY_EVENT.get(type(event.message), ()):
            self.added[appended] += appended.project(event)
        self.aliases.update(aliases.project(event))
        self.collections.update(collection.project(event))
        for stay in stays:
            spot = (stay.model, stay.environment)
            self.stays[spot, stay.position] = stay
            if stay.until is None:
                self._standing[spot] = stay
            else:
                self._standing.pop(spot, None)
        self.history.append(history.project(event, entry.value))

    def _stream(self, key: str, event: EventEnvelope) -> ModelRow | NamespaceRow | None:
        if "/" in key:
            model = self._models.get(key) or self._known.models.get(key)
            self._check_chain(model, event)
            return models.project(model, event)
        namespace = self._namespaces.get(key) or self._known.namespaces.get(key)
        self._check_chain(namespace, event)
        return namespaces.project(namespace, event)

    def _kept(self, event: EventEnvelope) -> Iterator[tuple[Kept[Any, Any], Any, Any]]:
        for view in self._views(type(event.message)):
            if (place := view.key(event)) is None:
                continue
            row = self.rows[view].get(place) or self._known.rows[view].get(place)
            yield view, place, view.project(row, event)

    def _views(self, kind: type) -> tuple[Kept[Any, Any], ...]:
        return self._kept_by_event.get(kind, ())

    def _granted(self, event: EventEnvelope) -> Iterator[tuple[Kept[Any, Any], Any, Any]]:
        """The requests that have come true, or that nobody can grant any more."""
        view = requests.VIEW
        for place in self._closed_by(event) if "requests" in self._wanted else ():
            row = self.rows[view].get(place) or self._known.rows[view][place]
            yield view, place, requests.project(row, event)

    def _closed_by(self, event: EventEnvelope) -> list[RequestKey]:
        if isinstance(event.message, VersionArchived):
            archived = event.model, event.message.version
            return [place for ask, place in self._asks.items() if ask[:2] == archived]
        if isinstance(event.message, RolloutStarted):
            return [(event.model or "", number) for number in event.message.requests]
        ask = requests.granted(event) if type(event.message) in environments.EVENTS else None
        place = self._asks.get(ask) if ask is not None else None
        return [place] if place is not None else []

    def _ask(self, place: RequestKey, row: RequestRow) -> None:
        if row.state == "open":
            self._asks[row.ask] = place
        elif self._asks.get(row.ask) == place:
            del self._asks[row.ask]

    def _stays(self, event: EventEnvelope) -> Sequence[EnvironmentRow]:
        if type(event.message) not in environments.EVENTS or "environments" not in self._wanted:
            return ()
        return environments.project(self._standing.get(environments.spot(event)), event)

    def _check_chain(self, row: ModelRow | NamespaceRow | None, event: EventEnvelope) -> None:
        newest = self._newest.get(event.model or "")
        if newest is not None:
            seq, head = newest[0].seq, newest[1]
        else:
            seq, head = (row.seq, row.head) if row else (0, "")
        if event.seq != seq + 1:
            raise LookupError(f"the event at {event.position} has seq {event.seq}, not {seq + 1}")
        if event.prev != head:
            raise LookupError(f"the event at {event.position} has the wrong prev")


class Followed(Changes):
    """Some views by events whose chain another projection has checked already."""

    def _stream(self, key: str, event: EventEnvelope) -> ModelRow | NamespaceRow | None:
        stream = "models" if "/" in key else "namespaces"
        return super()._stream(key, event) if stream in self._wanted else None

    def _check_chain(self, row: ModelRow | NamespaceRow | None, event: EventEnvelope) -> None:
        pass
