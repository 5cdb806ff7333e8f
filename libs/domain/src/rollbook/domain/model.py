"""The model aggregate: a command and a state decide an event; events evolve state."""

from typing import TypeAlias

from rollbook.domain import aliases, catalog, environments, versions
from rollbook.domain.messages import Unchanged
from rollbook.domain.state import Model

ModelEvent: TypeAlias = (
    catalog.CatalogEvent
    | versions.VersionEvent
    | aliases.AliasEvent
    | environments.EnvironmentEvent
)

ModelCommand: TypeAlias = (
    catalog.CatalogCommand
    | versions.VersionCommand
    | aliases.AliasCommand
    | environments.EnvironmentCommand
)


def evolve(state: Model, event: ModelEvent) -> Model:
    """The state after `event`."""
    match event:  # versions first: they are most of any log, and a class check has its price
        case (
            versions.VersionRegistered()
            | versions.VersionDescribed()
            | versions.VersionTagged()
            | versions.VersionUntagged()
            | versions.VersionArchived()
        ):
            return versions.evolve(state, event)
        case (
            catalog.ModelRegistered()
            | catalog.ModelDescribed()
            | catalog.ModelTagged()
            | catalog.ModelUntagged()
        ):
            return catalog.evolve(state, event)
        case aliases.AliasSet() | aliases.AliasRemoved():
            return aliases.evolve(state, event)
        case environments.VersionPromoted() | environments.VersionRolledBack():
            return environments.evolve(state, event)


def decide(state: Model, command: ModelCommand) -> ModelEvent | Unchanged:
    """The event that `command` leads to, or `Unchanged` when the wish is already true.

    Raises `Refused` when the state forbids it.
    """
    match command:
        case (
            versions.RegisterVersion()
            | versions.DescribeVersion()
            | versions.TagVersion()
            | versions.UntagVersion()
            | versions.ArchiveVersion()
        ):
            return versions.decide(state, command)
        case (
            catalog.RegisterModel()
            | catalog.DescribeModel()
            | catalog.TagModel()
            | catalog.UntagModel()
        ):
            return catalog.decide(state, command)
        case aliases.SetAlias() | aliases.RemoveAlias():
            return aliases.decide(state, command)
        case environments.PromoteVersion() | environments.RollBackVersion():
            return environments.decide(state, command)
