"""Logs written in memory by the real processor, and single records of any kind."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import UUID

from rollbook.domain.messages import Message
from rollbook.domain.model import ModelCommand
from rollbook.eventlog.codec import MODEL_EVENTS, digest, encode_value
from rollbook.eventlog.envelope import CommandEnvelope
from rollbook.eventlog.memory import MemoryBroker, Stored
from tests.unit.eventlog.running import processor, serve

TIME = "2026-03-03T14:00:00.000001+00:00"


async def written(commands: Iterable[tuple[str, ModelCommand]], claims: int = 1) -> list[Stored]:
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
        traceparent: str | None = None,
    ) -> Stored:
        """An event of a model, or an answer to it."""
        last, head = self._chains.get(model or "", (0, ""))
        own = type(message).__name__ in MODEL_EVENTS
        written = last + own if seq is None else seq
        headers = [
            ("ce_type", type(message).__name__.encode()),
            ("ce_id", str(UUID(int=len(self.records))).encode()),
            ("ce_seq", b"%d" % written),
            ("ce_prev", (head if prev is None and own else prev or "").encode()),
            ("ce_claim", b"%d" % (self.claim if claim is None else claim)),
            ("ce_commandid", str(UUID(int=1000 + len(self.records))).encode()),
            ("ce_actor", b"ann"),
        ]
        if traceparent:
            headers.append(("traceparent", traceparent.encode()))
        self._put(model.encode() if model else None, encode_value(message), headers, time)
        record = self.records[-1]
        if own and claim is None:
            head = digest(record.key, record.value, record.headers)
            self._chains[model or ""] = (written, head)
        return record

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
