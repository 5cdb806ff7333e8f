"""Looks at windows that have closed, and says which alarms are to be raised or to end."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from rollbook.domain.alarms import ClearDrift, DetectDrift
from rollbook.domain.state import AlarmKind
from rollbook.drift import evidence, judging
from rollbook.drift.judging import GROUPS, OF, POOLED, Look
from rollbook.monitor.handlers import Deadline
from rollbook.readmodel import alarms, references, windows
from rollbook.readmodel.alarms import AlarmRow
from rollbook.readmodel.database import Connection, Db
from rollbook.readmodel.windows import WindowRow

ROOM: Final = 100
"""Windows that one look goes through."""
MOST: Final = 1000
"""Versions, and alarms, that one look goes through."""
BACK: Final = OF + POOLED
"""Windows before that may count."""


async def judge(db: Connection) -> int:
    """Look at windows that nobody has looked at yet, the oldest first; returns how many."""
    found = await windows.unjudged(db, ROOM)
    profiles = await references.of_versions(db, {(row.model, row.version) for row in found})
    for row in found:
        profile = profiles.get((row.model, row.version))
        look = Look()
        if profile is not None and profile.digest == row.profile:
            before = await windows.before(db, row.key, BACK + 1)
            past = [(b.counts, Look.of(b.findings)) for b in before[1:] if b.findings is not None]
            look = judging.look(profile.profile, row.counts, past)
        await windows.judged(db, row.key, look.as_json())
    return len(found)


async def due(db: Db, length: timedelta) -> list[Deadline]:
    """The alarms that the newest windows ask for, and those that they end."""
    rows = await windows.last_judged(db, MOST)
    standing = {
        (row.model, row.environment, row.version, row.kind): row
        for row in await alarms.open_ones(db, limit=MOST)
    }
    found: list[Deadline] = []
    for row in rows:
        assert row.findings is not None  # noqa: S101  # as it was selected
        look = Look.of(row.findings)
        for kind, verdict in (look.verdicts or {}).items():
            alarm = standing.get((row.model, row.environment, row.version, kind))
            if verdict == "drifting" and alarm is None:
                found += await _raised(db, row, look, kind, length)
            elif verdict == "calm" and alarm is not None:
                found.append(_cleared(row, alarm, length))
    return found


async def _raised(
    db: Db, row: WindowRow, look: Look, kind: AlarmKind, length: timedelta
) -> Sequence[Deadline]:
    reference = await references.get(db, row.model, row.version)
    if reference is None or reference.digest != row.profile:
        return ()  # another reference holds by now
    before = (await windows.before(db, row.key, BACK + 1))[1:]
    looks = [(b, Look.of(b.findings)) for b in before if b.findings is not None]
    seen = judging.drifting(kind, look, [was for _, was in looks])
    if not seen:
        return ()
    group = [b for b, was in looks if GROUPS[kind] in was.looked][: OF - 1]
    first = min((b.start for b in group), default=row.start)
    whole, _ = judging.pooled(GROUPS[kind], row.counts, [(b.counts, was) for b, was in looks])
    command = DetectDrift(
        version=row.version,
        environment=row.environment,
        kind=kind,
        findings=evidence.findings(seen),
        window=evidence.stretch(first, row.start + length, whole.rows, len(group) + 1),
        pictures=evidence.pictures(seen, reference.profile, whole),
        profile=reference.digest,
    )
    return (Deadline(row.model, command, row.start + length, about=_about(row, kind)),)


def _cleared(row: WindowRow, alarm: AlarmRow, length: timedelta) -> Deadline:
    end = row.start + length
    command = ClearDrift(
        alarm=alarm.alarm,
        reason=f"calm in the last {judging.CALM} windows",
        window=evidence.stretch(row.start, end, row.counts.rows, judging.CALM),
    )
    return Deadline(row.model, command, end, about=_about(row, alarm.kind))


def _about(row: WindowRow, kind: AlarmKind) -> str:
    return f"{row.environment}\n{kind}"
