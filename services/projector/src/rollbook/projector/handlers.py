"""What the projector makes of records: which count, and which park a stream. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from rollbook.eventlog.envelope import EventEnvelope, Record
from rollbook.eventlog.log import Unavailable
from rollbook.eventlog.outcomes import WriterClaimed
from rollbook.eventlog.position import Position
from rollbook.eventlog.records import STREAM_EVENTS, Broken, decode_event, digest
from rollbook.readmodel.changes import Entry
from rollbook.readmodel.offsets import Place
from rollbook.readmodel.parked import ParkedRow


@dataclass(slots=True)
class Taken:
    """Records of one partition, read in order."""

    records: Sequence[Record]
    place: Place
    """Where the next record stands."""
    entries: list[Entry | ParkedRow] = field(default_factory=list)
    ignored: int = 0
    """Records that no writer with a valid claim can have written."""
    passed: int = 0
    """Records of streams that stand still, which are not among the entries."""


def read(partition: int, place: Place, records: Sequence[Record]) -> Taken:
    """Decode the records from `place` on; a poison record stands as what parks its stream.

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
    """Whether the record is a stream's event, and not an answer that changes nothing."""
    return type(event.message).__name__ in STREAM_EVENTS


def _poison(partition: int, record: Record, reason: str) -> ParkedRow:
    return ParkedRow(
        (record.key or b"").decode(errors="replace"),
        Position(partition, record.offset),
        datetime.fromtimestamp(record.timestamp / 1000, UTC),
        reason,
    )
