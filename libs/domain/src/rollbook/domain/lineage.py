"""Where a version comes from and what it consists of: facts that are fixed at registration."""

from math import isfinite
from typing import Annotated, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
)

from rollbook.domain.moments import Moment, Span
from rollbook.domain.names import NO_NUL, Digest, Label, ModelKey, Uri


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
Short: TypeAlias = Annotated[Label, Field(min_length=1, max_length=100)]


class Fact(BaseModel):
    """A part of a message, as immutable as the message."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Artifact(Fact):
    """The bytes of a version: where they lie and what they are."""

    uri: Uri
    digest: Digest
    size: Annotated[int, Field(ge=0, description="bytes")] | None = None
    format: Annotated[Label, Field(max_length=100)] | None = None


class Variant(Artifact):
    """Another artifact of the same version, beside the one that is the version itself."""

    name: Short
    kind: Literal["full", "quantised", "adapter", "prompt", "container", "tokenizer", "other"]


class Dataset(Fact):
    """A data set that a version was trained or validated on."""

    uri: Uri
    digest: Digest | None = None
    role: Annotated[str, Field(pattern=r"^(train|validation|test)$")] = "train"


class Feature(Fact):
    """A feature, or a group of them, as a feature store defines it."""

    name: Short
    uri: Uri | None = None
    digest: Digest | None = None


class Parent(Fact):
    """The version that this one was made from by fine-tuning, distilling or quantising."""

    model: ModelKey
    version: Annotated[int, Field(ge=1, le=2**31 - 1)]
    relation: Literal["fine-tuned", "distilled", "quantised", "merged", "adapted"] = "fine-tuned"


class Runtime(Fact):
    """What a version was trained in and on."""

    python: Annotated[Label, Field(max_length=50)] | None = None
    lock_uri: Uri | None = None
    lock_digest: Digest | None = None
    image: Annotated[AnyText, Field(max_length=1000)] | None = None
    hardware: Annotated[Label, Field(max_length=200)] | None = None
    started_at: Moment | None = None
    duration: Span | None = None


class Lineage(Fact):
    """The run, code, data, features and environment that made a version."""

    run_id: Label | None = None
    run_uri: Uri | None = None
    code_uri: Annotated[AnyText, Field(max_length=4096)] | None = None
    code_commit: Annotated[Label, Field(max_length=100)] | None = None
    datasets: Annotated[tuple[Dataset, ...], Field(max_length=100)] = ()
    features: Annotated[tuple[Feature, ...], Field(max_length=10_000)] = ()
    parents: Annotated[tuple[Parent, ...], Field(max_length=20)] = ()
    environment: Annotated[dict[AnyText, AnyText], Field(max_length=1000)] = Field(
        default_factory=dict
    )
    runtime: Runtime | None = None


class Signature(Fact):
    """Inputs and outputs, each a list of column or tensor specifications."""

    inputs: Annotated[tuple[Specification, ...], Field(max_length=10_000)] = ()
    outputs: Annotated[tuple[Specification, ...], Field(max_length=10_000)] = ()


class Terms(Fact):
    """Under which terms a version may be used, and whose data is in it."""

    licence: Annotated[Short, Field(description="SPDX identifier")] | None = None
    data_use: Annotated[tuple[Short, ...], Field(max_length=50)] = ()
    """What the data was given for, such as `research` or `marketing`."""
    consent: Annotated[AnyText, Field(max_length=2000)] | None = None
    """On which consent, contract or law the use of personal data rests."""
    pii: Literal["none", "pseudonymous", "personal", "sensitive"] | None = None
    """The most personal data that training saw; None: nobody said."""
