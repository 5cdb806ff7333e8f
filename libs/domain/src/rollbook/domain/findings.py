"""What a look at a rollout found: each metric of each new version beside the one that serves."""

from collections.abc import Iterable
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

from rollbook.domain.lineage import AnyText, Short
from rollbook.domain.names import Digest
from rollbook.domain.tags import Count, Number

Result: TypeAlias = Literal["breached", "error", "failed", "no_data", "inconclusive", "passed"]
"""`breached`: a guardrail is worse for certain; `failed`: a goal is missed for certain."""

PRECEDENCE: Final[tuple[Result, ...]] = (
    "breached",
    "error",
    "failed",
    "no_data",
    "inconclusive",
    "passed",
)
"""What goes before what; so nothing but a pass of all of them is a pass."""


class Part(BaseModel):
    """A part of a finding; what it may say grows, and old readers keep reading."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class ArmCount(Part):
    """What was counted of one version."""

    version: Number
    n: Count = 0
    """Of requests, over all steps so far."""
    value: FiniteFloat | None = None


class MetricFinding(Part):
    """One metric of one new version."""

    metric: Short
    role: Literal["guardrail", "goal"]
    outcome: Result
    candidate: ArmCount
    baseline: ArmCount | None = None
    """None where the metric has a limit of its own, whatever serves."""
    difference: FiniteFloat | None = None
    """Of the candidate from the baseline."""
    low: FiniteFloat | None = None
    high: FiniteFloat | None = None
    """An interval of the difference, or of the value where there is no baseline, that holds at
    every look."""
    alpha: Annotated[float, Field(gt=0, lt=1)] | None = None
    """How often it may be wrong, over all looks together."""
    why: Annotated[AnyText, Field(max_length=1000)] = ""


class RolloutFinding(Part):
    """A look at all metrics; `result` and `winner` follow from these."""

    result: Result
    winner: Number | None = None
    """The new version that passed everything; None where none has yet."""
    metrics: Annotated[tuple[MetricFinding, ...], Field(max_length=400)] = ()
    samples: Count = 0
    """Requests of this step that the new versions have answered; of several, the fewest."""
    plan: Digest | None = None
    """Digest of the plan that says what was looked at."""


def worst(outcomes: Iterable[Result]) -> Result:
    """The one that goes before the others; without any there is no data."""
    return min(outcomes, key=PRECEDENCE.index, default="no_data")


def conclude(
    metrics: tuple[MetricFinding, ...], samples: int, wanted: int, plan: str
) -> RolloutFinding:
    """The finding over these metrics, where a step asks for at least `wanted` samples.

    What one version breaks counts for all; of several versions, one that passes is enough, and
    one that misses its goal leaves the others their chance.
    """
    arms = dict.fromkeys(metric.candidate.version for metric in metrics)
    each = {arm: worst(m.outcome for m in metrics if m.candidate.version == arm) for arm in arms}
    result, winner = worst(each.values()), None
    if result == "failed" and (hopeful := [o for o in each.values() if o != "failed"]):
        result = worst(hopeful)
    passed = [arm for arm, outcome in each.items() if outcome == "passed"]
    if passed and result not in ("breached", "error"):
        result, winner = "passed", max(passed, key=lambda arm: _lead(metrics, arm))
    if result == "passed" and samples < wanted:
        result, winner = "no_data", None
    return RolloutFinding(result=result, winner=winner, metrics=metrics, samples=samples, plan=plan)


def _lead(metrics: tuple[MetricFinding, ...], arm: int) -> float:
    """How far a version is ahead for certain in its goals; the first of equal ones is taken."""
    goals = [m for m in metrics if m.role == "goal" and m.candidate.version == arm]
    certain = [
        min(abs(m.low), abs(m.high)) for m in goals if m.low is not None and m.high is not None
    ]
    return min(certain, default=0.0)
