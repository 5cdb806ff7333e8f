"""Tags: a small map from names to text, on models and on versions."""

from collections.abc import Iterable, Mapping
from typing import Annotated, TypeAlias

from immutables import Map
from pydantic import Field

from rollbook.domain.names import TagKey, TagValue

Tags: TypeAlias = Annotated[dict[TagKey, TagValue], Field(max_length=500)]
SomeTags: TypeAlias = Annotated[dict[TagKey, TagValue], Field(min_length=1, max_length=500)]
SomeKeys: TypeAlias = Annotated[tuple[TagKey, ...], Field(min_length=1, max_length=500)]

NO_TAGS: Map[str, str] = Map()


def has(tags: Map[str, str], wanted: Mapping[str, str]) -> bool:
    """Whether each wanted tag is set to the wanted value."""
    return all(tags.get(key) == value for key, value in wanted.items())


def without(tags: Map[str, str], keys: Iterable[str]) -> Map[str, str]:
    """The tags that are not among `keys`."""
    left = tags.mutate()
    for key in keys:
        left.pop(key, None)
    return left.finish()


def present(tags: Map[str, str], keys: Iterable[str]) -> tuple[str, ...]:
    """Those of `keys` that are set, each once, in the order given."""
    return tuple(dict.fromkeys(key for key in keys if key in tags))
