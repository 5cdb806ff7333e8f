"""Models that are served but not registered, or not meant to be where they are. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from rollbook.domain.alarms import ClearDrift, DetectDrift, DriftFinding, Stretch
from rollbook.monitor.handlers import Deadline
from rollbook.readmodel.alarms import AlarmRow
from rollbook.readmodel.presence import Stray

SETTLED: Final = timedelta(minutes=1)
"""How long servers may take to follow."""
FINDINGS: Final = 50


def unknown(strays: Iterable[Stray]) -> list[Stray]:
    """Those of models of which no stream can tell: nobody registered them."""
    return [stray for stray in strays if not stray.known]


def due(
    strays: Iterable[Stray], standing: Sequence[AlarmRow], told: bool, now: datetime
) -> list[Deadline]:
    """Alarms to raise, one for each version and environment, and those to end.

    `told`: whether any server tells what it serves; where none does, nothing clears.
    """
    found: dict[tuple[str, str, int], list[Stray]] = defaultdict(list)
    for stray in strays:
        if stray.known:
            found[stray.model, stray.environment, stray.version].append(stray)
    open_ones = {
        (row.model, row.environment, row.version): row for row in standing if row.kind == "serving"
    }
    raised = [
        _raised(spot, together, now) for spot, together in found.items() if spot not in open_ones
    ]
    cleared = [_cleared(row, now) for spot, row in open_ones.items() if told and spot not in found]
    return raised + cleared


def _raised(spot: tuple[str, str, int], strays: Sequence[Stray], now: datetime) -> Deadline:
    model, environment, version = spot
    since = min(stray.since for stray in strays)
    command = DetectDrift(
        version=version,
        environment=environment,
        kind="serving",
        findings=tuple(map(_finding, strays[:FINDINGS])),
        window=Stretch(begin=since, end=max(since, now)),
    )
    return Deadline(model, command, since, about=f"{environment}\nserving")


def _finding(stray: Stray) -> DriftFinding:
    other = stray.digest != stray.registered
    note = (
        f"serves {stray.digest}, which was not registered as version {stray.version}"
        if other
        else f"serves version {stray.version}, which does not stand in {stray.environment}"
    )
    return DriftFinding(
        subject=stray.source[:300],
        measure="unregistered" if other else "unwanted",
        value=stray.servers,
        note=note[:1000],
    )


def _cleared(row: AlarmRow, now: datetime) -> Deadline:
    reason = "no server serves it there any more, or it stands there now"
    command = ClearDrift(alarm=row.alarm, reason=reason)
    return Deadline(row.model, command, row.raised_at, about=f"{row.environment}\nserving")
