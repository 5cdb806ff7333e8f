"""One stretch of telemetry: its sums and its new places in one transaction. Loads numpy."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from aiokafka import ConsumerRecord

from rollbook.monitor import taking
from rollbook.monitor.taking import Ended, Known, Letter, Message, Taken
from rollbook.observability import metrics
from rollbook.readmodel import awaited, intake, presence, references, tallies, windows
from rollbook.readmodel.database import Connection
from rollbook.readmodel.intake import Seen
from rollbook.readmodel.references import ReferenceKey
from rollbook.telemetry.folding import LONGEST_ID, SAMPLE
from rollbook.telemetry.reference import NOTHING, Reference

KEPT: Final = 10.0
"""Seconds after which a reference profile is looked up again."""
BREATH: Final = 10
"""Batches after which others may go on that share the loop."""

Records = Mapping[int, Sequence[ConsumerRecord[bytes, bytes]]]


@dataclass(slots=True)
class Session:
    """What is known of the partitions that are held."""

    db: Connection
    holder: UUID
    ended: Ended
    places: dict[int, int] = field(default_factory=dict)
    """The next offset of each partition."""
    seen: dict[tuple[int, str], Seen] = field(default_factory=dict)
    looked_up: dict[ReferenceKey, tuple[Reference, float]] = field(default_factory=dict)

    async def references(self, wanted: set[ReferenceKey]) -> dict[ReferenceKey, Reference]:
        """How the data of some versions is counted."""
        now = asyncio.get_running_loop().time()
        old = [key for key in wanted if self.looked_up.get(key, (NOTHING, 0.0))[1] < now]
        if old:
            rows = await references.of_versions(self.db, old)
            for key in old:
                found = references.reference(rows[key]) if key in rows else NOTHING
                self.looked_up[key] = found, now + KEPT
        return {key: self.looked_up[key][0] for key in wanted}


def read(records: Records) -> tuple[list[Message], list[Letter]]:
    """The messages among records, and those that are none."""
    messages: list[Message] = []
    letters: list[Letter] = []
    for partition in sorted(records):
        good, bad = taking.read(partition, records[partition])
        messages += good
        letters += bad
    return messages, letters


async def write(session: Session, messages: Sequence[Message], records: Records) -> None:
    """Count messages, and go on behind their records; `Moved` where somebody else has."""
    wanted = taking.about(messages)
    known = Known(
        session.seen,
        await windows.watermarks(session.db, {model for model, _ in wanted}),
        await session.references({key for key in wanted if key[1]}),
    )
    found = Taken()
    for begin in range(0, len(messages), BREATH):
        taking.take(messages[begin : begin + BREATH], known, session.ended, found)
        await asyncio.sleep(0)
    moves = {n: (session.places[n], part[-1].offset + 1) for n, part in records.items() if part}
    async with session.db.transaction():
        await intake.advance(session.db, session.holder, moves)
        await _save(session, known, found)
    session.places.update({number: new for number, (_, new) in moves.items()})
    metrics.TELEMETRY_ROWS.inc(found.rows)
    metrics.TELEMETRY_REPEATED.inc(found.repeated)


async def _save(session: Session, known: Known, found: Taken) -> None:
    db = session.db
    await intake.save_seen(db, found.seen, found.stamp)
    if found.tallies:
        await tallies.add(db, found.tallies)
    predictions = found.predictions
    await awaited.save(db, predictions, SAMPLE)
    if predictions or found.labels:
        matches = await awaited.matched(db, predictions, found.labels, LONGEST_ID)
        of_matches = await session.references({(m.model, m.version) for m in matches})
        known.references = {**known.references, **of_matches}
        taking.learn(found, matches, known, session.ended)
    await windows.add(db, found.windows)
    taking.close(found, session.ended)
    if found.marks:
        await windows.save_watermarks(db, found.marks)
    if found.presence:
        await presence.save(db, found.presence)
