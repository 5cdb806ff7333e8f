"""Alarms: what the monitor found wrong with live data, raised once and quiet until it clears."""

from typing import Annotated, TypeAlias

from pydantic import Field, FiniteFloat

from rollbook.domain.lineage import AnyText, Fact
from rollbook.domain.messages import Command, Event, Refused, Unchanged
from rollbook.domain.moments import Moment
from rollbook.domain.names import EnvironmentName, Label, Reason
from rollbook.domain.state import Alarm, AlarmKind, Model
from rollbook.domain.tags import Count, Number

MOST_OPEN = 200
"""Alarms of a model that are open at the same time."""


class DriftFinding(Fact):
    """How far one column is from its reference, and what that says."""

    subject: Annotated[Label, Field(min_length=1, max_length=300)]
    """`feature:<name>`, `prediction`, `label`, `loss`, or a server."""
    measure: Annotated[Label, Field(min_length=1, max_length=100)]
    """What `value` is, such as `psi`, `nulls` or `unregistered`."""
    value: FiniteFloat
    threshold: FiniteFloat | None = None
    p: Annotated[FiniteFloat, Field(ge=0, le=1)] | None = None
    """How likely so much is without drift, corrected for how many columns were looked at."""
    rows: Count = 0
    more: Annotated[dict[Label, FiniteFloat], Field(max_length=20)] = Field(default_factory=dict)
    """Other measures of the same, such as `js` and `ks`."""
    note: Annotated[AnyText, Field(max_length=1000)] = ""


class Picture(Fact):
    """A column's reference and its window, bin by bin."""

    subject: Annotated[Label, Field(min_length=1, max_length=300)]
    bins: Annotated[
        tuple[Annotated[AnyText, Field(max_length=200)], ...], Field(min_length=1, max_length=101)
    ]
    reference: Annotated[tuple[Count, ...], Field(max_length=101)]
    window: Annotated[tuple[Count, ...], Field(max_length=101)]


class Stretch(Fact):
    """The time that was looked at."""

    begin: Moment
    end: Moment
    rows: Count = 0
    windows: Count = 1


Findings: TypeAlias = Annotated[tuple[DriftFinding, ...], Field(min_length=1, max_length=50)]
Pictures: TypeAlias = Annotated[tuple[Picture, ...], Field(max_length=5)]

# Events


class DriftDetected(Event):
    """Live data of a version has moved away from its reference; `alarm` counts those of a model."""

    alarm: int
    version: int
    environment: str
    kind: AlarmKind
    findings: tuple[DriftFinding, ...]
    window: Stretch
    pictures: tuple[Picture, ...] = ()
    profile: str | None = None
    """Digest of the reference profile."""


class DriftCleared(Event):
    """It is as it should be again."""

    alarm: int
    version: int
    environment: str
    kind: AlarmKind
    reason: str
    window: Stretch | None = None


class DriftAcknowledged(Event):
    """Somebody has seen the alarm and says so."""

    alarm: int
    note: str
    by: str


AlarmEvent: TypeAlias = DriftDetected | DriftCleared | DriftAcknowledged


def evolve(state: Model, event: AlarmEvent) -> Model:
    """The state after `event`."""
    match event:
        case DriftDetected(alarm=number):
            since = event.window.end
            alarm = Alarm(event.version, event.environment, event.kind, since=since)
            return state._replace(alarms=state.alarms.set(number, alarm), alarmed=number)
        case DriftCleared(alarm=number):
            return state._replace(alarms=state.alarms.delete(number))
        case DriftAcknowledged(alarm=number, by=by):
            seen = state.alarms[number]._replace(acknowledged_by=by)
            return state._replace(alarms=state.alarms.set(number, seen))


# Commands


class DetectDrift(Command):
    """Raise an alarm about a version in an environment; one that is open is not raised again."""

    version: Annotated[int, Field(ge=0, le=2**31 - 1, strict=True)]
    """What is served may be of any number, and 0 where the server knows none."""
    environment: EnvironmentName
    kind: AlarmKind
    findings: Findings
    window: Stretch
    pictures: Pictures = ()
    profile: Annotated[Label, Field(max_length=100)] | None = None


class ClearDrift(Command):
    """End an alarm: it is as it should be again."""

    alarm: Number
    reason: Reason
    window: Stretch | None = None


class AcknowledgeDrift(Command):
    """Say that an alarm was seen; it stays open until it clears."""

    alarm: Number
    note: Reason


AlarmCommand: TypeAlias = DetectDrift | ClearDrift | AcknowledgeDrift


def decide(state: Model, command: AlarmCommand, actor: str) -> AlarmEvent | Unchanged:
    """The event that `command` leads to."""
    match command:
        case DetectDrift():
            return _detect(state, command)
        case ClearDrift(alarm=number, reason=reason, window=window):
            alarm = _alarm(state, number)
            if alarm is None:
                return Unchanged()
            return DriftCleared(
                alarm=number,
                version=alarm.version,
                environment=alarm.environment,
                kind=alarm.kind,
                reason=reason,
                window=window,
            )
        case AcknowledgeDrift(alarm=number, note=note):
            alarm = _alarm(state, number)
            if alarm is None:
                raise Refused("closed", f"alarm {number} has cleared")
            if alarm.acknowledged_by == actor:
                return Unchanged()
            return DriftAcknowledged(alarm=number, note=note, by=actor)


def _detect(state: Model, command: DetectDrift) -> DriftDetected | Unchanged:
    number = command.version
    if command.kind == "serving":
        state.known()
    else:
        state.version(number)
    wanted = (number, command.environment, command.kind)
    if any(alarm[:3] == wanted for alarm in state.alarms.values()):
        return Unchanged(version=number)
    if len(state.alarms) >= MOST_OPEN:
        raise Refused("too_many_alarms", f"{MOST_OPEN} alarms of this model are open")
    return DriftDetected(
        alarm=state.alarmed + 1,
        version=number,
        environment=command.environment,
        kind=command.kind,
        findings=command.findings,
        window=command.window,
        pictures=command.pictures,
        profile=command.profile,
    )


def _alarm(state: Model, number: int) -> Alarm | None:
    """The open alarm; None for one that has cleared."""
    state.known()
    found = state.alarms.get(number)
    if found is None and number > state.alarmed:
        raise Refused("unknown_alarm", f"there is no alarm {number}")
    return found
