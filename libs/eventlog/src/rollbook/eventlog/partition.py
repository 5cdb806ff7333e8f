"""One partition's state, folded from the log: what its single writer decides on."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

from rollbook.domain import snapshot, traffic
from rollbook.domain.state import Model
from rollbook.domain.streams import NEW_MODEL, State, StreamEvent, beginning, evolve
from rollbook.domain.tenancy import Namespace
from rollbook.eventlog.envelope import Record
from rollbook.eventlog.records import (
    NAMESPACE_EVENTS,
    STREAM_EVENTS,
    Broken,
    Heading,
    decode_message,
    digest,
    heading,
)

if TYPE_CHECKING:
    from rollbook.eventlog.draft import Draft

REMEMBERED = 100_000
"""Command ids that a partition remembers; a repeat within them gets the first outcome again."""

UNKNOWN_ACTOR = "unknown"
"""The actor of a command that was refused before it was known who sent it."""

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class Stream(NamedTuple):
    """A model, or a namespace, with its place in its own history."""

    state: State = NEW_MODEL
    seq: int = 0
    prev: str = ""
    """SHA-256 (hexadecimal) of the last event."""
    broken: str | None = None
    """Why nothing more can be decided here: a record that cannot follow the one before it."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A stream as its snapshot holds it, not opened until somebody asks for it."""

    offset: int
    """The first record of the log that the snapshot does not contain."""
    head: dict[str, object]
    blocks: tuple[list[list[object]], ...]

    def open(self) -> Stream:
        """The stream, ready to decide on."""
        state: State
        if "namespace" in self.head:
            state = snapshot.restore_namespace(self.head["namespace"])  # type: ignore[arg-type]
        else:
            state = snapshot.restore(self.head["model"], self.blocks)  # type: ignore[arg-type]
        return Stream(
            state,
            int(str(self.head["seq"])),
            str(self.head["prev"]),
            str(self.head["broken"]) if self.head["broken"] else None,
        )


class Partition:
    """The streams of one partition, the commands it has answered, and how far it has come."""

    def __init__(self, number: int, *, remembered: int = REMEMBERED) -> None:
        self.number = number
        self.next_offset = 0
        self.next_command = 0
        self.claim = -1
        self.time = LONG_AGO
        self.streams: dict[str, Stream] = {}
        self.sealed: dict[str, Sealed] = {}
        self.answered: dict[bytes, int] = {}
        """Fingerprint of a command -> offset of its outcome, oldest first."""
        self.snapshot_offset = 0
        """Where the last snapshot was taken."""
        self.touched: set[str] = set()
        """Models changed since the last snapshot."""
        self.moved: set[tuple[str, str]] = set()
        """Models and names whose traffic went elsewhere since the last snapshot."""
        self.breaks = 0
        """Records that broke a stream or came from a writer whose claim had ended."""
        self._remembered = remembered

    def stream(self, key: str) -> Stream:
        """The stream of a model or namespace; an empty one where nothing has happened yet."""
        found = self.streams.get(key)
        if found is not None:
            return found
        if (sealed := self.sealed.get(key)) is not None:
            found = self.streams[key] = sealed.open()
            return found
        return Stream(beginning(key))

    def namespaces(self) -> dict[str, Namespace]:
        """The namespaces that live in this partition."""
        keys = {key for key in (*self.sealed, *self.streams) if "/" not in key}
        states = {key: self.stream(key).state for key in sorted(keys)}
        return {key: state for key, state in states.items() if isinstance(state, Namespace)}

    def claimed(self, offset: int) -> None:
        """Take in our own claim, which stands at `offset`."""
        self.claim = offset
        self.next_offset = offset + 1

    def fold(self, records: Iterable[Record]) -> None:
        """Take in records of the log, in order."""
        for record in records:
            self._fold(record)
        self._forget()

    def _fold(self, record: Record) -> None:
        self.next_offset = record.offset + 1
        try:
            head = heading(record)
            key = record.key.decode() if record.key is not None else None
            time = max(self.time, datetime.fromisoformat(head.time.decode()))
        except (Broken, ValueError, TypeError):  # TypeError: a time without its zone
            self.breaks += 1
            return
        if head.kind == "WriterClaimed":
            self.claim = record.offset
            return
        if head.claim != self.claim:
            self.breaks += 1
            return
        self.time = time
        if head.cmd_offset is not None:
            self.next_command = max(self.next_command, head.cmd_offset + 1)
        known_sender = head.actor != UNKNOWN_ACTOR.encode()
        if head.command_id is not None and known_sender and head.kind != "CommandRepeated":
            self.answered[fingerprint(record.key, head.actor, head.command_id)] = record.offset
        if head.kind in STREAM_EVENTS and key is not None:
            self._follow(key, head, record)

    def _follow(self, key: str, head: Heading, record: Record) -> None:
        sealed = self.sealed.get(key)
        if sealed is not None and record.offset < sealed.offset:
            return
        stream = self.stream(key)
        self.touched.add(key)
        if stream.broken is None:
            after = self.streams[key] = follow(stream, head, record)
            self.breaks += after.broken is not None
            if isinstance(stream.state, Model) and isinstance(after.state, Model):
                self.moved.update((key, end) for end in traffic.moved(stream.state, after.state))

    def _forget(self) -> None:
        for old in list(self.answered)[: max(0, len(self.answered) - self._remembered)]:
            del self.answered[old]

    def merge(self, draft: "Draft") -> None:
        """Take in what a draft decided and the log now holds."""
        self.streams.update(draft.streams)
        self.touched.update(draft.streams)
        self.answered.update(draft.answered)
        self.time = draft.time
        self.next_command = draft.next_command
        self.next_offset += len(draft.outcomes)
        if len(self.answered) > self._remembered * 1.1:  # seldom, since it copies the keys
            self._forget()


def follow(stream: Stream, head: Heading, record: Record) -> Stream:
    """The stream after an event of its own; a broken one when the event cannot follow."""
    if head.seq != stream.seq + 1:
        why = f"event at offset {record.offset} has seq {head.seq}, not {stream.seq + 1}"
        return stream._replace(broken=why)
    if head.prev.decode() != stream.prev:
        return stream._replace(broken=f"event at offset {record.offset} has the wrong prev")
    try:
        if isinstance(stream.state, Namespace) != (head.kind in NAMESPACE_EVENTS):
            raise Broken(f"{head.kind} is no event of such a stream")
        event: StreamEvent = decode_message(  # type: ignore[assignment]  # no answer, by its kind
            head.kind, record.value, head.schema, head.actor
        )
        state = evolve(stream.state, event)
    except (Broken, KeyError, ValueError) as error:
        return stream._replace(broken=f"event at offset {record.offset}: {error}")
    return Stream(state, head.seq, digest(record.key, record.value, record.headers))


def fingerprint(key: bytes | None, actor: bytes, command_id: bytes) -> bytes:
    """What makes a command the same one again: model, actor and id, so that none can squat."""
    return blake2b(b"\n".join((key or b"", actor, command_id)), digest_size=16).digest()
