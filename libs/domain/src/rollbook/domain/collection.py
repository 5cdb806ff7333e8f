"""Collections: named groups of a namespace's models."""

from hashlib import sha256
from typing import Annotated, TypeAlias

from pydantic import Field
from pydantic_core import to_json

from rollbook.domain.messages import Command, Event, Unchanged
from rollbook.domain.names import EnvironmentName, ModelName, Text
from rollbook.domain.tenancy import Namespace

# Events


class CollectionSet(Event):
    """The collection consists of these models now."""

    collection: str
    models: tuple[str, ...]
    description: str = ""

    def digest(self) -> str:
        """`sha256:…` of what is in it."""
        return "sha256:" + sha256(to_json([self.description, *self.models])).hexdigest()


class CollectionRemoved(Event):
    """The collection is gone; its models are not."""

    collection: str


CollectionEvent: TypeAlias = CollectionSet | CollectionRemoved


def evolve(state: Namespace, event: CollectionEvent) -> Namespace:
    """The state after `event`."""
    match event:
        case CollectionSet(collection=name):
            return state._replace(collections=state.collections.set(name, event.digest()))
        case CollectionRemoved(collection=name):
            return state._replace(collections=state.collections.delete(name))


# Commands


class SetCollection(Command):
    """Say which models a collection consists of."""

    collection: EnvironmentName
    models: Annotated[tuple[ModelName, ...], Field(max_length=10_000)]
    description: Text = ""


class RemoveCollection(Command):
    """Remove a collection."""

    collection: EnvironmentName


CollectionCommand: TypeAlias = SetCollection | RemoveCollection


def decide(state: Namespace, command: CollectionCommand) -> CollectionEvent | Unchanged:
    """The event that `command` leads to."""
    match command:
        case SetCollection(collection=name, description=description):
            models = tuple(sorted(set(command.models)))
            event = CollectionSet(collection=name, models=models, description=description)
            return Unchanged() if state.collections.get(name) == event.digest() else event
        case RemoveCollection(collection=name):
            if name not in state.collections:
                return Unchanged()
            return CollectionRemoved(collection=name)
