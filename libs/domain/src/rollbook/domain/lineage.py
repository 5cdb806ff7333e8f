"""Where a version comes from: the facts that are fixed when it is registered."""

from math import isfinite
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, StringConstraints

from rollbook.domain.names import NO_NUL, Digest, Label, Uri


def _storable(value: JsonValue) -> JsonValue:
    """The value itself; Python reads NaN and NUL from JSON, but no standard JSON can hold them."""
    match value:
        case str() if "\x00" in value:
            raise ValueError("must not contain NUL characters")
        case float() if not isfinite(value):
            raise ValueError("must not contain NaN or infinite numbers")
        case dict():
            for key, part in value.items():
                _storable(key)
                _storable(part)
        case list():
            for part in value:
                _storable(part)
        case _:
            pass
    return value


Specification: TypeAlias = Annotated[dict[str, JsonValue], AfterValidator(_storable)]
AnyText: TypeAlias = Annotated[str, StringConstraints(pattern=NO_NUL)]


class _Fact(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Artifact(_Fact):
    """The bytes of a version: where they lie and what they are."""

    uri: Uri
    digest: Digest
    size: Annotated[int, Field(ge=0, description="bytes")] | None = None
    format: Annotated[Label, Field(max_length=100)] | None = None


class Dataset(_Fact):
    """A data set that a version was trained or validated on."""

    uri: Uri
    digest: Digest | None = None
    role: Annotated[str, Field(pattern=r"^(train|validation|test)$")] = "train"


class Lineage(_Fact):
    """The run, code, data and environment that made a version."""

    run_id: Label | None = None
    code_uri: Annotated[AnyText, Field(max_length=4096)] | None = None
    code_commit: Annotated[Label, Field(max_length=100)] | None = None
    datasets: Annotated[tuple[Dataset, ...], Field(max_length=100)] = ()
    environment: Annotated[dict[AnyText, AnyText], Field(max_length=1000)] = Field(
        default_factory=dict
    )


class Signature(_Fact):
    """Inputs and outputs, each a list of column or tensor specifications."""

    inputs: Annotated[tuple[Specification, ...], Field(max_length=10_000)] = ()
    outputs: Annotated[tuple[Specification, ...], Field(max_length=10_000)] = ()
