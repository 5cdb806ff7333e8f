"""Plans of rollouts: how a new version gets its traffic, and what it must show on the way."""

import re
from datetime import datetime, time, timedelta
from hashlib import sha256
from typing import Annotated, Any, Final, Literal, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from rollbook.domain.gates import NotNegative, Share
from rollbook.domain.lineage import AnyText, Fact, Short
from rollbook.domain.moments import LONGEST
from rollbook.domain.rulebook import Quorum

WEEK: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_SPAN: Final = re.compile(r"(?:\d+(?:\.\d+)?[smhdw])+")
_PART: Final = re.compile(r"(\d+(?:\.\d+)?)([smhdw])")


def _span(value: object) -> object:
    """Argo's way to write a span, such as `90s` or `1h30m`, beside seconds and ISO 8601."""
    if isinstance(value, str) and _SPAN.fullmatch(value):
        return timedelta(seconds=sum(float(n) * _UNITS[u] for n, u in _PART.findall(value)))
    return value


def _clock(value: object) -> object:
    """YAML 1.1 reads `16:30` as minutes past midnight."""
    if isinstance(value, int) and not isinstance(value, bool):
        if not 0 <= value < 24 * 60:
            raise ValueError("write a time of day in quotes: '16:30'")
        return time(value // 60, value % 60)
    return value


def _wall(value: time) -> time:
    if value.tzinfo is not None:
        raise ValueError("a time of day has no zone of its own: say `timezone`")
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{value!r} is no time zone, such as Europe/Berlin or UTC") from None
    return value


Duration: TypeAlias = Annotated[
    timedelta, BeforeValidator(_span), Field(ge=timedelta(0), le=LONGEST)
]
Percent: TypeAlias = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
Clock: TypeAlias = Annotated[time, BeforeValidator(_clock), AfterValidator(_wall)]
Zone: TypeAlias = Annotated[str, Field(max_length=100), AfterValidator(_zone)]
Day: TypeAlias = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
PartOf: TypeAlias = Annotated[
    str, StringConstraints(pattern=r"^\d{1,4}(\.\d{1,6})?%$", max_length=12)
]
"""A part of what the baseline shows, such as `10%`."""
Observed: TypeAlias = Annotated[
    str,
    StringConstraints(
        pattern=r"^(errors|latency|prediction|value:[^\x00]{1,100})$", max_length=106
    ),
]
Strategy: TypeAlias = Literal["canary", "progressive", "shadow", "ab"]
Answer: TypeAlias = Literal["abort", "pause"]


class Stage(Fact):
    """A part of the traffic for a while."""

    weight: Percent = 0
    """Percent of the requests that the new version answers; several share it evenly."""
    mirror: Percent = 0
    """Percent of the requests that it also gets a copy of; nobody sees its answers."""
    bake: Duration = timedelta(0)
    """The least time that it takes."""
    samples: Annotated[int, Field(ge=0, le=10**12)] = 0
    """The least number of requests that each new version must have had in it."""
    analysis: bool = True
    """Whether it ends with a pass only. A guardrail that breaks ends the rollout in any step."""
    approval: Quorum = Field(default_factory=dict)
    """Who must agree before the next: title -> number of people."""


class Progression(Fact):
    """Steps that differ in nothing but their weight."""

    weights: Annotated[tuple[Percent, ...], Field(min_length=1, max_length=100)]
    every: Duration
    samples: Annotated[int, Field(ge=0, le=10**12)] = 0

    def steps(self) -> tuple[Stage, ...]:
        """One step for each weight."""
        return tuple(
            Stage(weight=weight, bake=self.every, samples=self.samples) for weight in self.weights
        )


class Metric(Fact):
    """Something that is counted of each version, and what the new one must show in it."""

    metric: Short
    of: Observed
    """`errors`, `latency` in milliseconds, `prediction`, or `value:NAME` as telemetry has it."""
    statistic: Literal["rate", "mean", "p50", "p90", "p95", "p99"] | None = None
    """Of errors their rate, of others the mean, if not said."""
    role: Literal["guardrail", "goal"] = "guardrail"
    """A guardrail must not be worse by more than `margin`; a goal must be better by that."""
    better: Literal["down", "up"] = "down"
    margin: NotNegative | PartOf | None = None
    """In the metric's own unit, or in percent of what the baseline shows: `10%`."""
    threshold: Annotated[float, Field(allow_inf_nan=False)] | None = None
    """What the new version must keep, whatever serves."""
    alpha: Share | None = None
    """How often it may be wrong over all looks together; an even part of the plan's if not said."""
    missing: Literal["wait", "fail"] = "wait"
    """Without data nothing moves on; with `fail`, that is an error once the step has baked."""

    @property
    def of_what(self) -> str:
        """The statistic that is meant."""
        return self.statistic or ("rate" if self.of == "errors" else "mean")

    @model_validator(mode="after")
    def _asks(self) -> "Metric":
        if self.role == "guardrail" and self.margin is None and self.threshold is None:
            raise ValueError("a guardrail must say margin or threshold")
        if self.role == "guardrail" and self.threshold is None and not _amount(self.margin):
            raise ValueError("margin: 0 cannot be shown of equals: say how much worse it may be")
        if self.role == "goal" and self.threshold is not None and self.margin is not None:
            raise ValueError("a goal says margin or threshold, not both")
        if (self.of == "errors") != (self.of_what == "rate"):
            raise ValueError("statistic: rate is that of errors, which have no other")
        return self


def _amount(margin: float | str | None) -> float:
    return float(margin.rstrip("%")) if isinstance(margin, str) else margin or 0.0


class Freeze(Fact):
    """Hours of the week in which nothing moves forward; what goes back always may."""

    days: Annotated[tuple[Day, ...], Field(min_length=1, max_length=7)] = WEEK
    """On which it begins."""
    begins: Clock = time(0)
    ends: Clock = time(0)
    """Not after `begins`: on the next day."""
    timezone: Zone = "UTC"

    def holds(self, now: datetime) -> bool:
        """Whether it is frozen, by the clocks on the walls there."""
        there = now.astimezone(ZoneInfo(self.timezone))
        today, yesterday = WEEK[there.weekday()], WEEK[there.weekday() - 1]
        clock = there.time().replace(tzinfo=None)
        if self.begins < self.ends:
            return today in self.days and self.begins <= clock < self.ends
        return (today in self.days and clock >= self.begins) or (
            yesterday in self.days and clock < self.ends
        )


_ARGOS: Final = {"onFail": "on_fail", "onInconclusive": "on_inconclusive"}


class RolloutPlan(Fact):
    """The way of a new version to all of the traffic."""

    description: Annotated[AnyText, Field(max_length=2000)] = ""
    strategy: Strategy = "canary"
    steps: Annotated[tuple[Stage, ...], Field(max_length=100)] = ()
    progressive: Progression | None = None
    """Instead of `steps`."""
    metrics: Annotated[tuple[Metric, ...], Field(min_length=1, max_length=40)]
    alpha: Share = 0.05
    """How often a good version may be taken back by mistake, over all metrics and looks."""
    on_fail: Answer = "abort"
    """When a goal is missed for certain, or the analysis cannot be made."""
    on_inconclusive: Answer = "abort"
    """When the deadline comes and nothing is certain, or nothing was counted."""
    deadline: Annotated[Duration, Field(gt=timedelta(0))] = timedelta(days=7)
    """How long it may take from its start; time in which it is paused does not count."""
    freeze: Annotated[tuple[Freeze, ...], Field(max_length=50)] = ()
    watch: Duration = timedelta(0)
    """How long after the promotion a guardrail that breaks still takes it back."""

    @model_validator(mode="before")
    @classmethod
    def _as_argo_spells(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {_ARGOS.get(name, name): part for name, part in value.items()}

    @model_validator(mode="after")
    def _consistent(self) -> "RolloutPlan":
        if (self.progressive is None) == (not self.steps):
            raise ValueError("say either steps or progressive")
        if self.progressive is not None and self.strategy in ("shadow", "ab"):
            raise ValueError(f"progressive: a {self.strategy} rollout says its steps")
        names = [metric.metric for metric in self.metrics]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise ValueError(f"metrics: {twice!r} stands there twice")
        stages = self.stages
        if not stages[-1].analysis:
            raise ValueError("steps: the last one must end with a pass, or nothing was shown")
        _check_traffic(self.strategy, stages)
        if self.strategy == "ab" and all(metric.role != "goal" for metric in self.metrics):
            raise ValueError("metrics: an A/B test needs a goal")
        if sum(metric.alpha or 0 for metric in self.metrics) >= 1:
            raise ValueError("metrics: their alphas must be less than 1 together")
        return self

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The steps, spelled out."""
        return self.progressive.steps() if self.progressive is not None else self.steps

    def frozen(self, now: datetime) -> Freeze | None:
        """The freeze that holds now, if any."""
        return next((freeze for freeze in self.freeze if freeze.holds(now)), None)

    def digest(self) -> str:
        """`sha256:…` of what it says."""
        text = self.model_dump_json(exclude_defaults=True)
        return "sha256:" + sha256(text.encode()).hexdigest()


def _check_traffic(strategy: Strategy, stages: tuple[Stage, ...]) -> None:
    weights = [step.weight for step in stages]
    for number, step in enumerate(stages, start=1):
        if not step.weight and not step.mirror:
            raise ValueError(f"steps: step {number} has neither weight nor mirror: nothing is seen")
        if strategy == "shadow" and step.weight:
            raise ValueError(f"steps: step {number} has a weight, and a shadow answers nobody")
        if strategy == "ab" and not 0 < step.weight < 100:
            raise ValueError(f"steps: step {number} of an A/B test needs a weight below 100")
    if strategy in ("canary", "progressive") and weights != sorted(weights):
        raise ValueError("steps: the weights of a canary must not fall")


def parse(document: dict[str, Any]) -> RolloutPlan:
    """A plan that was accepted before, maybe by newer code, which may say more."""
    return RolloutPlan.model_validate(document, extra="ignore")
