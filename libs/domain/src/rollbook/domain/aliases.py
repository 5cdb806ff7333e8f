"""Aliases: movable names for versions."""

from typing import TypeAlias

from rollbook.domain.context import Context
from rollbook.domain.messages import Command, Event, Refused, Unchanged
from rollbook.domain.names import AliasName, matches
from rollbook.domain.state import Model
from rollbook.domain.tags import Number

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


def decide(state: Model, command: AliasCommand, context: Context) -> AliasEvent | Unchanged:
    """The event that `command` leads to."""
    match command:
        case SetAlias(alias=alias, version=number):
            state.usable(number)
            before = state.aliases.get(alias)
            if before == number:
                return Unchanged(version=number)
            _refuse_protected(alias, context)
            return AliasSet(alias=alias, version=number, replaced=before)
        case RemoveAlias(alias=alias):
            state.require()
            before = state.aliases.get(alias)
            if before is None:
                return Unchanged()
            _refuse_protected(alias, context)
            return AliasRemoved(alias=alias, version=before)


def _refuse_protected(alias: str, context: Context) -> None:
    patterns = context.namespace.rules.protected_aliases
    if not context.releaser and any(matches(alias, pattern) for pattern in patterns):
        raise Refused("protected", f"the alias {alias!r} is protected: only a releaser may move it")
