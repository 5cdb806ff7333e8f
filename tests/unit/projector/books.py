"""Logs written in memory by the real processor, and single records of any kind."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import UUID

from rollbook.domain.messages import Message
from rollbook.domain.streams import StreamCommand
from rollbook.domain.tenancy import Namespace
from rollbook.eventlog.envelope import CommandEnvelope
from rollbook.eventlog.memory import MemoryBroker, Stored
from rollbook.eventlog.records import STREAM_EVENTS, digest, encode_value
from tests.support.commands import World
from tests.unit.eventlog.running import processor, serve

TIME = "2026-03-03T14:00:00.000001+00:00"


async def written(commands: Iterable[tuple[str, StreamCommand]], claims: int = 1) -> list[Stored]:
    """The log after commands (model, command), served by `claims` writers, one after the other."""
    broker = MemoryBroker()
    asked = list(commands)
    share = -(-len(asked) // claims)
    for first in range(0, len(asked), max(share, 1)):
        for number, (model, command) in enumerate(asked[first : first + share], start=first):
            broker.send(CommandEnvelope(id=str(UUID(int=number)), model=model, command=command))
        await serve(broker, processor())
    return broker.places[0].events


class Book:
    """A log written by hand, one record at a time, with right chains unless told otherwise."""

    def __init__(self) -> None:
        self.records: list[Stored] = []
        self.claim = 0
        self._chains: dict[str, tuple[int, str]] = {}

    def claims(self) -> None:
        """Another writer takes over."""
        self.claim = self._put(None, b'{"writer":"hand"}', [("ce_type", b"WriterClaimed")])

    def says(
        self,
        model: str | None,
        message: Message,
        *,
        claim: int | None = None,
        seq: int | None = None,
        prev: str | None = None,
        time: str = TIME,
        actor: str = "ann",
        traceparent: str | None = None,
        origin: tuple[str, str] | None = None,
    ) -> Stored:
        """An event of a stream, or an answer to it; `origin`: from where, and when it was."""
        last, head = self._chains.get(model or "", (0, ""))
        own = type(message).__name__ in STREAM_EVENTS
        written = last + own if seq is None else seq
        headers = [
            ("ce_type", type(message).__name__.encode()),
            ("ce_id", str(UUID(int=len(self.records))).encode()),
            ("ce_seq", b"%d" % written),
            ("ce_prev", (head if prev is None and own else prev or "").encode()),
            ("ce_claim", b"%d" % (self.claim if claim is None else claim)),
            ("ce_commandid", str(UUID(int=1000 + len(self.records))).encode()),
            ("ce_actor", actor.encode()),
            ("ce_schema", b"%d" % message.schema_version),
        ]
        if origin:
            names = ("ce_origin", "ce_origintime")
            headers += [(name, part.encode()) for name, part in zip(names, origin, strict=True)]
        if traceparent:
            headers.append(("traceparent", traceparent.encode()))
        self._put(model.encode() if model else None, encode_value(message), headers, time)
        record = self.records[-1]
        if own and claim is None:
            head = digest(record.key, record.value, record.headers)
            self._chains[model or ""] = (written, head)
        return record

    def tells(self, world: World, model: str) -> None:
        """What happened in a world, to the model and to its namespace."""
        namespace = model.partition("/")[0]
        for happened in world.happened:
            key = namespace if isinstance(happened.before, Namespace) else model
            time, actor = happened.context.time.isoformat(), happened.context.actor
            self.says(key, happened.event, time=time, actor=actor)

    def spoils(self, value: bytes) -> None:
        """Put another value into the newest record."""
        self.records[-1] = replace(self.records[-1], value=value)

    def _put(
        self,
        key: bytes | None,
        value: bytes,
        headers: Sequence[tuple[str, bytes]],
        time: str = TIME,
    ) -> int:
        offset = len(self.records)
        stamped = (*headers, ("ce_time", time.encode()))
        self.records.append(Stored(offset, key, value, stamped, 1_772_546_400_000))
        return offset
