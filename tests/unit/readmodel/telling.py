"""Records as the history shows them, without Postgres."""

import json
from collections.abc import Sequence

from rollbook.eventlog.envelope import Record
from rollbook.eventlog.records import encode_value
from rollbook.projector.handlers import read
from rollbook.readmodel.changes import Entry
from rollbook.readmodel.history import HistoryRow
from rollbook.readmodel.offsets import Place
from rollbook.readmodel.timeline import Told


def told(records: Sequence[Record]) -> list[Told]:
    """The streams' events of one partition, in its order."""
    entries = read(0, Place(), records).entries
    return [_told(e) for e in entries if isinstance(e, Entry) and e.digest]


def _told(entry: Entry) -> Told:
    event = entry.event
    row = HistoryRow(
        position=event.position,
        id=event.id,
        type=type(event.message).__name__,
        model=event.model,
        seq=event.seq,
        time=event.time,
        actor=event.actor,
        command_id=event.command_id,
        correlation_id=event.correlation_id,
        causation_id=event.causation_id,
        claim=event.claim,
        prev=event.prev or None,
        origin=event.origin,
        origin_time=event.origin_time,
        data=json.loads(encode_value(event.message)),
    )
    return Told(row, entry.digest)
