"""Aliases: movable names for versions."""

from typing import TypeAlias

from rollbook.domain.messages import Command, Event, Unchanged
from rollbook.domain.names import AliasName
from rollbook.domain.state import Model
from rollbook.domain.versions import Number

# Events


class AliasSet(Event):
    """The alias points at `version` now; before, at `replaced`."""

    alias: str
    version: int
    replaced: int | None = None


class AliasRemoved(Event):
    """The alias, which pointed at `version`, is gone."""

    alias: str
    version: int


AliasEvent: TypeAlias = AliasSet | AliasRemoved


def evolve(state: Model, event: AliasEvent) -> Model:
    """The state after `event`."""
    match event:
        case AliasSet(alias=alias, version=number):
            return state._replace(aliases=state.aliases.set(alias, number))
        case AliasRemoved(alias=alias):
            return state._replace(aliases=state.aliases.delete(alias))


# Commands


class SetAlias(Command):
    """Point an alias at a version."""

    alias: AliasName
    version: Number


class RemoveAlias(Command):
    """Remove an alias."""

    alias: AliasName


AliasCommand: TypeAlias = SetAlias | RemoveAlias


def decide(state: Model, command: AliasCommand) -> AliasEvent | Unchanged:
    """The event that `command` leads to."""
    match command:
        case SetAlias(alias=alias, version=number):
            state.usable(number)
            before = state.aliases.get(alias)
            if before == number:
                return Unchanged(version=number)
            return AliasSet(alias=alias, version=number, replaced=before)
        case RemoveAlias(alias=alias):
            state.require()
            before = state.aliases.get(alias)
            if before is None:
                return Unchanged()
            return AliasRemoved(alias=alias, version=before)
