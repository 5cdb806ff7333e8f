"""What a policy would have said about the past: events go in, one by one, and a tally comes out."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from rollbook.domain.environments import GlassBroken, VersionRolledBack
from rollbook.domain.gates import AnomalyGate
from rollbook.domain.model import ModelEvent
from rollbook.domain.rulebook import MetadataSchema, Risk, Rules
from rollbook.domain.validation import VersionRejected, VersionValidated
from rollbook.domain.versions import VersionRegistered
from rollbook.gates.facts import Facts
from rollbook.gates.judgement import Judgement, judged
from rollbook.gates.past import Past
from rollbook.gates.ruling import Ruling, Standing, ruling
from rollbook.gates.tally import Incident, Tally, Verdict


class Governed(NamedTuple):
    """What held in a namespace from a moment on, as far as gates look at it."""

    since: datetime
    schema: MetadataSchema | None = None
    risk: Risk = Rules().default_risk
    """Of models that nobody has classified."""


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What is asked of the past."""

    policies: tuple[Standing, ...]
    """Those that are tried out."""
    since: datetime | None = None
    governed: Mapping[str, Sequence[Governed]] = field(default_factory=dict)
    """Namespace -> what held there, oldest first."""

    def held(self, namespace: str, at: datetime) -> Governed:
        """What held in a namespace at a moment."""
        found = self.governed.get(namespace, ())
        place = bisect_right(found, at, key=lambda one: one.since)
        return found[place - 1] if place else Governed(at)


def earlier(policies: Iterable[Standing]) -> int:
    """How many earlier versions the gates of some policies look at."""
    return max(
        (
            gate.history
            for standing in policies
            for gate in standing.policy.gates
            if isinstance(gate, AnomalyGate)
        ),
        default=0,
    )


class Backtest:
    """Takes the events of models, each model's in their order, and judges every candidate.

    A candidate is a version as it was at each verdict of its gates; where there never was one, as
    it was registered.
    """

    def __init__(self, what: WhatIf) -> None:
        self._what = what
        self._before = earlier(what.policies)
        self._models: dict[str, _Candidates] = {}
        self._tally = Tally()

    def take(self, key: str, at: datetime, event: ModelEvent) -> None:
        """The next event of the model `key`."""
        model = self._models.get(key)
        if model is None:
            model = self._models[key] = _Candidates(
                Past(key), self._what, self._before, self._tally
            )
        model.take(at, event)

    def tally(self) -> Tally:
        """What was found, once everything was taken."""
        for model in self._models.values():
            model.finish()
        return self._tally


class _Candidate(NamedTuple):
    """A version as it was at a moment, and what is asked of it."""

    facts: Facts
    ruling: Ruling
    errors: Mapping[str, str]

    def judged(self) -> Judgement:
        return judged(self.ruling, self.facts, self.errors)


class _Candidates:
    """The versions of one model."""

    def __init__(self, past: Past, what: WhatIf, before: int, tally: Tally) -> None:
        self._past = past
        self._what = what
        self._tally = tally
        self._before = before
        self._last: dict[int, _Candidate | Judgement] = {}
        """Version -> how it was at its last verdict, or as it was registered."""
        self._silent: dict[int, datetime] = {}
        """Versions whose gates have not spoken -> when they were registered."""
        self._rulings: dict[Risk, Ruling] = {}

    def take(self, at: datetime, event: ModelEvent) -> None:
        """The next event."""
        if self._what.since is not None and at < self._what.since:
            self._past.take(event)
            return
        match event:
            case VersionRolledBack() | GlassBroken():  # as it was known before
                self._tally.incidents.append(self._incident(at, event))
                self._past.take(event)
            case VersionRegistered(version=number):
                self._past.take(event)
                self._last[number] = self._candidate(number, at)  # a verdict may follow
                self._silent[number] = at
            case VersionValidated(version=number) | VersionRejected(version=number):
                self._past.take(event)
                self._last[number] = self._candidate(number, at)
                self._silent.pop(number, None)
                then = Verdict(isinstance(event, VersionRejected), frozenset(event.barred))
                self._tally.judged(self._past.key, number, at, self._judgement(number), then)
            case _:
                self._past.take(event)

    def finish(self) -> None:
        """Count those about which nothing was ever said."""
        for number, at in self._silent.items():
            self._tally.judged(self._past.key, number, at, self._judgement(number), None)

    def _candidate(self, number: int, at: datetime) -> _Candidate:
        held = self._what.held(self._past.namespace, at)
        facts = self._past.facts(number, held.schema, held.risk, self._before)
        found = self._rulings.get(facts.risk)
        if found is None:
            found = self._rulings[facts.risk] = ruling(
                self._what.policies, self._past.namespace, self._past.name, facts.risk
            )
        return _Candidate(facts, found, self._past.errors(number))

    def _judgement(self, number: int) -> Judgement:
        found = self._last[number]
        if isinstance(found, _Candidate):
            found = self._last[number] = found.judged()
        return found

    def _incident(self, at: datetime, event: VersionRolledBack | GlassBroken) -> Incident:
        number = event.version
        if number not in self._last:  # it came before what is looked at
            self._last[number] = self._candidate(number, at)
        return Incident(
            "roll-back" if isinstance(event, VersionRolledBack) else "broken glass",
            self._past.key,
            number,
            event.environment,
            at,
            event.reason,
            self._judgement(number).against(event.environment),
        )
