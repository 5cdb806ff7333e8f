"""What the last windows say together: an alarm, calm, or neither. Nothing is remembered in between.

A subject has drifted when three of its last five windows say so, and is calm again after three
calm ones in a row; what is between the two changes nothing.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, Self, TypeAlias

from rollbook.domain.profiles import Profile
from rollbook.domain.state import AlarmKind
from rollbook.drift import signs
from rollbook.drift.signs import FEWEST, FEWEST_VALUES, Sign
from rollbook.telemetry.sums import Window

OF: Final = 5
NEEDED: Final = 3
CALM: Final = 3
POOLED: Final = 64
"""Windows that wait for more rows, at most."""

Group: TypeAlias = Literal["data", "truth"]
GROUPS: Final[Mapping[AlarmKind, Group]] = {
    "feature": "data",
    "prediction": "data",
    "quality": "data",
    "label": "truth",
    "performance": "truth",
}
Verdict: TypeAlias = Literal["drifting", "calm"]


@dataclass(frozen=True, slots=True)
class Look:
    """What was made of one window, with those before that were too small."""

    looked: tuple[Group, ...] = ()
    """What it had enough of; of the rest it waits for the next window."""
    signs: tuple[Sign, ...] = ()
    verdicts: Mapping[AlarmKind, Verdict] | None = None
    pooled: int = 1
    """Windows that were looked at together."""

    def as_json(self) -> dict[str, Any]:
        """For a table."""
        return {
            "looked": [*self.looked],
            "signs": [sign.as_json() for sign in self.signs],
            "verdicts": dict(self.verdicts or {}),
            "pooled": self.pooled,
        }

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> Self:
        """From what `as_json` made."""
        return cls(
            tuple(found["looked"]),
            tuple(Sign(*parts) for parts in found["signs"]),
            found["verdicts"],
            found["pooled"],
        )


Past: TypeAlias = Sequence[tuple[Window, Look]]
"""The windows before, newest first."""


def look(profile: Profile, window: Window, past: Past) -> Look:
    """What a window says, and what it says together with those before."""
    data, of_data = pooled("data", window, past)
    truth, of_truth = pooled("truth", window, past)
    looked: list[Group] = []
    found: list[Sign] = []
    if data.rows >= FEWEST:
        looked.append("data")
        found += signs.of_data(profile, data)
    if truth.loss.n >= FEWEST_VALUES:
        looked.append("truth")
        found += signs.of_truth(profile, truth)
        if profile.loss is None and profile.task != "number":
            found += signs.of_change([window.loss, *(before.loss for before, _ in past[:POOLED])])
    if not looked:
        return Look()
    count = max(of_data if "data" in looked else 1, of_truth if "truth" in looked else 1)
    new = Look(tuple(looked), tuple(found), None, count)
    return Look(new.looked, new.signs, verdicts(new, [was for _, was in past]), new.pooled)


def pooled(group: Group, window: Window, past: Past) -> tuple[Window, int]:
    """A window, with those right before it that were too small to be looked at."""
    whole, count = Window(), 1
    whole.add(window)
    for before, was in past[:POOLED]:
        if group in was.looked:
            break
        whole.add(before)
        count += 1
    return whole, count


def verdicts(new: Look, before: Sequence[Look]) -> dict[AlarmKind, Verdict]:
    """By kind, what the newest looks together say; kinds of which nothing can be said are left out.

    `before` is newest first.
    """
    found: dict[AlarmKind, Verdict] = {}
    for kind, group in GROUPS.items():
        if group not in new.looked:
            continue
        looks = [look for look in (new, *before) if group in look.looked][:OF]
        by_subject: dict[tuple[str, str], list[Sign]] = defaultdict(list)
        for one in looks:
            for sign in one.signs:
                if sign.kind == kind:
                    by_subject[sign.subject, sign.measure].append(sign)
        if any(_drifting(series) for series in by_subject.values()):
            found[kind] = "drifting"
        elif by_subject and len(looks) >= CALM and all(map(_calm, by_subject.values())):
            found[kind] = "calm"
    return found


def drifting(kind: AlarmKind, new: Look, before: Sequence[Look]) -> list[Sign]:
    """The newest signs of what has drifted, the furthest first."""
    looks = [look for look in (new, *before) if GROUPS[kind] in look.looked][:OF]
    series: dict[tuple[str, str], list[Sign]] = defaultdict(list)
    for one in looks:
        for sign in one.signs:
            if sign.kind == kind:
                series[sign.subject, sign.measure].append(sign)
    found = [next(s for s in part if s.over) for part in series.values() if _drifting(part)]
    return sorted(found, key=lambda s: (-s.value / s.threshold, s.subject, s.measure))


def _drifting(series: Sequence[Sign]) -> bool:
    return sum(sign.over for sign in series) >= NEEDED


def _calm(series: Sequence[Sign]) -> bool:
    return all(sign.calm for sign in series[:CALM])
