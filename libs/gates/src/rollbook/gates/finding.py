"""What a gate finds, before its rule for missing things is applied."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from math import isfinite
from typing import Literal, TypeAlias

from rollbook.gates.facts import Facts
from rollbook.gates.probes import PREFIXES, Probe, lacking

TOLD = 10
"""Names that a reason lists; who mends these hears of the others."""


Outcome: TypeAlias = Literal["passed", "failed", "error", "skipped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The answer of a gate, why, and the numbers that it looked at."""

    sort: Literal["passed", "failed", "missing", "error"]
    reason: str
    numbers: Mapping[str, float] = field(default_factory=dict)
    lacks: tuple[str, ...] = ()
    """What is missing, by name."""

    def outcome(self, missing: Literal["fail", "skip"]) -> Outcome:
        """What follows from it, by the gate's rule for missing things."""
        if self.sort == "missing":
            return "skipped" if missing == "skip" else "failed"
        return self.sort


def found(objections: Iterable[str], praise: str, numbers: Mapping[str, float]) -> Finding:
    """Failed by all objections, or passed."""
    reasons = list(objections)
    if reasons:
        return Finding(sort="failed", reason="; ".join(reasons), numbers=numbers)
    return Finding(sort="passed", reason=praise, numbers=numbers)


def missing(*names: str, why: str = "", numbers: Mapping[str, float] | None = None) -> Finding:
    """The version lacks these."""
    reason = why or f"{listed(names)} {'are' if len(names) > 1 else 'is'} not known"
    return Finding(sort="missing", reason=reason, numbers=numbers or {}, lacks=names)


def broken(reason: str, numbers: Mapping[str, float] | None = None) -> Finding:
    """It could not be decided, and not because the version lacks something."""
    return Finding(sort="error", reason=reason, numbers=numbers or {})


def measured(facts: Facts, probe: Probe, own: str = "") -> dict[str, float]:
    """What the probe measured; `own` is the name of the gate where each has its own numbers."""
    start = PREFIXES[probe] + own
    return {name: value for name, value in facts.measured.items() if name.startswith(start)}


def unmeasured(facts: Facts, probe: Probe, names: Iterable[str], own: str = "") -> Finding | None:
    """Why these numbers are not there, or None when all are."""
    absent = tuple(name for name in names if name not in facts.measured)
    said = facts.said.get(f"{probe}.{own}" if own else probe, "") or facts.said.get(probe, "")
    lacks = facts.measured.get(lacking(probe)) or facts.measured.get(f"{probe}.{own}.lacking")
    numbers = measured(facts, probe, own)
    if lacks:
        why = said or f"the version lacks what the {probe} probe looks at"
        return missing(*(absent or (str(probe),)), why=why, numbers=numbers)
    if not absent:
        return None
    if said:
        return broken(said, numbers)
    what = "were" if len(absent) > 1 else "was"
    return missing(*absent, why=f"{listed(absent)} {what} not measured", numbers=numbers)


def finite(numbers: Mapping[str, float]) -> Mapping[str, float]:
    """The numbers that are some: to a gate, NaN and infinity are as good as missing."""
    if all(map(isfinite, numbers.values())):
        return numbers
    return {name: value for name, value in numbers.items() if isfinite(value)}


def listed(names: Iterable[str]) -> str:
    """Some names for people."""
    every = list(names)
    more = len(every) - TOLD
    return ", ".join(every[:TOLD]) + (f" and {more} more" if more > 0 else "")


@lru_cache(maxsize=4096)  # bounds, and what serves, come again and again
def number(value: float) -> str:
    """A number for people: six digits, thousands apart."""
    if isfinite(value) and value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.0f}"


def size(value: float) -> str:
    """Bytes for people."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if value >= factor:
            return f"{number(float(f'{value / factor:.4g}'))} {unit}"
    return f"{number(value)} bytes"
