"""When a model is trained anew, by which pipeline, and how often at most; all of it is pure."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Annotated, Final, Literal, NamedTuple, TypeAlias, get_args

from pydantic import Field

from rollbook.domain.lineage import Fact
from rollbook.domain.moments import PositiveSpan, Span
from rollbook.domain.names import EnvironmentName, Glob, matches
from rollbook.domain.tags import FactName, Param

MOST_RUNS: Final = 100
"""Runs of one period, and how many past ones a model remembers."""

Signal: TypeAlias = Literal["feature", "prediction", "label", "performance", "quality"]
"""What an alarm is about; that something else serves than should, no training changes."""
EVERY_SIGNAL: Final = get_args(Signal)


BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)


class RetrainingPolicy(Fact):
    """Which alarms lead to a retraining, and what keeps it from running away."""

    pipeline: EnvironmentName
    """Its name in the settings of the retrain service, which knows where it is and its secrets."""
    parameters: Annotated[dict[FactName, Param], Field(max_length=200)] = Field(
        default_factory=dict
    )
    """Given to the pipeline as they are; they stand in the log, so no secret may be among them."""
    signals: Annotated[tuple[Signal, ...], Field(max_length=5)] = ()
    """Kinds of alarms; nothing: all of them."""
    environments: Annotated[tuple[Glob, ...], Field(min_length=1, max_length=50)] = ("*",)
    """Where the version of an alarm serves."""
    debounce: Span = timedelta(minutes=10)
    """How long an alarm must have stood open."""
    cooldown: Span = timedelta(days=1)
    """From the end of one retraining until an alarm may lead to the next."""
    backoff: Annotated[float, Field(ge=1, le=10)] = 2.0
    """By which factor the cool-down grows with each one in a row that brought nothing good."""
    longest: PositiveSpan = timedelta(days=30)
    """What it grows to at most."""
    budget: Annotated[int, Field(ge=1, le=MOST_RUNS)] = 4
    """Runs of one period, whoever asks for them."""
    period: PositiveSpan = timedelta(days=30)
    deadline: PositiveSpan = timedelta(days=1)
    """A run that has not ended by then counts as lost."""

    def digest(self) -> str:
        """`sha256:…` of what it says."""
        text = self.model_dump_json(exclude_defaults=True)
        return "sha256:" + sha256(text.encode()).hexdigest()

    def heeds(self, kind: str, environment: str) -> bool:
        """Whether an alarm of this kind in this environment leads to a retraining."""
        return kind in (self.signals or EVERY_SIGNAL) and any(
            matches(environment, glob) for glob in self.environments
        )


class Past(NamedTuple):
    """A retraining that was asked for, as the limits look at it."""

    requested_at: datetime
    ended_at: datetime | None = None
    """None while it runs."""
    outcome: str = ""
    version: int | None = None
    """The candidate that it has registered."""


def in_vain(past: Sequence[Past], rejected: Callable[[int], bool]) -> int:
    """How many in a row, from the newest back, brought no candidate or one that was rejected.

    A cancelled one tells nothing either way.
    """
    count = 0
    for each in reversed(past):
        if each.ended_at is None or each.outcome == "cancelled":
            continue
        if each.version is not None and not rejected(each.version):
            break
        count += 1
    return count


def affordable(policy: RetrainingPolicy, past: Sequence[Past]) -> datetime | None:
    """From when on the budget has room; None: it has had room all the time."""
    if len(past) < policy.budget:
        return None
    return past[-policy.budget].requested_at + policy.period


def rested(
    policy: RetrainingPolicy, past: Sequence[Past], rejected: Callable[[int], bool]
) -> datetime | None:
    """When the cool-down is over, grown by those in vain; None: there is none."""
    ends = [each.ended_at for each in past if each.ended_at is not None]
    if not ends:
        return None
    factor = policy.backoff ** min(in_vain(past, rejected), 100)
    if policy.cooldown.total_seconds() * factor >= policy.longest.total_seconds():
        return ends[-1] + max(policy.longest, policy.cooldown)
    return ends[-1] + policy.cooldown * factor


def due(
    policy: RetrainingPolicy,
    past: Sequence[Past],
    rejected: Callable[[int], bool],
    raised_at: datetime | None,
) -> datetime:
    """From when on an alarm that was raised then leads to a retraining, one that runs aside."""
    waits = (
        raised_at + policy.debounce if raised_at is not None else None,
        affordable(policy, past),
        rested(policy, past, rejected),
    )
    return max((moment for moment in waits if moment is not None), default=BEGINNING)
