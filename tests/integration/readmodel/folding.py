"""Answers to the named questions by plain Python, from what happened in a world up to a moment."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import isfinite
from typing import Any

from rollbook.domain import completeness, streams
from rollbook.domain.cards import CardReviewed, CardWritten
from rollbook.domain.catalog import ModelRestored, ModelRetired, OwnerAssigned
from rollbook.domain.environments import (
    BreakGlassReviewed,
    EnvironmentCleared,
    GlassBroken,
    VersionPromoted,
    VersionRolledBack,
)
from rollbook.domain.evaluations import Evaluation, EvaluationRecorded
from rollbook.domain.evidence import evidence_of
from rollbook.domain.state import Model
from rollbook.domain.tenancy import Namespace
from rollbook.domain.versions import VersionArchived, VersionRegistered, VersionRestored
from rollbook.readmodel.questions.metrics import LOWER
from tests.support.commands import Happened

Row = dict[str, Any]


@dataclass
class Stay:
    environment: str
    version: int
    replaced: int | None
    action: str
    since: datetime
    by: str
    offset: int
    approved_by: tuple[str, ...] = ()
    ended_by: str | None = None


@dataclass
class Told:
    """A fold of what happened to one model, written for reading and not for speed."""

    stays: list[Stay] = field(default_factory=list)
    standing: dict[str, Stay] = field(default_factory=dict)
    rolled_back: list[Row] = field(default_factory=list)
    breaks: dict[int, Row] = field(default_factory=dict)
    registered: dict[int, tuple[VersionRegistered, datetime]] = field(default_factory=dict)
    measured: dict[int, list[Evaluation]] = field(default_factory=dict)
    recorded_at: dict[int, list[datetime]] = field(default_factory=dict)
    due: dict[int, datetime | None] = field(default_factory=dict)
    cards: dict[int, int] = field(default_factory=dict)
    archived: set[int] = field(default_factory=set)
    retired: bool = False
    owner: str | None = None
    model: Model = field(default_factory=Model)
    namespace: Namespace = field(default_factory=Namespace)

    def enters(self, stay: Stay) -> None:
        self.leaves(stay.environment, stay.action)
        self.stays.append(stay)
        self.standing[stay.environment] = stay

    def leaves(self, environment: str, action: str) -> Stay | None:
        before = self.standing.pop(environment, None)
        if before is not None:
            before.ended_by = action
        return before

    def serves_in(self, version: int) -> tuple[str, ...]:
        return tuple(sorted(e for e, stay in self.standing.items() if stay.version == version))

    def metrics(self, version: int) -> dict[str, float]:
        found = {k: v for k, v in self.registered[version][0].metrics.items() if isfinite(v)}
        for one in self.measured[version]:
            if (one.kind, one.split, one.slice) == ("offline", "test", {}):
                found |= {name: measure.value for name, measure in one.metrics.items()}
        return found


def fold(happened: Sequence[Happened]) -> Told:
    """What is known after events that stand at the offsets 1, 2, 3 and so on."""
    told = Told()
    for offset, one in enumerate(happened, start=1):
        state = streams.evolve(one.before, one.event)
        if isinstance(state, Namespace):
            told.namespace = state
            continue
        told.model = state
        _take(told, one, offset)
    return told


def _take(told: Told, one: Happened, offset: int) -> None:
    time, by = one.context.time, one.context.actor
    match one.event:
        case (VersionPromoted() | GlassBroken()) as fact:
            stay = Stay(
                fact.environment, fact.version, fact.replaced, type(fact).__name__, time, by, offset
            )
            if isinstance(fact, VersionPromoted):
                stay.approved_by = fact.approved_by
            else:
                told.breaks[fact.number] = {"number": fact.number, "at": time, "by": by}
            told.enters(stay)
        case VersionRolledBack() as fact:
            began = told.standing[fact.environment].since
            told.enters(
                Stay(
                    fact.environment,
                    fact.restored,
                    fact.version,
                    "VersionRolledBack",
                    time,
                    by,
                    offset,
                )
            )
            told.rolled_back.insert(
                0,
                {
                    "environment": fact.environment,
                    "version": fact.version,
                    "restored": fact.restored,
                    "reason": fact.reason,
                    "at": time,
                    "by": by,
                    "stood": (time - began).total_seconds(),
                },
            )
        case EnvironmentCleared(environment=environment):
            told.leaves(environment, "EnvironmentCleared")
        case BreakGlassReviewed(number=number):
            del told.breaks[number]
        case VersionRegistered() as registered:
            told.registered[registered.version] = registered, time
            told.measured[registered.version] = list(registered.evaluations)
            told.recorded_at[registered.version] = [time] * len(registered.evaluations)
        case EvaluationRecorded() as evaluated:
            told.measured[evaluated.version].append(evaluated.evaluation)
            told.recorded_at[evaluated.version].append(time)
        case CardWritten(version=version, card=card, revision=revision):
            told.cards[version], told.due[version] = revision, card.review_by
        case CardReviewed(version=version, review_by=review_by):
            told.due[version] = review_by
        case VersionArchived(version=version):
            told.archived.add(version)
        case VersionRestored(version=version):
            told.archived.discard(version)
        case ModelRetired():
            told.retired = True
        case ModelRestored():
            told.retired = False
        case OwnerAssigned(owner=owner):
            told.owner = owner
        case _:
            pass


# The questions


def serving(told: Told) -> list[Row]:
    return [
        {
            "environment": stay.environment,
            "version": stay.version,
            "since": stay.since,
            "by": stay.by,
            "action": stay.action,
            "replaced": stay.replaced,
            "approved_by": stay.approved_by,
            "position": f"0:{stay.offset}",
        }
        for _, stay in sorted(told.standing.items())
    ]


def trained_before(told: Told, date: datetime) -> list[Row]:
    found = []
    for number, (fact, time) in told.registered.items():
        runtime = fact.lineage.runtime
        start = runtime.started_at if runtime is not None else None
        if (start or time) < date:
            found.append(
                {
                    "version": number,
                    "trained_at": start or time,
                    "known_by": "training" if start else "registration",
                    "serves_in": told.serves_in(number),
                }
            )
    return found


def worse(metric: str, old: float, new: float) -> bool:
    return new > old if re.search(LOWER, metric.lower()) else new < old


def regressed(told: Told, since: datetime, environment: str) -> list[Row]:
    found = []
    for stay in told.stays:
        if stay.action == "VersionRolledBack" or stay.replaced is None or stay.since < since:
            continue
        if stay.environment != environment:
            continue
        before, after = told.metrics(stay.replaced), told.metrics(stay.version)
        found += [
            {
                "version": stay.version,
                "replaced": stay.replaced,
                "metric": name,
                "before": before[name],
                "after": after[name],
                "stands": told.standing.get(environment) is stay,
            }
            for name in sorted(before.keys() & after.keys(), key=str.encode)
            if worse(name, before[name], after[name])
        ]
    return found


def decayed(told: Told, environment: str, by: float) -> list[Row]:
    stay = told.standing.get(environment)
    if stay is None:
        return []
    series: dict[str, list[tuple[datetime, int, float]]] = {}
    pairs = zip(told.measured[stay.version], told.recorded_at[stay.version], strict=True)
    for place, (one, recorded) in enumerate(pairs):
        if one.kind == "production" and not one.slice:
            for name, measure in one.metrics.items():
                series.setdefault(name, []).append((one.at or recorded, place, measure.value))
    found = []
    for name in sorted(series, key=str.encode):
        values = sorted(series[name])
        first, newest = values[0][2], values[-1][2]
        sign = -1 if re.search(LOWER, name.lower()) else 1

        def bad(value: float, first: float = first, sign: int = sign) -> bool:
            return sign * (first - value) >= by * abs(first)

        if first and bad(newest):
            crossed = next(time for time, _, value in values if bad(value))
            found.append(
                {
                    "version": stay.version,
                    "metric": name,
                    "first": first,
                    "newest": newest,
                    "days": (crossed - values[0][0]).total_seconds() / 86400,
                    "evaluations": len(values),
                }
            )
    return found


def depends_on(told: Told, uri: str) -> list[Row]:
    return [
        {
            "version": number,
            "uri": data.uri,
            "digest": data.digest,
            "role": data.role,
            "serves_in": told.serves_in(number),
        }
        for number, (fact, _) in told.registered.items()
        for data in fact.lineage.datasets
        if data.uri == uri
    ]


def pending(told: Told) -> list[Row]:
    return [
        {
            "request": number,
            "version": request.version,
            "environment": request.environment,
            "missing": request.missing(
                evidence_of(told.model, request.version, request.environment)
            ),
        }
        for number, request in sorted(told.model.requests.items())
    ]


def unreviewed_glasses(told: Told) -> list[Row]:
    return [row for _, row in sorted(told.breaks.items())]


def unreviewed_cards(told: Told, now: datetime) -> list[Row]:
    if told.retired:
        return []
    due = [
        (by, number)
        for number, by in told.due.items()
        if by is not None and by <= now and number not in told.archived
    ]
    return [
        {
            "version": number,
            "revision": told.cards[number],
            "review_by": by,
            "owner": told.owner,
            "serves_in": told.serves_in(number),
        }
        for by, number in sorted(due)
    ]


def lacking(told: Told, what: str) -> list[Row]:
    stay = told.standing.get("production")
    if stay is None:
        return []
    missing = {
        "without-card": stay.version not in told.cards,
        "without-owner": told.owner is None,
        "unsigned": not stay.approved_by,
    }
    return [{"version": stay.version, "owner": told.owner}] if missing[what] else []


def deployments(told: Told, since: datetime) -> tuple[int, int]:
    """Promotions into production that stood, and all of them."""
    made = [
        stay
        for stay in told.stays
        if stay.action == "VersionPromoted"
        and stay.environment == "production"
        and stay.since >= since
    ]
    broken = ("VersionRolledBack", "GlassBroken")
    return sum(stay.ended_by not in broken for stay in made), len(made)


def rolled_back(told: Told, since: datetime) -> list[Row]:
    return sorted(
        (row for row in told.rolled_back if row["at"] >= since),
        key=lambda row: row["at"],
        reverse=True,
    )


def complete(told: Told) -> tuple[int, int]:
    """Versions in production with complete records, and all of which something is asked for."""
    stay = told.standing.get("production")
    if stay is None or told.namespace.schema is None:
        return 0, 0
    version = told.model.versions[stay.version]
    return int(not completeness.lacks_of(told.model, version, told.namespace)), 1
