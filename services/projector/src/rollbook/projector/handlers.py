"""What the projector makes of records: which count, which park a model, what rows change. Pure."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime

from rollbook.domain.versions import VersionRegistered
from rollbook.eventlog.codec import MODEL_EVENTS, Broken, decode_event, digest
from rollbook.eventlog.envelope import EventEnvelope, Record
from rollbook.eventlog.log import Unavailable
from rollbook.eventlog.outcomes import WriterClaimed
from rollbook.eventlog.position import Position
from rollbook.readmodel import aliases, environments, history, models, versions
from rollbook.readmodel.aliases import AliasKey, AliasRow
from rollbook.readmodel.environments import EnvironmentRow, Spot
from rollbook.readmodel.models import ModelRow
from rollbook.readmodel.offsets import Place
from rollbook.readmodel.parked import ParkedRow
from rollbook.readmodel.versions import VersionKey, VersionRow


@dataclass(frozen=True, slots=True)
class Entry:
    """A record that counts."""

    event: EventEnvelope
    value: bytes
    """As it stands in the log."""
    digest: str
    """SHA-256 (hexadecimal) of a model's event; empty for an answer."""


@dataclass(slots=True)
class Taken:
    """Records of one partition, read in order."""

    records: Sequence[Record]
    place: Place
    """Where the next record stands."""
    entries: list[Entry | ParkedRow] = field(default_factory=list)
    ignored: int = 0
    """Records that no writer with a valid claim can have written."""


def read(partition: int, place: Place, records: Sequence[Record]) -> Taken:
    """Decode the records from `place` on; a poison record stands as what parks its model.

    Raises `Unavailable` when one is missing: the log has no gaps.
    """
    offset, claim, time = place.offset, place.claim, place.time
    taken = Taken(records, place)
    for record in records:
        if record.offset < offset:
            continue
        if record.offset > offset:
            raise Unavailable(f"offset {offset} of partition {partition} was not handed out")
        offset = record.offset + 1
        try:
            event = _decoded(record, partition)
        except (Broken, ValueError) as error:
            # The claim tells what the writer has written from what anybody may have appended.
            written = dict(record.headers).get("ce_claim") == b"%d" % claim
            if written and record.key is not None:
                taken.entries.append(_poison(partition, record, str(error)))
            else:
                taken.ignored += 1
            continue
        if isinstance(event.message, WriterClaimed):
            claim, time = record.offset, event.time
        elif event.claim != claim or (is_own(event) and event.model is None):
            taken.ignored += 1
        else:
            time = event.time
            head = digest(record.key, record.value, record.headers) if is_own(event) else ""
            taken.entries.append(Entry(event, record.value or b"", head))
    taken.place = Place(offset, claim, time)
    return taken


def _decoded(record: Record, partition: int) -> EventEnvelope:
    event = decode_event(record, partition)
    if event.time.tzinfo is None:
        raise Broken(f"the time of offset {record.offset} has no zone")
    return event


def is_own(event: EventEnvelope) -> bool:
    """Whether the record is a model's event, and not an answer that changes nothing."""
    return type(event.message).__name__ in MODEL_EVENTS


def _poison(partition: int, record: Record, reason: str) -> ParkedRow:
    return ParkedRow(
        (record.key or b"").decode(errors="replace"),
        Position(partition, record.offset),
        datetime.fromtimestamp(record.timestamp / 1000, UTC),
        reason,
    )


@dataclass(frozen=True, slots=True)
class Needs:
    """Keys of rows that a batch changes and that the tables may hold."""

    models: set[str] = field(default_factory=set)
    versions: set[VersionKey] = field(default_factory=set)
    spots: set[Spot] = field(default_factory=set)


def needs(entries: Iterable[Entry | ParkedRow]) -> Needs:
    """What `Changes` has to know of the tables."""
    wanted = Needs()
    for entry in entries:
        if isinstance(entry, ParkedRow) or not entry.digest:
            continue
        key = entry.event.model or ""
        wanted.models.add(key)
        number = versions.number(entry.event)
        if number is not None and not isinstance(entry.event.message, VersionRegistered):
            wanted.versions.add((key, number))
        if (spot := environments.spot(entry.event)) is not None:
            wanted.spots.add(spot)
    return wanted


@dataclass(slots=True)
class Known:
    """The rows that a batch changes, as the tables hold them."""

    models: Mapping[str, ModelRow]
    versions: Mapping[VersionKey, VersionRow]
    standing: Mapping[Spot, EnvironmentRow]
    parked: Set[str]


class Changes:
    """The rows that a batch changes, as it leaves them."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._standing = dict(known.standing)
        self._models: dict[str, ModelRow] = {}
        self._newest: dict[str, tuple[EventEnvelope, str]] = {}
        """Each model's newest event with its digest: put into its row only once, at the end."""
        self.versions: dict[VersionKey, VersionRow] = {}
        self.aliases: dict[AliasKey, AliasRow | None] = {}
        self.stays: dict[tuple[Spot, Position], EnvironmentRow] = {}
        self.history: list[tuple[object, ...]] = []
        self.parked: dict[str, ParkedRow] = {}

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
    def registered(self) -> list[VersionRow]:
        """Versions that the tables do not hold."""
        return [row for key, row in self.versions.items() if key not in self._known.versions]

    @property
    def changed(self) -> list[VersionRow]:
        """Versions that the tables hold."""
        return [row for key, row in self.versions.items() if key in self._known.versions]

    @property
    def begun(self) -> list[EnvironmentRow]:
        """Stays that the tables do not hold."""
        return [row for row in self.stays.values() if not self._held(row)]

    @property
    def ended(self) -> list[EnvironmentRow]:
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
        event = entry.event
        key = event.model or ""
        row = self._models.get(key) or self._known.models.get(key)
        try:
            self._check_chain(row, event)
            model = models.project(row, event)
            version = self._version(key, event)
            stays = self._stays(event)
        except LookupError as error:
            self._park(ParkedRow(key, event.position, event.time, str(error)))
            return
        self._models[key] = model
        self._newest[key] = event, entry.digest
        if version is not None:
            self.versions[key, version.version] = version
        self.aliases.update(aliases.project(event))
        for stay in stays:
            spot = (stay.model, stay.environment)
            self._standing[spot] = stay
            self.stays[spot, stay.position] = stay
        self.history.append(history.project(event, entry.value))

    def _version(self, key: str, event: EventEnvelope) -> VersionRow | None:
        number = versions.number(event)
        if number is None:
            return None
        row = self.versions.get((key, number)) or self._known.versions.get((key, number))
        return versions.project(row, event)

    def _stays(self, event: EventEnvelope) -> Sequence[EnvironmentRow]:
        spot = environments.spot(event)
        return environments.project(self._standing.get(spot), event) if spot else ()

    def _check_chain(self, row: ModelRow | None, event: EventEnvelope) -> None:
        newest = self._newest.get(event.model or "")
        if newest is not None:
            seq, head = newest[0].seq, newest[1]
        else:
            seq, head = (row.seq, row.head) if row else (0, "")
        if event.seq != seq + 1:
            raise LookupError(f"the event at {event.position} has seq {event.seq}, not {seq + 1}")
        if event.prev != head:
            raise LookupError(f"the event at {event.position} has the wrong prev")
