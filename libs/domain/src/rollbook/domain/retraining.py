"""Retraining: asked for by an alarm or a person, run elsewhere, and what it brought."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self, TypeAlias

from pydantic import Field, StringConstraints, model_validator

from rollbook.domain.context import Context
from rollbook.domain.messages import Command, Event, Refused, Unchanged
from rollbook.domain.names import NO_NUL, Reason, Uri
from rollbook.domain.retrainpolicy import MOST_RUNS, Past, RetrainingPolicy, affordable, due
from rollbook.domain.state import Alarm, Model, Training
from rollbook.domain.tags import Number

Run: TypeAlias = Annotated[
    str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]+$", min_length=1, max_length=1000)
]
"""What the pipeline calls a run of it."""
Note: TypeAlias = Annotated[str, Field(max_length=5000, pattern=NO_NUL)]
CANCELLED: Final = "cancelled"

# Events


class RetrainingSet(Event):
    """When the model is trained anew from here on; `version` counts from 1."""

    version: int
    digest: str
    document: dict[str, Any] | None = None
    """A `RetrainingPolicy`, as JSON has it; None: by no alarm, and at nobody's wish."""


class RetrainingRequested(Event):
    """The model is to be trained anew: whoever runs pipelines starts one, once."""

    retraining: int
    """Counts the model's from 1."""
    alarm: int | None = None
    """Why; None: somebody wished it."""
    version: int | None = None
    """Whose alarm it is."""
    environment: str | None = None
    reason: str
    requested_by: str
    requested_at: datetime
    pipeline: str
    parameters: dict[str, str] = Field(default_factory=dict)
    deadline: datetime
    """A run that has not ended by then counts as lost."""
    after: int
    """How many versions there were: a candidate is a later one."""
    policy: int
    """The version of the policy that it was decided by."""


class RetrainingStarted(Event):
    """The pipeline runs."""

    retraining: int
    run: str
    """As the pipeline calls it."""
    url: str | None = None
    """Where people can look at it."""


class RetrainingEnded(Event):
    """The retraining is over."""

    retraining: int
    outcome: str
    """`candidate`, `empty` (it ended well, and registered nothing), `failed`, `lost` (nobody knows
    what became of it) or `cancelled`."""
    version: int | None = None
    """The candidate."""
    note: str = ""
    ended_at: datetime


RetrainingEvent: TypeAlias = (
    RetrainingSet | RetrainingRequested | RetrainingStarted | RetrainingEnded
)


def evolve(state: Model, event: RetrainingEvent) -> Model:
    """The state after `event`."""
    match event:
        case RetrainingSet(version=version, document=document):
            policy = RetrainingPolicy.model_validate(document) if document is not None else None
            return state._replace(retraining=policy, retraining_version=version)
        case RetrainingRequested(retraining=number):
            asked = Training(Past(event.requested_at), event.after)
            kept = state.trainings[-MOST_RUNS + 1 :]
            return state._replace(trainings=(*kept, asked), trained=number)
        case RetrainingStarted(run=run):
            return _with_last(state, _last(state)._replace(run=run))
        case RetrainingEnded():
            last = _last(state)
            past = last.past._replace(
                ended_at=event.ended_at, outcome=event.outcome, version=event.version
            )
            return _with_last(state, last._replace(past=past))


def _last(state: Model) -> Training:
    if not state.trainings:
        raise KeyError("retraining")
    return state.trainings[-1]


def _with_last(state: Model, training: Training) -> Model:
    return state._replace(trainings=(*state.trainings[:-1], training))


# Commands


class SetRetraining(Command):
    """Say when the model is trained anew, and by which pipeline; null: never."""

    document: RetrainingPolicy | None


class RequestRetraining(Command):
    """Have the model trained anew, because of an alarm or for a reason of your own.

    One runs at a time: while one does, nothing is left to wish. With an alarm, all of the policy's
    limits hold; without, those that keep it from running away: its budget, and none beside a
    rollout.
    """

    alarm: Number | None = None
    reason: Reason


class RecordRetrainingRun(Command):
    """Put on record that the pipeline runs, and under which name."""

    retraining: Number
    run: Run
    url: Uri | None = None


class EndRetraining(Command):
    """Put on record what a retraining has brought."""

    retraining: Number
    outcome: Literal["candidate", "empty", "failed", "lost"]
    version: Number | None = None
    """The candidate."""
    note: Note = ""

    @model_validator(mode="after")
    def _named(self) -> Self:
        if (self.outcome == "candidate") != (self.version is not None):
            raise ValueError("version: must be given for a candidate, and for nothing else")
        return self


class CancelRetraining(Command):
    """Wait for a retraining no longer; the next one may begin."""

    retraining: Number
    reason: Reason


RetrainingCommand: TypeAlias = (
    SetRetraining | RequestRetraining | RecordRetrainingRun | EndRetraining | CancelRetraining
)


def decide(
    state: Model, command: RetrainingCommand, context: Context
) -> RetrainingEvent | Unchanged:
    """The event that `command` leads to."""
    match command:
        case SetRetraining(document=policy):
            return _set(state, policy)
        case RequestRetraining():
            return _request(state, command, context)
        case RecordRetrainingRun(retraining=number, run=run, url=url):
            running = _open(state, number)
            if running.run == run:
                return Unchanged()
            if running.run:
                raise Refused("another_run", f"retraining {number} is the run {running.run}")
            return RetrainingStarted(retraining=number, run=run, url=url)
        case EndRetraining():
            return _end(state, command, context)
        case CancelRetraining(retraining=number, reason=reason):
            if _outcome(state, number) == CANCELLED:
                return Unchanged()
            _open(state, number)
            return RetrainingEnded(
                retraining=number, outcome=CANCELLED, note=reason, ended_at=context.time
            )


def _set(state: Model, policy: RetrainingPolicy | None) -> RetrainingSet | Unchanged:
    state.require()
    if policy == state.retraining:
        return Unchanged(version=state.retraining_version)
    return RetrainingSet(
        version=state.retraining_version + 1,
        digest=policy.digest() if policy is not None else "",
        document=policy.model_dump(mode="json", exclude_defaults=True) if policy else None,
    )


def _request(
    state: Model, command: RequestRetraining, context: Context
) -> RetrainingRequested | Unchanged:
    state.require()
    policy, now = state.retraining, context.time
    if policy is None:
        raise Refused("no_pipeline", "no policy says how this model is trained: set one first")
    if state.trainings and state.trainings[-1].past.ended_at is None:
        return Unchanged()  # one at a time: that wish is being fulfilled
    if state.rollouts:
        number = min(state.rollouts)
        raise Refused("rollout_live", f"rollout {number} is live: first see what becomes of it")
    past = [training.past for training in state.trainings]
    free = affordable(policy, past)
    if free is not None and now < free:
        raise Refused(
            "over_budget",
            f"{policy.budget} retrainings have begun within {policy.period}:"
            f" the next one may at {free.isoformat()}",
        )
    alarm = _alarm(state, command.alarm, context) if command.alarm is not None else None
    return RetrainingRequested(
        retraining=state.trained + 1,
        alarm=command.alarm,
        version=alarm.version if alarm else None,
        environment=alarm.environment if alarm else None,
        reason=command.reason,
        requested_by=context.actor,
        requested_at=now,
        pipeline=policy.pipeline,
        parameters=policy.parameters,
        deadline=now + policy.deadline,
        after=len(state.versions),
        policy=state.retraining_version,
    )


def _alarm(state: Model, number: int, context: Context) -> Alarm:
    """The open alarm; refuses while the policy has it wait, whoever points at it."""
    found = state.alarms.get(number)
    if found is None:
        if number <= state.alarmed:
            raise Refused("closed", f"alarm {number} has cleared")
        raise Refused("unknown_alarm", f"there is no alarm {number}")
    policy = state.retraining
    if policy is None or not policy.heeds(found.kind, found.environment):
        raise Refused(
            "not_heeded",
            f"the policy heeds no alarm about {found.kind} in {found.environment}:"
            " ask without naming the alarm",
        )
    past = [training.past for training in state.trainings]
    first = due(policy, past, lambda version: is_rejected(state, version), found.since)
    if context.time < first:
        raise Refused(
            "not_due",
            f"alarm {number} leads to a retraining at {first.isoformat()}:"
            " ask without naming the alarm if it cannot wait",
        )
    return found


def is_rejected(state: Model, number: int) -> bool:
    """Whether the gates were against a version."""
    version = state.versions.get(number)
    return version is not None and version.review.rejected


def _end(state: Model, command: EndRetraining, context: Context) -> RetrainingEnded | Unchanged:
    number, version = command.retraining, command.version
    if _outcome(state, number) == command.outcome:
        return Unchanged(version=version)
    open_ = _open(state, number)
    if version is not None and not open_.after < version <= len(state.versions):
        raise Refused(
            "no_candidate",
            f"version {version} was not registered since retraining {number} was asked for",
        )
    return RetrainingEnded(
        retraining=number,
        outcome=command.outcome,
        version=version,
        note=command.note,
        ended_at=context.time,
    )


def _open(state: Model, number: int) -> Training:
    """A retraining that has not ended, of a retired model as well; only the last one can be."""
    state.known()
    if number > state.trained:
        raise Refused("unknown_retraining", f"there is no retraining {number}")
    last = state.trainings[-1]
    if number < state.trained or last.past.ended_at is not None:
        raise Refused("closed", f"retraining {number} has ended")
    return last


def _outcome(state: Model, number: int) -> str:
    """What became of a retraining; nothing while it runs, or where it is long ago."""
    place = number - state.trained - 1
    return state.trainings[place].past.outcome if -len(state.trainings) <= place < 0 else ""
