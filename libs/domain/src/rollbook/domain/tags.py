"""Small maps from names to values: tags on models and versions, and typed properties."""

from collections.abc import Collection, Iterable, Mapping
from typing import Annotated, TypeAlias

from pydantic import Field, FiniteFloat, StringConstraints

from rollbook.domain.names import NO_NUL, Label, TagKey, TagValue

Number: TypeAlias = Annotated[int, Field(ge=1, strict=True)]
"""Of a version, of a request."""
FactName: TypeAlias = Annotated[Label, Field(min_length=1)]
Param: TypeAlias = Annotated[str, StringConstraints(pattern=NO_NUL, max_length=6000)]

Tags: TypeAlias = Annotated[dict[TagKey, TagValue], Field(max_length=500)]
SomeTags: TypeAlias = Annotated[dict[TagKey, TagValue], Field(min_length=1, max_length=500)]
SomeKeys: TypeAlias = Annotated[tuple[TagKey, ...], Field(min_length=1, max_length=500)]

Count: TypeAlias = Annotated[int, Field(ge=0, le=2**63 - 1)]
"""Of samples, such as a Postgres bigint holds."""

_Whole: TypeAlias = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]
Scalar: TypeAlias = bool | _Whole | FiniteFloat | TagValue
Properties: TypeAlias = Annotated[dict[TagKey, Scalar], Field(max_length=200)]
SomeProperties: TypeAlias = Annotated[
    dict[TagKey, Scalar | None], Field(min_length=1, max_length=200)
]
"""Properties to be set; null removes one."""


def has(tags: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    """Whether each wanted tag is set to the wanted value."""
    return all(tags.get(key) == value for key, value in wanted.items())


def without(tags: Mapping[str, str], keys: Collection[str]) -> Mapping[str, str]:
    """The tags that are not among `keys`."""
    return {key: value for key, value in tags.items() if key not in keys}


def present(tags: Mapping[str, str], keys: Iterable[str]) -> tuple[str, ...]:
    """Those of `keys` that are set, each once, in the order given."""
    return tuple(dict.fromkeys(key for key in keys if key in tags))
