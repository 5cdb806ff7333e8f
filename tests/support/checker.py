"""Counts after the fact: does the log hold what clients asked for and were told, once each?"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from rollbook.domain.rules import RulesSet
from rollbook.domain.streams import State, StreamEvent, beginning, evolve
from rollbook.domain.tenancy import Namespace
from rollbook.eventlog.envelope import EventEnvelope, Record
from rollbook.eventlog.outcomes import CommandRefused, CommandRepeated, WriterClaimed
from rollbook.eventlog.partition import LONG_AGO, UNKNOWN_ACTOR, Partition
from rollbook.eventlog.position import Position
from rollbook.eventlog.records import (
    STREAM_EVENTS,
    Broken,
    Heading,
    decode_event,
    digest,
    event_id,
    heading,
)


def check(
    log: Mapping[int, Sequence[Record]],
    asked: Mapping[str, int],
    acknowledged: Mapping[str, Position],
    governance: Mapping[str, Namespace] | None = None,
) -> list[str]:
    """What is wrong with a whole log, each fault as a sentence; nothing when all is well.

    `log` holds all records of each partition, from the first on; no command may have expired
    before it was answered, nor may commands come from transactional producers (their markers take
    offsets). `asked` is how often each command id was sent at most, `acknowledged` where a client
    was told that the command's own outcome stands, never a `CommandRepeated`. `governance` is what
    is believed to govern each namespace, where that is to be compared with the log.
    """
    faults: list[str] = []
    answers: Counter[str] = Counter()
    first: dict[str, set[Position]] = defaultdict(set)
    ruled: list[tuple[Position, str, int]] = []
    states: dict[str, State] = {}
    for number, records in log.items():
        reading = _Reading(number)
        for record in records:
            reading.read(record)
        reading.fold(records)
        faults += reading.faults
        answers += reading.answers
        ruled += reading.ruled
        states |= reading.states
        for command_id, positions in reading.first.items():
            first[command_id] |= positions
    for command_id, count in answers.items():
        if count > asked.get(command_id, 0):
            faults.append(
                f"command {command_id} was sent {asked.get(command_id, 0)} times,"
                f" but has {count} outcomes"
            )
    for command_id, position in acknowledged.items():
        if position not in first.get(command_id, ()):
            stand = sorted(map(str, first.get(command_id, ()))) or "nowhere"
            faults.append(
                f"command {command_id} was acknowledged at {position}, but its outcome is {stand}"
            )
    namespaces = {key: s for key, s in states.items() if isinstance(s, Namespace)}
    for position, key, rules in ruled:
        standing = namespaces.get(key.partition("/")[0], Namespace()).rules_version
        if rules > standing:
            faults.append(f"{position}: decided by rules {rules} of {key}, but {standing} stand")
    return faults + (compare(namespaces, governance) if governance is not None else [])


def compare(fold: Mapping[str, Namespace], governance: Mapping[str, Namespace]) -> list[str]:
    """Where what governs differs from what the namespaces' streams say."""
    return [
        f"namespace {key} is governed by {governance.get(key)}, but the log says {fold.get(key)}"
        for key in sorted({*fold, *governance})
        if fold.get(key) != governance.get(key)
    ]


@dataclass(slots=True)
class _Reading:
    """One partition, read by rules of its own and not by those of the code under test."""

    number: int
    faults: list[str] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    first: dict[str, set[Position]] = field(default_factory=lambda: defaultdict(set))
    ruled: list[tuple[Position, str, int]] = field(default_factory=list)
    """Where which stream's event says by which rules it was decided."""
    states: dict[str, State] = field(default_factory=dict)
    _next_offset: int | None = None
    _next_command: int = 0
    _claim: int = -1
    _time: datetime = LONG_AGO
    _chain: dict[bytes, tuple[int, str]] = field(default_factory=dict)
    _outcomes: dict[tuple[bytes | None, str, str], int] = field(default_factory=dict)

    def read(self, record: Record) -> None:
        if self._next_offset is not None and record.offset != self._next_offset:
            self._fault(record, f"the record after {self._next_offset - 1}")
        self._next_offset = record.offset + 1
        try:
            head, envelope = heading(record), decode_event(record, self.number)
        except Broken as broken:
            self._fault(record, f"unreadable: {broken}")
            return
        if isinstance(envelope.message, WriterClaimed):
            self._claim = record.offset
        elif head.claim != self._claim:
            self._fault(record, f"written under claim {head.claim}, not {self._claim}")
        else:
            self._outcome(record, head, envelope)

    def _outcome(self, record: Record, head: Heading, envelope: EventEnvelope) -> None:
        if envelope.time < self._time:
            self._fault(record, f"its time {envelope.time} is before {self._time}")
        self._time = envelope.time
        if head.cmd_offset is None or envelope.command_id is None:
            self._fault(record, "it does not name its command")
            return
        if head.cmd_offset != self._next_command:
            self._fault(
                record, f"it answers command {head.cmd_offset}, but {self._next_command} is next"
            )
        self._next_command = head.cmd_offset + 1
        self._once(record, envelope)
        self._follow(record, head)
        if head.kind in STREAM_EVENTS and envelope.model is not None:
            self._evolve(record, envelope)

    def _evolve(self, record: Record, envelope: EventEnvelope) -> None:
        key, event = envelope.model or "", envelope.message
        state = self.states.get(key, beginning(key))
        rules = getattr(event, "rules", None)
        if isinstance(rules, int):
            self.ruled.append((envelope.position, key, rules))
        before = state.rules_version if isinstance(state, Namespace) else None
        if isinstance(event, RulesSet) and event.version - 1 != before:
            self._fault(record, f"rules {event.version} after {before}")
        try:
            self.states[key] = evolve(state, cast("StreamEvent", event))
        except (KeyError, TypeError, ValueError) as error:
            self._fault(record, f"it cannot follow: {error!r}")

    def _once(self, record: Record, envelope: EventEnvelope) -> None:
        command_id, message = envelope.command_id or "", envelope.message
        origin = f"{self.number}/{envelope.cmd_offset}"
        buried = isinstance(message, CommandRefused) and message.dead_letter
        if buried and command_id == event_id(None, origin.encode()).decode():
            return  # it had no usable id: nobody can have asked for it by one
        self.answers[command_id] += 1
        if envelope.actor == UNKNOWN_ACTOR:  # refused unread each time, and never remembered
            self.first[command_id].add(envelope.position)
            return
        mark = (record.key, envelope.actor, command_id)
        known = self._outcomes.get(mark)
        if isinstance(message, CommandRepeated):
            if message.offset != known:
                self._fault(record, f"it repeats {message.offset}, but the outcome is at {known}")
        elif known is not None:
            self._fault(record, f"a second outcome of {command_id}; the first is at {known}")
        else:
            self._outcomes[mark] = record.offset
            self.first[command_id].add(envelope.position)

    def _follow(self, record: Record, head: Heading) -> None:
        if record.key is None:
            return
        seq, prev = self._chain.get(record.key, (0, ""))
        if head.kind in STREAM_EVENTS:
            if head.seq != seq + 1:
                self._fault(record, f"seq {head.seq} after {seq}")
            if head.prev.decode() != prev:
                self._fault(record, "prev is not the digest of the model's event before")
            own = digest(record.key, record.value, record.headers)
            self._chain[record.key] = (head.seq, own)
        elif head.seq != seq and head.actor != UNKNOWN_ACTOR.encode():
            self._fault(record, f"an answer at seq {head.seq}, but the model is at {seq}")

    def fold(self, records: Sequence[Record]) -> None:
        state = Partition(self.number)
        state.fold(records)
        for key, stream in state.streams.items():
            if stream.broken is not None:
                self.faults.append(f"{self.number}: {key} does not fold: {stream.broken}")

    def _fault(self, record: Record, what: str) -> None:
        self.faults.append(f"{self.number}:{record.offset}: {what}")
