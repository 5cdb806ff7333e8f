"""What a ruling says about a version as a whole: gate by gate, and what was not there to see."""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType
from typing import Final, NamedTuple

from rollbook.gates.facts import Facts
from rollbook.gates.finding import Outcome
from rollbook.gates.judging import find, needs
from rollbook.gates.ruling import Ruling
from rollbook.gates.tally import Verdict

Reasons = tuple[tuple[str, str], ...]
"""Gates, each with a reason."""
NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


class Judgement(NamedTuple):
    """The results of all gates in short, and what follows from them."""

    outcomes: tuple[tuple[str, Outcome], ...]
    failed: Reasons
    """Gates that the version did not pass."""
    lacking: Reasons
    """Gates that had nothing to look at, each with what was not there."""
    verdict: Verdict
    bound: Mapping[str, tuple[str, ...]]
    """Gate -> the environments that it is bound to."""

    def against(self, environment: str) -> Reasons:
        """The gates that keep the version out of an environment."""
        return tuple(
            (gate, reason)
            for gate, reason in self.failed
            if gate not in self.bound or environment in self.bound[gate]
        )


def judged(ruling: Ruling, facts: Facts, errors: Mapping[str, str] = NOTHING) -> Judgement:
    """What the gates of a ruling make of a version; `errors`: gates that could not measure, why."""
    if errors:
        said: dict[str, str] = {
            p: errors[gate.gate]
            for gate in ruling.gates
            if gate.gate in errors
            for p in needs(gate)
        }
        facts = replace(facts, said={**facts.said, **said})
    findings = [(gate, find(gate, facts)) for gate in ruling.gates]
    lost = tuple(
        (gate.gate, found.reason)
        for gate, found in findings
        if found.outcome(gate.missing) in ("failed", "error")
    )
    places = {place for gate, _ in lost for place in ruling.bound.get(gate, ())}
    return Judgement(
        _kept(tuple((gate.gate, found.outcome(gate.missing)) for gate, found in findings)),
        lost,
        tuple((gate.gate, lack) for gate, found in findings for lack in found.lacks),
        Verdict(any(gate not in ruling.bound for gate, _ in lost), frozenset(places)),
        ruling.bound,
    )


@lru_cache(maxsize=4096)
def _kept(outcomes: tuple[tuple[str, Outcome], ...]) -> tuple[tuple[str, Outcome], ...]:
    """The same object for the same outcomes: a million judgements are kept, and few differ."""
    return outcomes
