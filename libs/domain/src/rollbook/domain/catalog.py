"""Registering, describing and tagging a model."""

from typing import TypeAlias

from pydantic import Field

from rollbook.domain.messages import Command, Event, Refused, Unchanged
from rollbook.domain.names import Text
from rollbook.domain.state import Model
from rollbook.domain.tags import SomeKeys, SomeTags, Tags, has, present, without

# Events


class ModelRegistered(Event):
    """The model exists from here on."""

    description: str = ""
    tags: dict[str, str] = Field(default_factory=dict)


class ModelDescribed(Event):
    """The model's description was replaced."""

    description: str


class ModelTagged(Event):
    """Tags of the model were set; other tags stay."""

    tags: dict[str, str]


class ModelUntagged(Event):
    """Tags of the model were removed."""

    keys: tuple[str, ...]


CatalogEvent: TypeAlias = ModelRegistered | ModelDescribed | ModelTagged | ModelUntagged


def evolve(state: Model, event: CatalogEvent) -> Model:
    """The state after `event`."""
    match event:
        case ModelRegistered(description=description, tags=tags):
            return state._replace(
                registered=True, description=description, tags=state.tags.update(tags)
            )
        case ModelDescribed(description=description):
            return state._replace(description=description)
        case ModelTagged(tags=tags):
            return state._replace(tags=state.tags.update(tags))
        case ModelUntagged(keys=keys):
            return state._replace(tags=without(state.tags, keys))


# Commands


class RegisterModel(Command):
    """Make a model known, so that versions of it can be registered."""

    description: Text = ""
    tags: Tags = Field(default_factory=dict)


class DescribeModel(Command):
    """Replace the model's description (Markdown)."""

    description: Text


class TagModel(Command):
    """Set tags of the model; other tags stay."""

    tags: SomeTags


class UntagModel(Command):
    """Remove tags of the model."""

    keys: SomeKeys


CatalogCommand: TypeAlias = RegisterModel | DescribeModel | TagModel | UntagModel


def decide(state: Model, command: CatalogCommand) -> CatalogEvent | Unchanged:
    """The event that `command` leads to."""
    match command:
        case RegisterModel(description=description, tags=tags):
            if not state.registered:
                return ModelRegistered(description=description, tags=tags)
            if (description and description != state.description) or not has(state.tags, tags):
                raise Refused(
                    "already_registered",
                    "the model is registered with another description or other tags:"
                    " use DescribeModel and TagModel to change them",
                )
            return Unchanged()
        case DescribeModel(description=description):
            state.require()
            if description == state.description:
                return Unchanged()
            return ModelDescribed(description=description)
        case TagModel(tags=tags):
            state.require()
            return Unchanged() if has(state.tags, tags) else ModelTagged(tags=tags)
        case UntagModel(keys=keys):
            state.require()
            found = present(state.tags, keys)
            return ModelUntagged(keys=found) if found else Unchanged()
