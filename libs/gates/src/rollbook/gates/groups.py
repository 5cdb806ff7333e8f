"""Gates that look at parts of the data: slices, and groups of people."""

from math import isfinite
from typing import Final

from rollbook.domain.gates import FairnessGate, SliceGate
from rollbook.gates.facts import SAMPLES, Facts
from rollbook.gates.finding import Finding, found, listed, missing, number

_RATES: Final = {
    "demographic_parity": ("positive_rate",),
    "equalised_odds": ("tpr", "fpr"),
}
_WORDS: Final = {
    "positive_rate": "share of positive predictions",
    "tpr": "true positive rate",
    "fpr": "false positive rate",
}


def slices(gate: SliceGate, facts: Facts) -> Finding:
    """No slice with enough samples is below the floor, or too far behind the whole."""
    name = gate.metric
    told = {s: m[name] for s, m in facts.slices.items() if name in m and isfinite(m[name])}
    if not told:
        return missing(f"slices with {name}", why=f"no slice of the data has {name}")
    judged = {s: v for s, v in told.items() if not facts.slices[s].get(SAMPLES, 0) < gate.samples}
    few = sorted(told.keys() - judged.keys())
    if not judged:
        why = f"no slice with {name} is known to have {gate.samples} samples: {listed(few)}"
        return missing(f"samples of slices with {name}", why=why)
    numbers = {f"slices.{s}.{name}": value for s, value in judged.items()}
    whole = facts.metrics.get(name)
    if gate.gap is not None and (whole is None or not isfinite(whole)):
        why = f"the version has no {name} on all of the data to compare its slices with"
        return missing(f"metrics.{name}", why=why, numbers=numbers)
    sign = 1 if gate.better == "higher" else -1
    worst_first = sorted(judged, key=lambda s: (sign * judged[s], s))
    side = "below" if sign > 0 else "above"
    objections = []
    if gate.worst is not None:
        objections += [
            f"{name} on {s} is {number(judged[s])}, {side} {number(gate.worst)}"
            for s in worst_first
            if sign * judged[s] < sign * gate.worst
        ]
    if gate.gap is not None and whole is not None:
        objections += [
            f"{name} on {s} is {number(judged[s])}, {number(abs(whole - judged[s]))} worse than"
            f" {number(whole)} on all of the data, and {number(gate.gap)} is allowed"
            for s in worst_first
            if sign * (whole - judged[s]) > gate.gap
        ]
    more = len(objections) - 10
    objections = objections[:10] + ([f"and {more} more slices"] if more > 0 else [])
    worst = worst_first[0]
    praise = f"the worst of {len(judged)} slices is {worst}, with {name} {number(judged[worst])}"
    finding = found(objections, praise, numbers)
    return _and(finding, f"not judged, for less than {gate.samples} samples: {listed(few)}", few)


def fairness(gate: FairnessGate, facts: Facts) -> Finding:
    """The rates of any two groups differ by no more than allowed."""
    start = f"{gate.attribute}="
    groups = {s: m for s, m in facts.slices.items() if s.startswith(start) and "," not in s}
    if len(groups) < 2:
        why = f"fewer than two groups by {gate.attribute} are evaluated: {listed(groups) or 'none'}"
        return missing(f"slices {start}…", why=why)
    rates = _RATES[gate.measure]
    numbers = {
        f"slices.{s}.{name}": m[name]
        for s, m in groups.items()
        for name in (*rates, SAMPLES)
        if name in m
    }
    absent = sorted(
        f"{name} of {s}"
        for s, m in groups.items()
        for name in rates
        if name not in m or not isfinite(m[name])
    )
    if absent:
        return missing(*absent, numbers=numbers)
    few = sorted(s for s, m in groups.items() if m.get(SAMPLES, 0) < gate.samples)
    if few:
        sizes = (f"{s} has {number(groups[s].get(SAMPLES, 0))}" for s in few)
        why = f"{gate.samples} samples are asked of each group: {listed(sizes)}"
        return missing(*(f"samples of {s}" for s in few), why=why, numbers=numbers)
    objections: list[str] = []
    praises: list[str] = []
    for name in rates:
        low = min(groups, key=lambda s: (groups[s][name], s))
        high = max(groups, key=lambda s: (groups[s][name], s))
        difference = groups[high][name] - groups[low][name]
        numbers[f"difference.{name}"] = difference
        shown = (
            f"{_WORDS[name]}: {number(groups[high][name])} for {high}"
            f" ({number(groups[high][SAMPLES])} samples) and {number(groups[low][name])} for {low}"
            f" ({number(groups[low][SAMPLES])}), {number(difference)} apart;"
            f" {number(gate.difference)} is allowed"
        )
        (objections if not difference <= gate.difference else praises).append(shown)
    return found(objections, "; ".join(praises), numbers)


def _and(finding: Finding, note: str, holds: list[str]) -> Finding:
    if not holds:
        return finding
    reason = f"{finding.reason}; {note}"
    return Finding(sort=finding.sort, reason=reason, numbers=finding.numbers)
