"""What an alarm says for itself: findings, and pictures of the columns that have moved furthest."""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from math import isfinite
from typing import Final

from rollbook.domain.alarms import DriftFinding, Picture, Stretch
from rollbook.domain.profiles import Column, NumberColumn, Profile
from rollbook.drift.signs import Sign, bins, columns
from rollbook.telemetry.sums import Window

FINDINGS: Final = 50
PICTURES: Final = 5
LONGEST: Final = 100


def findings(seen: Sequence[Sign]) -> tuple[DriftFinding, ...]:
    """The signs as an event keeps them, the furthest first."""
    return tuple(
        DriftFinding(
            subject=sign.subject,
            measure=sign.measure,
            value=_rounded(sign.value),
            threshold=sign.threshold,
            p=sign.p,
            rows=sign.rows,
            more={name: _rounded(value) for name, value in sign.more.items() if isfinite(value)},
        )
        for sign in seen[:FINDINGS]
    )


def pictures(seen: Sequence[Sign], profile: Profile, window: Window) -> tuple[Picture, ...]:
    """Reference and window, bin by bin."""
    there = {name: (column, histogram) for name, column, histogram in columns(profile, window)}
    subjects = [name for name in dict.fromkeys(sign.subject for sign in seen) if name in there]
    made = []
    for name in subjects[:PICTURES]:
        column, histogram = there[name]
        reference, live = bins(column, histogram)
        made.append(
            Picture(
                subject=name, bins=labels(column), reference=tuple(reference), window=tuple(live)
            )
        )
    return tuple(made)


def labels(column: Column) -> tuple[str, ...]:
    """What the bins of a column are called."""
    if isinstance(column, NumberColumn):
        # The last edge lies just beyond the largest number.
        edges = [f"{edge:.6g}" for edge in column.edges]
        return tuple(f"{low} to {high}" for low, high in pairwise(edges))
    return (*(word[:LONGEST] for word in column.counts), "other")


def stretch(begin: datetime, end: datetime, rows: int, windows: int) -> Stretch:
    """The time that was looked at."""
    return Stretch(begin=begin, end=end, rows=rows, windows=windows)


def _rounded(value: float) -> float:
    """Six digits: enough for people, and the same wherever it is computed."""
    return float(f"{value:.6g}")
