"""Environments: where a version serves; exactly one stands in each."""

from typing import TypeAlias

from rollbook.domain.messages import Command, Event, Refused, Unchanged
from rollbook.domain.names import EnvironmentName, Reason
from rollbook.domain.state import KEPT_PLACES, Model
from rollbook.domain.versions import Number

# Events


class VersionPromoted(Event):
    """`version` serves in `environment` now, in place of `replaced`."""

    version: int
    environment: str
    replaced: int | None = None


class VersionRolledBack(Event):
    """`version` was taken out of `environment`, and `restored` serves there again."""

    version: int
    environment: str
    restored: int
    reason: str


EnvironmentEvent: TypeAlias = VersionPromoted | VersionRolledBack


def evolve(state: Model, event: EnvironmentEvent) -> Model:
    """The state after `event`."""
    match event:
        case VersionPromoted(version=number, environment=environment):
            places = (*state.environments.get(environment, ()), number)[-KEPT_PLACES:]
        case VersionRolledBack(environment=environment, restored=restored):
            before = state.environments[environment][:-1]
            last = len(before) - 1 - before[::-1].index(restored)
            places = before[: last + 1]
    return state._replace(environments=state.environments.set(environment, places))


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


EnvironmentCommand: TypeAlias = PromoteVersion | RollBackVersion


def decide(state: Model, command: EnvironmentCommand) -> EnvironmentEvent | Unchanged:
    """The event that `command` leads to."""
    match command:
        case PromoteVersion(version=number, environment=environment):
            state.usable(number)
            serving = state.serving(environment)
            if serving == number:
                return Unchanged(version=number)
            return VersionPromoted(version=number, environment=environment, replaced=serving)
        case RollBackVersion(reason=reason, environment=environment, to=wanted):
            state.require()
            return _roll_back(state, environment, wanted, reason)


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
        version=current, environment=environment, restored=wanted, reason=reason
    )
