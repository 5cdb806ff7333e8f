"""A batch of commands decided on top of a partition, before the log has it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from rollbook.domain import traffic
from rollbook.domain.access import Principal
from rollbook.domain.messages import Message, Refused, Unchanged
from rollbook.domain.state import Model
from rollbook.domain.streams import StreamEvent, evolve
from rollbook.domain.tenancy import Namespace
from rollbook.eventlog.commands import COMMANDS, Poison, decode_command
from rollbook.eventlog.envelope import CommandEnvelope, Outgoing, Record
from rollbook.eventlog.outcomes import CommandConfirmed, CommandRefused, CommandRepeated
from rollbook.eventlog.partition import LONG_AGO, UNKNOWN_ACTOR, Partition, Stream, fingerprint
from rollbook.eventlog.records import LOG_MESSAGES, SOURCE, digest, encode_value, event_id
from rollbook.eventlog.routing import partition_for
from rollbook.observability.tracing import Step, step

_SPEC = ("ce_specversion", b"1.0")
_SOURCE = ("ce_source", SOURCE.encode())
_JSON = ("content-type", b"application/json")
_TYPES = {cls: ("ce_type", name.encode()) for name, cls in LOG_MESSAGES.items()}
_UNKNOWN = UNKNOWN_ACTOR.encode()


class Decider(Protocol):
    """The command service's handlers: who is asking, and what comes of it."""

    def principal(self, envelope: CommandEnvelope, now: datetime) -> Principal:
        """Who sends the command; `Refused` when that cannot be proven."""

    def decide(
        self, stream: Stream, envelope: CommandEnvelope, principal: Principal, now: datetime
    ) -> StreamEvent | Unchanged:
        """What comes of the command; `Refused` when it may not be."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A command that could never work, as it came, and why."""

    record: Record
    code: str
    reason: str


class _Answer(NamedTuple):
    """What comes of a command, before it has become a record."""

    record: Record
    outcome: Message
    key: bytes | None
    actor: bytes
    command_id: bytes
    seq: int
    stream: str | None = None
    """The stream's key, where the outcome is an event of it."""
    envelope: CommandEnvelope | None = None
    step: Step | None = None


class Draft:
    """Outcomes of a batch and the state after them; dropped whole when the log does not take it."""

    def __init__(
        self, partition: Partition, decider: Decider, *, partitions: int, now: datetime
    ) -> None:
        self._base = partition
        self._decider = decider
        self._partitions = partitions
        self.time = max(partition.time, now)  # the log's time never goes back
        self._time = ("ce_time", self.time.isoformat().encode())
        self._timestamp = (self.time - LONG_AGO) // timedelta(milliseconds=1)
        self._claim = ("ce_claim", b"%d" % partition.claim)
        self.outcomes: list[Outgoing] = []
        self.dead_letters: list[DeadLetter] = []
        self.streams: dict[str, Stream] = {}
        self.answered: dict[bytes, int] = {}
        self.counts: Counter[tuple[str, str]] = Counter()
        self.steps: list[Step] = []
        self.next_command = partition.next_command

    def add(self, records: Sequence[Record]) -> None:
        """Decide the next commands.

        They are all decoded, then all decided, then all sealed: that is a fifth cheaper than one
        after the other, since the code of one kind of work then stays in the processor's cache.
        """
        decoded = list(map(self._decode, records))
        first = self._base.next_offset + len(self.outcomes)
        answers = [
            self._refuse(record, envelope)
            if isinstance(envelope, Poison)
            else self._answer(record, envelope, offset)
            for offset, (record, envelope) in enumerate(zip(records, decoded, strict=True), first)
        ]
        self._seal(answers)
        self.next_command = records[-1].offset + 1

    def _decode(self, record: Record) -> CommandEnvelope | Poison:
        try:
            envelope = decode_command(record)
        except Poison as poison:
            return poison
        right = partition_for(record.key or b"", self._partitions)
        if right != self._base.number:
            return Poison(
                "misrouted",
                f"{envelope.model} belongs to partition {right}, not {self._base.number}: partition"
                " by murmur2 of the key (librdkafka: partitioner=murmur2_random)",
                command_id=envelope.id,
                command=type(envelope.command).__name__,
            )
        return envelope

    def _refuse(self, record: Record, poison: Poison) -> _Answer:
        self.dead_letters.append(DeadLetter(record, poison.code, poison.message))
        origin = f"{self._base.number}/{record.offset}"
        said = poison.command_id
        command_id = said.encode() if said is not None else event_id(None, origin.encode())
        refused = CommandRefused(
            command=poison.command[:100],
            code=poison.code,
            message=poison.message,
            dead_letter=True,
        )
        usable_key = record.key if poison.code in ("invalid", "unknown_type") else None
        seq = self.stream(usable_key.decode()).seq if usable_key else 0
        self.counts[poison.command if poison.command in COMMANDS else "unknown", "poison"] += 1
        return _Answer(record, refused, usable_key, _UNKNOWN, command_id, seq)

    def _answer(self, record: Record, envelope: CommandEnvelope, offset: int) -> _Answer:
        key = record.key
        kind = type(envelope.command).__name__
        stream = self.stream(envelope.model)
        traced = step(f"decide {kind}", envelope.traceparent) if envelope.traceparent else None
        asked = envelope.id.encode()
        sender, mark = _UNKNOWN, None
        outcome: Message
        seq, changed = stream.seq, None
        try:
            principal = self._decider.principal(envelope, self.time)
            actor = principal.subject
            sender = actor.encode()
            mark = fingerprint(key, sender, asked)
            if (known := self._known(mark)) is not None:
                outcome, result = CommandRepeated(offset=known), "repeated"
            elif stream.broken is not None:
                raise Refused("stream_broken", f"this model's history is broken: {stream.broken}")
            else:
                decided = self._decider.decide(stream, envelope, principal, self.time)
                if isinstance(decided, Unchanged):
                    outcome = CommandConfirmed(command=kind, version=decided.version)
                    result = "confirmed"
                else:
                    outcome, result = decided, "accepted"
                    seq, changed = seq + 1, envelope.model
                    state = evolve(stream.state, decided)
                    self.streams[envelope.model] = Stream(state, seq, stream.prev)
        except Refused as refused:
            outcome = CommandRefused(command=kind, code=refused.code, message=refused.message)
            result = "refused"
        if mark is not None and result != "repeated":
            self.answered[mark] = offset
        self.counts[kind, result] += 1
        return _Answer(record, outcome, key, sender, asked, seq, changed, envelope, traced)

    def _seal(self, answers: Sequence[_Answer]) -> None:
        """Make the answers records, those of a stream chained to each other."""
        heads: dict[str, str] = {}
        for answer in answers:
            key = answer.stream
            if key is None:
                self.outcomes.append(self._outgoing(answer, None))
                continue
            prev = heads.get(key)
            sealed = self._outgoing(answer, self.streams[key].prev if prev is None else prev)
            self.outcomes.append(sealed)
            heads[key] = digest(sealed.key, sealed.value, sealed.headers)
        for key, head in heads.items():
            state, seq, _, _ = self.streams[key]
            self.streams[key] = Stream(state, seq, head)

    def namespaces(self) -> dict[str, Namespace]:
        """The namespaces that changed."""
        changed = {key: stream.state for key, stream in self.streams.items() if "/" not in key}
        return {key: state for key, state in changed.items() if isinstance(state, Namespace)}

    def moved(self) -> set[tuple[str, str]]:
        """Models and names whose traffic goes elsewhere; asked before the base takes it in."""
        found: set[tuple[str, str]] = set()
        for key, stream in self.streams.items():
            before, after = self._base.stream(key).state, stream.state
            if isinstance(before, Model) and isinstance(after, Model):
                found.update((key, end) for end in traffic.moved(before, after))
        return found

    def stream(self, key: str) -> Stream:
        """The stream as this draft would leave it."""
        found = self.streams.get(key)
        return found if found is not None else self._base.stream(key)

    def _known(self, mark: bytes) -> int | None:
        found = self._base.answered.get(mark)
        return found if found is not None else self.answered.get(mark)

    def _outgoing(self, answer: _Answer, prev: str | None) -> Outgoing:
        record, message, key, actor, command_id, seq, _, envelope, traced = answer
        headers = [
            _SPEC,
            ("ce_id", event_id(key, command_id, record.offset)),
            _SOURCE,
            _TYPES[type(message)],
            self._time,
            ("ce_seq", b"%d" % seq),
            ("ce_commandid", command_id),
            ("ce_cmdoffset", b"%d" % record.offset),
            self._claim,
            ("ce_actor", actor),
            _JSON,
        ]
        if key is not None:
            headers.append(("ce_subject", key))
        if prev is not None:
            headers.append(("ce_prev", prev.encode()))
        if message.schema_version > 1:
            headers.append(("ce_schema", b"%d" % message.schema_version))
        if envelope is not None:
            if envelope.correlation_id is not None:
                headers.append(("ce_correlationid", envelope.correlation_id.encode()))
            if envelope.causation_id is not None:
                headers.append(("ce_causationid", envelope.causation_id.encode()))
            if envelope.origin is not None:
                headers.append(("ce_origin", envelope.origin.encode()))
                if envelope.origin_time is not None:
                    headers.append(("ce_origintime", envelope.origin_time.isoformat().encode()))
        if traced is not None:
            self.steps.append(traced)
            headers.append(("traceparent", traced.traceparent.encode()))
        return Outgoing(key, encode_value(message), headers, self._timestamp)
