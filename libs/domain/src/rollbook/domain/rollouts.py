"""Rollouts: a new version gets its traffic step by step, and goes on only when it has shown why.

It stands in the model's stream, so that what serves and what is tried beside it are decided in
one place; who looks at the metrics sends commands like anybody else.
"""

from datetime import datetime
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import Field

from rollbook.domain import plans
from rollbook.domain.findings import RolloutFinding
from rollbook.domain.messages import Command, Event
from rollbook.domain.names import NO_NUL, EnvironmentName, Reason, Title
from rollbook.domain.plans import RolloutPlan
from rollbook.domain.state import Approval, Model, Rollout
from rollbook.domain.tags import Number

MOST_CHALLENGERS: Final = 8

Cause: TypeAlias = Literal["asked", "breached", "error", "failed", "deadline"]
"""Why a rollout stopped: somebody asked for it, or what was found."""

# Events


class RolloutStarted(Event):
    """`version` gets the traffic of the first step in `environment`, beside `baseline`."""

    rollout: int
    """Counts the model's rollouts from 1."""
    version: int
    environment: str
    baseline: int
    """What serves there."""
    challengers: tuple[int, ...] = ()
    """Further new versions of an A/B test."""
    plan: dict[str, Any]
    """A `RolloutPlan`, as JSON has it: what it may say grows, and old readers keep reading."""
    digest: str
    """Of the plan."""
    started_by: str
    reason: str = ""
    requests: tuple[int, ...] = ()
    """The requests that were granted, and whose signatures are used up."""
    approved_by: tuple[str, ...] = ()
    evidence: str | None = None
    """Digest of the facts that it was decided on."""
    rules: int = 0
    due: datetime
    """When the first step has baked."""
    deadline: datetime


class RolloutAdvanced(Event):
    """The step before has shown what it should: `step` begins."""

    rollout: int
    version: int
    environment: str
    step: int
    """ArmCount from 0."""
    due: datetime
    """When it has baked."""
    finding: RolloutFinding | None = None


class RolloutPaused(Event):
    """The rollout keeps its traffic as it is and does not go on; a guardrail still ends it."""

    rollout: int
    version: int
    environment: str
    step: int
    cause: Cause = "asked"
    reason: str
    at: datetime
    finding: RolloutFinding | None = None


class RolloutResumed(Event):
    """The rollout goes on; its deadline is later by the time that it was paused."""

    rollout: int
    version: int
    environment: str
    step: int
    reason: str
    deadline: datetime


class RolloutStepApproved(Event):
    """Somebody agreed that the rollout goes beyond this step."""

    rollout: int
    version: int
    environment: str
    step: int
    approved_by: str
    title: str
    comment: str = ""
    missing: dict[str, int] = Field(default_factory=dict)
    """Title -> people who must still agree."""


class RolloutStepSkipped(Event):
    """Somebody let the rollout go beyond a step that has not shown what it should."""

    rollout: int
    version: int
    environment: str
    step: int
    """The one that begins."""
    reason: str
    skipped_by: str
    due: datetime
    deadline: datetime


class RolloutAborted(Event):
    """The new version gets no more traffic; what served before serves all of it."""

    rollout: int
    version: int
    environment: str
    step: int
    cause: Cause = "asked"
    reason: str
    finding: RolloutFinding | None = None


class RolloutFinished(Event):
    """Nobody looks any more: the time after the promotion is over, or a shadow has been seen."""

    rollout: int
    version: int
    environment: str
    finding: RolloutFinding | None = None


RolloutEvent: TypeAlias = (
    RolloutStarted
    | RolloutAdvanced
    | RolloutPaused
    | RolloutResumed
    | RolloutStepApproved
    | RolloutStepSkipped
    | RolloutAborted
    | RolloutFinished
)


def evolve(state: Model, event: RolloutEvent) -> Model:
    """The state after `event`; promotions and roll-backs are those of environments."""
    match event:
        case RolloutStarted(rollout=number):
            begun = Rollout(
                version=event.version,
                environment=event.environment,
                baseline=event.baseline,
                challengers=event.challengers,
                plan=plans.parse(event.plan),
                digest=event.digest,
                started_by=event.started_by,
                approved_by=event.approved_by,
                evidence=event.evidence,
                due=event.due,
                deadline=event.deadline,
            )
            asked = state.requests
            for request in event.requests:
                asked = asked.delete(request)
            return state.rolling(number, begun)._replace(requests=asked, rolled=number)
        case RolloutAdvanced(rollout=number, step=step, due=due):
            return _change(state, number, step=step, due=due, approvals=())
        case RolloutPaused(rollout=number, at=at):
            return _change(state, number, state="paused", paused_at=at)
        case RolloutResumed(rollout=number, deadline=deadline):
            return _change(state, number, state="stepping", paused_at=None, deadline=deadline)
        case RolloutStepApproved(rollout=number, approved_by=by, title=title):
            given = (*state.rollouts[number].approvals, Approval(by, title, ""))
            return _change(state, number, approvals=given)
        case RolloutStepSkipped(rollout=number, step=step, due=due, deadline=deadline):
            return _change(
                state,
                number,
                step=step,
                due=due,
                deadline=deadline,
                approvals=(),
                state="stepping",
                paused_at=None,
            )
        case RolloutAborted(rollout=number) | RolloutFinished(rollout=number):
            return state._replace(rollouts=state.rollouts.delete(number))


def _change(model: Model, number: int, /, **changes: Any) -> Model:
    return model.rolling(number, model.rollouts[number]._replace(**changes))


# Commands


class StartRollout(Command):
    """Let a version take over an environment by a plan; asks for what a promotion asks for."""

    version: Number
    environment: EnvironmentName = "production"
    plan: RolloutPlan
    challengers: Annotated[tuple[Number, ...], Field(max_length=MOST_CHALLENGERS)] = ()
    """Further new versions of an A/B test."""
    reason: Annotated[str, Field(max_length=5000, pattern=NO_NUL)] = ""


class AdvanceRollout(Command):
    """Go to the next step, or promote after the last; refused unless the finding passed."""

    environment: EnvironmentName = "production"
    rollout: Number
    step: Annotated[int, Field(ge=0)]
    """The one that is over, counted from 0."""
    finding: RolloutFinding | None = None


class PauseRollout(Command):
    """Keep the traffic as it is."""

    environment: EnvironmentName = "production"
    rollout: Number | None = None
    """Which is meant; the one that is live, if not said."""
    reason: Reason
    cause: Cause = "asked"
    finding: RolloutFinding | None = None


class ResumeRollout(Command):
    """Let a paused rollout go on."""

    environment: EnvironmentName = "production"
    rollout: Number | None = None
    reason: Reason


class ApproveRolloutStep(Command):
    """Agree that the rollout goes beyond its step, in the name of a title that you hold."""

    environment: EnvironmentName = "production"
    rollout: Number | None = None
    step: Annotated[int, Field(ge=0)] | None = None
    """What you have seen, counted from 0; refused when it is at another."""
    title: Title | None = None
    comment: Annotated[str, Field(max_length=10_000, pattern=NO_NUL)] = ""


class SkipRolloutStep(Command):
    """Go to the next step without what this one should show; that stays on record."""

    environment: EnvironmentName = "production"
    rollout: Number | None = None
    step: Annotated[int, Field(ge=0)] | None = None
    """The one to skip, counted from 0; refused when it is at another."""
    reason: Reason


class PromoteRollout(Command):
    """Promote now, whatever the steps have shown; that stays on record."""

    environment: EnvironmentName = "production"
    rollout: Number | None = None
    version: Number | None = None
    """Which of the new versions of an A/B test; the first, if not said."""
    reason: Reason


class AbortRollout(Command):
    """Give all of the traffic back to what served before; in the watch, roll back to it."""

    environment: EnvironmentName = "production"
    rollout: Number | None = None
    reason: Reason
    cause: Cause = "asked"
    finding: RolloutFinding | None = None


class FinishRollout(Command):
    """End the watch after a promotion; refused before its time is over."""

    environment: EnvironmentName = "production"
    rollout: Number
    finding: RolloutFinding | None = None


RolloutCommand: TypeAlias = (
    StartRollout
    | AdvanceRollout
    | PauseRollout
    | ResumeRollout
    | ApproveRolloutStep
    | SkipRolloutStep
    | PromoteRollout
    | AbortRollout
    | FinishRollout
)
