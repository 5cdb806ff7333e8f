"""The events of the domain by their wire names, so that what is received gets its type back."""

from collections.abc import Iterator, Mapping
from functools import cache
from types import UnionType
from typing import Any, get_args

from pydantic import ValidationError

from rollbook.domain.messages import Event
from rollbook.domain.model import ModelEvent
from rollbook.domain.namespace import NamespaceEvent


@cache
def by_name() -> Mapping[str, type[Event]]:
    """Wire name to class, for all that happens to models and namespaces."""
    return {found.__name__: found for found in (*_members(ModelEvent), *_members(NamespaceEvent))}


def decoded(kind: str, data: Mapping[str, Any]) -> Event | None:
    """The event; None for an answer that changed nothing, and for what a newer registry knows."""
    found = by_name().get(kind)
    try:
        return None if found is None else found.model_validate(data)
    except ValidationError:
        return None


def _members(union: object) -> Iterator[type[Event]]:
    if isinstance(union, type):
        yield union
    elif isinstance(union, UnionType):
        for part in get_args(union):
            yield from _members(part)
