"""Legal holds: what is held is kept, whatever retention says."""

from typing import TypeAlias

from rollbook.domain.messages import Command, Event, Unchanged
from rollbook.domain.names import Reason
from rollbook.domain.state import Model
from rollbook.domain.tags import Number

# Events


class VersionHeld(Event):
    """The version's artifacts must be kept until the hold is lifted."""

    version: int
    reason: str


class VersionReleased(Event):
    """The hold was lifted."""

    version: int
    reason: str


HoldEvent: TypeAlias = VersionHeld | VersionReleased


def evolve(state: Model, event: HoldEvent) -> Model:
    """The state after `event`."""
    return state.reviewed(event.version, held=isinstance(event, VersionHeld))


# Commands


class HoldVersion(Command):
    """Put a version under legal hold: its artifacts are neither moved nor deleted."""

    version: Number
    reason: Reason


class ReleaseVersion(Command):
    """Lift the hold of a version."""

    version: Number
    reason: Reason


HoldCommand: TypeAlias = HoldVersion | ReleaseVersion


def decide(state: Model, command: HoldCommand) -> HoldEvent | Unchanged:
    """The event that `command` leads to."""
    number = command.version
    held = state.version(number).review.held
    match command:
        case HoldVersion(reason=reason):
            return Unchanged(version=number) if held else VersionHeld(version=number, reason=reason)
        case ReleaseVersion(reason=reason):
            if not held:
                return Unchanged(version=number)
            return VersionReleased(version=number, reason=reason)
