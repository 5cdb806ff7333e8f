"""How long the artifacts of a namespace are kept, and where."""

from typing import TypeAlias

from rollbook.domain.messages import Command, Event, Unchanged
from rollbook.domain.rulebook import Retention
from rollbook.domain.tenancy import Namespace

# Events


class RetentionSet(Event):
    """How long artifacts are kept from here on; `version` counts from 1."""

    version: int
    retention: Retention


RetentionEvent: TypeAlias = RetentionSet


def evolve(state: Namespace, event: RetentionEvent) -> Namespace:
    """The state after `event`."""
    return state._replace(retention=event.retention, retention_version=event.version)


# Commands


class SetRetention(Command):
    """Replace how long artifacts of the namespace are kept."""

    retention: Retention


RetentionCommand: TypeAlias = SetRetention


def decide(state: Namespace, command: RetentionCommand) -> RetentionEvent | Unchanged:
    """The event that `command` leads to."""
    if command.retention == state.retention:
        return Unchanged(version=state.retention_version)
    return RetentionSet(version=state.retention_version + 1, retention=command.retention)
