"""Environments: where a version serves; at most one stands in each."""

from datetime import datetime
from typing import Final, Literal, TypeAlias

from rollbook.domain.context import Context
from rollbook.domain.evidence import evidence_of
from rollbook.domain.findings import RolloutFinding
from rollbook.domain.guards import (
    Objection,
    objections,
    open_request,
    rollout_live,
    rule_for,
    unsigned,
)
from rollbook.domain.messages import Command, Event, Refused, Unchanged
from rollbook.domain.names import EnvironmentName, Reason
from rollbook.domain.state import KEPT_PLACES, Break, Model
from rollbook.domain.tags import Number

UNREVIEWED: Final = 100
"""How many broken glasses may wait for their review."""

# Events


class VersionPromoted(Event):
    """`version` serves in `environment` now, in place of `replaced`."""

    version: int
    environment: str
    replaced: int | None = None
    request: int | None = None
    """The request that was granted."""
    approved_by: tuple[str, ...] = ()
    evidence: str | None = None
    """Digest of the facts that it was decided on."""
    rules: int = 0
    """The version of the namespace's rules that it was decided by; 0: none were set."""
    rollout: int | None = None
    """The rollout that it is the end of."""
    finding: RolloutFinding | None = None
    """What the last step of the rollout showed."""
    override: str | None = None
    """Why somebody promoted it before its rollout had shown what it should."""
    watched_until: datetime | None = None
    """Until when the rollout still looks whether it must go back."""


class VersionRolledBack(Event):
    """`version` was taken out of `environment`, and `restored` serves there again."""

    version: int
    environment: str
    restored: int
    reason: str
    rollout: int | None = None
    """The rollout that it ended."""
    cause: str | None = None
    """What the rollout found, if it was not a person's wish: `breached`, `error` or `failed`."""
    finding: RolloutFinding | None = None


class EnvironmentCleared(Event):
    """`version` was taken out of `environment`, and nothing serves there."""

    version: int
    environment: str
    reason: str
    rollout: int | None = None
    """The rollout that it ended."""


class RollbackRehearsed(Event):
    """Somebody went through a roll-back without doing it; it would restore `restored`."""

    version: int
    environment: str
    restored: int
    note: str


class GlassBroken(Event):
    """In an emergency `version` was let into `environment` past the rules."""

    version: int
    environment: str
    replaced: int | None = None
    reason: str
    number: int
    """Counts the model's broken glasses from 1."""
    bypassed: tuple[str, ...] = ()
    """Codes of the rules that it was let past."""
    broken_by: str
    rules: int = 0
    rollout: int | None = None
    """The rollout that it ended."""


class BreakGlassReviewed(Event):
    """Somebody else looked at a broken glass afterwards."""

    number: int
    verdict: str
    note: str


EnvironmentEvent: TypeAlias = (
    VersionPromoted
    | VersionRolledBack
    | EnvironmentCleared
    | RollbackRehearsed
    | GlassBroken
    | BreakGlassReviewed
)


def evolve(state: Model, event: EnvironmentEvent) -> Model:
    """The state after `event`."""
    match event:
        case VersionPromoted(version=number, environment=environment):
            return _enter(_rolled_out(state, event), number, environment)
        case VersionRolledBack(environment=environment, restored=restored):
            before = state.environments[environment][:-1]
            last = len(before) - 1 - before[::-1].index(restored)
            ended = state.rolled_out(environment)
            return _stand(ended, restored, environment, before[: last + 1])
        case EnvironmentCleared(environment=environment):
            ended = state.rolled_out(environment)
            return ended._replace(environments=state.environments.delete(environment))
        case RollbackRehearsed():
            return state
        case GlassBroken(version=number, environment=environment):
            broken = Break(number, environment, event.broken_by)
            return _enter(state.rolled_out(environment), number, environment)._replace(
                breaks=state.breaks.set(event.number, broken), broken=event.number
            )
        case BreakGlassReviewed(number=number):
            return state._replace(breaks=state.breaks.delete(number))


def _rolled_out(state: Model, event: VersionPromoted) -> Model:
    """The model after a rollout's end, or with it watching what it has promoted."""
    number, until = event.rollout, event.watched_until
    if number is None or until is None:
        return state.rolled_out(event.environment)
    watching = state.rollouts[number]._replace(
        version=event.version, challengers=(), state="watching", due=until, paused_at=None
    )
    return state.rolling(number, watching)


def _enter(state: Model, number: int, environment: str) -> Model:
    places = (*state.environments.get(environment, ()), number)[-KEPT_PLACES:]
    return _stand(state, number, environment, places)


def _stand(state: Model, number: int, environment: str, places: tuple[int, ...]) -> Model:
    state = state._replace(environments=state.environments.set(environment, places))
    if state.requests and (found := open_request(state, number, environment)) is not None:
        # What was asked for has come true, whichever way: its signatures are used up.
        return state._replace(requests=state.requests.delete(found[0]))
    return state


# Commands


class PromoteVersion(Command):
    """Let a version serve in an environment, replacing the one that stands there."""

    version: Number
    environment: EnvironmentName = "production"


class RollBackVersion(Command):
    """Put back the version that stood in the environment before, or the one named."""

    reason: Reason
    environment: EnvironmentName = "production"
    to: Number | None = None


class ClearEnvironment(Command):
    """Take what serves out of an environment, and let nothing serve there."""

    environment: EnvironmentName
    reason: Reason


class RehearseRollback(Command):
    """Go through a roll-back of an environment without doing it, and put that on record."""

    environment: EnvironmentName = "production"
    note: Reason


class BreakGlass(Command):
    """In an emergency let a version serve past the rules; somebody else reviews it afterwards."""

    version: Number
    environment: EnvironmentName = "production"
    reason: Reason


class ReviewBreakGlass(Command):
    """Say afterwards whether a broken glass was justified; not by who broke it."""

    number: Number
    verdict: Literal["justified", "unjustified"]
    note: Reason


EnvironmentCommand: TypeAlias = (
    PromoteVersion
    | RollBackVersion
    | ClearEnvironment
    | RehearseRollback
    | BreakGlass
    | ReviewBreakGlass
)


def decide(
    state: Model, command: EnvironmentCommand, context: Context
) -> EnvironmentEvent | Unchanged:
    """The event that `command` leads to."""
    match command:
        case PromoteVersion(version=number, environment=environment):
            return _promote(state, number, environment, context)
        case RollBackVersion(reason=reason, environment=environment, to=wanted):
            state.require()
            return _roll_back(state, environment, wanted, reason)
        case ClearEnvironment(environment=environment, reason=reason):
            state.require()
            serving = state.serving(environment)
            if serving is None:
                return Unchanged()
            return EnvironmentCleared(
                version=serving,
                environment=environment,
                reason=reason,
                rollout=_live(state, environment),
            )
        case RehearseRollback(environment=environment, note=note):
            state.require()
            would = _roll_back(state, environment, None, note)
            if isinstance(would, Unchanged):
                return would
            return RollbackRehearsed(
                version=would.version, environment=environment, restored=would.restored, note=note
            )
        case BreakGlass():
            return _break_glass(state, command, context)
        case ReviewBreakGlass():
            return _review_break(state, command, context)


def _promote(
    state: Model, number: int, environment: str, context: Context
) -> VersionPromoted | Unchanged:
    state.usable(number)
    serving = state.serving(environment)
    if serving == number:
        return Unchanged(version=number)
    if (live := state.live_in(environment)) is not None:
        raise rollout_live(*live)
    found = objections(state, number, environment, context)
    missing, place, request = unsigned(state, number, environment, context)
    if missing is not None:
        found.append(missing)
    if found:
        raise Refused(found[0].code, "; ".join(objection.message for objection in found))
    ruled = context.namespace.rules_version or request is not None
    evidence = evidence_of(state, number, environment) if ruled else None
    signed = request.approvals if request else ()
    return VersionPromoted(
        version=number,
        environment=environment,
        replaced=serving,
        request=place,
        approved_by=tuple(a.by for a in signed if a.evidence == evidence),
        evidence=evidence,
        rules=context.namespace.rules_version,
    )


def _roll_back(
    state: Model, environment: str, wanted: int | None, reason: str
) -> VersionRolledBack | Unchanged:
    places = state.environments.get(environment, ())
    if not places:
        raise Refused("nothing_serves", f"no version serves in {environment}")
    current, before = places[-1], places[:-1]
    if wanted is None:
        candidates = [
            v for v in reversed(before) if v != current and not state.versions[v].archived
        ]
        if not candidates:
            raise Refused(
                "nothing_before",
                f"no version stood in {environment} before version {current}: name one to promote",
            )
        wanted = candidates[0]
    elif wanted == current:
        return Unchanged(version=current)
    else:
        state.usable(wanted)
        if wanted not in before:
            raise Refused(
                "never_stood",
                f"version {wanted} has not stood in {environment} before version {current}:"
                " promote it instead",
            )
    return VersionRolledBack(
        version=current,
        environment=environment,
        restored=wanted,
        reason=reason,
        rollout=_live(state, environment),
    )


def _live(state: Model, environment: str) -> int | None:
    """The rollout that is live there."""
    live = state.live_in(environment)
    return live[0] if live else None


def _break_glass(state: Model, command: BreakGlass, context: Context) -> GlassBroken | Unchanged:
    number, environment = command.version, command.environment
    state.usable(number)
    rule_for(environment, context)
    serving = state.serving(environment)
    if serving == number:
        return Unchanged(version=number)
    if len(state.breaks) >= UNREVIEWED:
        raise Refused("unreviewed", f"{UNREVIEWED} broken glasses wait for their review")
    missing, _, _ = unsigned(state, number, environment, context)
    found: list[Objection] = objections(state, number, environment, context)
    if missing is not None:
        found.append(missing)
    return GlassBroken(
        version=number,
        environment=environment,
        replaced=serving,
        reason=command.reason,
        number=state.broken + 1,
        bypassed=tuple(objection.code for objection in found),
        broken_by=context.actor,
        rules=context.namespace.rules_version,
        rollout=_live(state, environment),
    )


def _review_break(
    state: Model, command: ReviewBreakGlass, context: Context
) -> BreakGlassReviewed | Unchanged:
    state.known()
    found = state.breaks.get(command.number)
    if found is None:
        if command.number <= state.broken:
            return Unchanged()
        raise Refused("unknown_break", f"no glass number {command.number} was broken")
    if found.broken_by == context.actor:
        raise Refused("own_work", "who broke the glass cannot review it")
    return BreakGlassReviewed(number=command.number, verdict=command.verdict, note=command.note)
