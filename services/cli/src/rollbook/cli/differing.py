"""What differs between two documents, leaf by leaf."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

NAMES = ("name", "gate", "test")
"""Fields by which entries of lists are known."""


class Difference(NamedTuple):
    """One leaf; None where a document has none."""

    place: str
    before: Any
    after: Any


def differences(before: Any, after: Any, place: str = "") -> Iterator[Difference]:
    """Every leaf that is not the same, in the order of the documents.

    Entries of lists that have a name are compared by it, so that one more environment is one
    more environment, and not a change of all that follow.
    """
    ours, theirs = _named(before), _named(after)
    if ours is None or theirs is None or not (ours or theirs):
        if before != after or type(before) is not type(after):  # true is not 1
            yield Difference(place, before, after)
        return
    for key in dict.fromkeys((*ours, *theirs)):
        inner = f"{place}.{key}" if place else str(key)
        one, other = ours.get(key), theirs.get(key)
        if one is None or other is None:
            yield from _leaves(inner, one, other)
        else:
            yield from differences(one, other, inner)


def _leaves(place: str, one: Any, other: Any) -> Iterator[Difference]:
    there = other if one is None else one
    parts = _named(there)
    if not parts:
        if one is not other:
            yield Difference(place, one, other)
        return
    for key, part in parts.items():
        inner = f"{place}.{key}"
        yield from _leaves(inner, *((None, part) if one is None else (part, None)))


def _named(value: Any) -> Mapping[str, Any] | None:
    """The value's parts by name; None where it is a leaf, which nothing stands for as well."""
    match value:
        case None:
            return {}
        case Mapping():
            return value
        case Sequence() if not isinstance(value, str):
            for name in NAMES:
                if all(isinstance(part, Mapping) and name in part for part in value):
                    return {str(part[name]): part for part in value}
            return None
        case _:
            return None
