"""The two kinds of streams, models and namespaces, behind one `decide` and one `evolve`."""

from typing import Final, TypeAlias, get_args

from rollbook.domain import model, namespace
from rollbook.domain.context import Context
from rollbook.domain.messages import Refused, Unchanged
from rollbook.domain.model import ModelCommand, ModelEvent
from rollbook.domain.namespace import NamespaceCommand, NamespaceEvent
from rollbook.domain.state import Model
from rollbook.domain.tenancy import Namespace

State: TypeAlias = Model | Namespace
StreamEvent: TypeAlias = ModelEvent | NamespaceEvent
StreamCommand: TypeAlias = ModelCommand | NamespaceCommand

NAMESPACE_COMMANDS: Final[frozenset[type]] = frozenset(get_args(NamespaceCommand))

NEW_MODEL: Final = Model()
NEW_NAMESPACE: Final = Namespace()


def beginning(key: str) -> State:
    """The state of a stream in which nothing has happened yet."""
    return NEW_MODEL if "/" in key else NEW_NAMESPACE


def evolve(state: State, event: StreamEvent) -> State:
    """The state after `event`; KeyError or TypeError when it cannot follow."""
    after: State | None
    if isinstance(state, Model):
        after = model.evolve(state, event)  # type: ignore[arg-type]
    else:
        after = namespace.evolve(state, event)  # type: ignore[arg-type]
    if after is None:  # neither knows the other's events
        raise TypeError(f"{type(event).__name__} cannot follow in this stream")
    return after


def decide(state: State, command: StreamCommand, context: Context) -> StreamEvent | Unchanged:
    """The event that `command` leads to, or `Unchanged`; raises `Refused`."""
    if isinstance(state, Model):
        if type(command) in NAMESPACE_COMMANDS:
            raise Refused("wrong_stream", "send this to the namespace, not to one of its models")
        return model.decide(state, command, context)  # type: ignore[arg-type]
    if type(command) not in NAMESPACE_COMMANDS:
        raise Refused("wrong_stream", "send this to a model, not to its namespace")
    return namespace.decide(state, command, context)  # type: ignore[arg-type]
