"""Custody: which stored artifacts are kept, archived or let go, each with the reason."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Final, NamedTuple, TypeAlias

from rollbook.domain.rulebook import Retention

VersionKey: TypeAlias = tuple[str, int]
"""Model, `namespace/name`, and number."""

GRACE: Final = timedelta(days=1)
"""What came or was claimed more lately stays: somebody may be about to register it."""


class Need(IntEnum):
    """What is needed of bytes; the greatest need of all that name them counts."""

    NONE = 0
    COLD = 1
    """They must not be lost; the archive is good enough."""
    THERE = 2
    """They stay where they are."""
    AT_HAND = 3
    """They must be read at once."""
    UNTOUCHED = 4


class Because(NamedTuple):
    """A need, and why."""

    need: Need
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A version, as far as custody of its bytes goes."""

    model: str
    version: int
    digests: frozenset[str]
    """All that it names: its artifact, variants, documents, data."""
    registered_at: datetime
    archived_at: datetime | None = None
    aliases: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    asked: tuple[int, ...] = ()
    """Open requests for its promotion."""
    hold: str | None = None
    """Why it is under legal hold."""
    unclear: str | None = None
    """Why nobody knows how it stands with its model by now."""
    parents: tuple[VersionKey, ...] = ()

    @property
    def key(self) -> VersionKey:
        """What it is called by."""
        return self.model, self.version

    @property
    def name(self) -> str:
        """The same for people."""
        return f"{self.model}@{self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """Bytes that the store holds."""

    digest: str
    size: int
    at: datetime
    """When they came, or somebody last claimed them."""
    archived: bool = False
    files: frozenset[str] = field(default=frozenset())
    """Digests of what lies in it, where it is a folder."""


class Action(StrEnum):
    """What is to be done with bytes."""

    KEEP = "keep"
    ARCHIVE = "archive"
    RESTORE = "restore"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Ruling:
    """What is to be done with a blob, and why."""

    blob: Blob
    action: Action
    reason: str


class Custody:
    """What is needed of all bytes, by what is known at one moment."""

    def __init__(
        self, entries: Iterable[Entry], retentions: Mapping[str, Retention], now: datetime
    ) -> None:
        entries = list(entries)
        needs = of_versions(entries, retentions, now)
        self._now = now
        self._wanted: dict[str, Because] = {}
        for entry in entries:
            said = needs[entry.key]
            because = Because(said.need, f"{entry.name} {said.reason}")
            for digest in entry.digests:
                self._want(digest, because)

    def names(self, digest: str) -> bool:
        """Whether a version names these bytes, or a folder that was noted."""
        return digest in self._wanted

    def note(self, blob: Blob) -> None:
        """Let what lies in a folder be needed as much as the folder."""
        own = self._because(blob)
        for digest in blob.files:
            because = Because(own.need, _UNNAMED_FOLDER) if own.reason == _UNNAMED else own
            self._want(digest, because)

    def ruling(self, blob: Blob) -> Ruling:
        """What is to be done with a blob, once all folders were noted."""
        because = self._because(blob)
        match because.need:
            case Need.NONE:
                action = Action.DELETE
            case Need.COLD:
                action = Action.KEEP if blob.archived else Action.ARCHIVE
            case Need.AT_HAND if blob.archived:
                action = Action.RESTORE
            case _:
                action = Action.KEEP
        return Ruling(blob, action, because.reason)

    def _because(self, blob: Blob) -> Because:
        found = self._wanted.get(blob.digest, Because(Need.NONE, _UNNAMED))
        if found.need is Need.NONE and self._now - blob.at < GRACE:
            return Because(Need.THERE, "came, or was claimed, less than a day ago")
        return found

    def _want(self, digest: str, because: Because) -> None:
        found = self._wanted.get(digest)
        if found is None or found.need < because.need:
            self._wanted[digest] = because


def of_versions(
    entries: Iterable[Entry], retentions: Mapping[str, Retention], now: datetime
) -> dict[VersionKey, Because]:
    """What is needed of the bytes of each version, by itself and by those made from it."""
    models: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        models[entry.model].append(entry)
    found: dict[VersionKey, Because] = {}
    parents: dict[VersionKey, Entry] = {}
    for model, versions in models.items():
        retention = retentions.get(model.partition("/")[0], Retention())
        versions.sort(key=lambda entry: entry.version, reverse=True)
        for age, entry in enumerate(versions):
            found[entry.key] = _alone(entry, age, retention, now)
            parents[entry.key] = entry
    todo = sorted(parents, key=lambda key: found[key].need)  # the greatest is taken first
    while todo:
        child = parents[todo.pop()]
        need = min(found[child.key].need, Need.THERE)
        for parent in child.parents:
            if parent in found and found[parent].need < need:
                found[parent] = Because(need, f"is what {child.name} was made from")
                todo.append(parent)
    return found


def _alone(entry: Entry, age: int, retention: Retention, now: datetime) -> Because:
    if (use := next(_uses(entry), None)) is not None:
        return use
    if age < retention.keep_last:
        return Because(Need.THERE, f"is among the newest {retention.keep_last} of its model")
    delete, archive = retention.delete_after, retention.archive_after
    if entry.archived_at is not None and delete and now - entry.archived_at >= delete:
        return Because(Need.NONE, f"was archived {_day(entry.archived_at)}: {_days(delete)} are up")
    if archive and now - entry.registered_at >= archive:
        said = f"was registered {_day(entry.registered_at)}: {_days(archive)} are up"
        return Because(Need.COLD, said)
    return Because(Need.THERE, "has not come to its time")


def _uses(entry: Entry) -> Iterator[Because]:
    """Why nothing may be done with it, the strongest first."""
    if entry.unclear is not None:
        yield Because(Need.UNTOUCHED, f"is of a model whose tables stand still: {entry.unclear}")
    if entry.hold is not None:
        yield Because(Need.UNTOUCHED, f"is under legal hold: {entry.hold}")
    if entry.environments:
        yield Because(Need.AT_HAND, f"serves in {', '.join(entry.environments)}")
    if entry.aliases:
        yield Because(Need.AT_HAND, f"has the alias {', '.join(entry.aliases)}")
    if entry.asked:
        yield Because(Need.AT_HAND, f"is asked for in request {', '.join(map(str, entry.asked))}")


def _day(moment: datetime) -> str:
    return moment.date().isoformat()


def _days(span: timedelta) -> str:
    return f"{span.days:,} days" if span.days > 1 else str(span)


_UNNAMED: Final = "no version names it"
_UNNAMED_FOLDER: Final = "no version names it, or the folder that it is in"
