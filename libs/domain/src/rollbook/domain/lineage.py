"""Where a version comes from: the facts that are fixed when it is registered."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from rollbook.domain.names import Digest, Uri


class _Fact(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Artifact(_Fact):
    """The bytes of a version: where they lie and what they are."""

    uri: Uri
    digest: Digest
    size: Annotated[int, Field(ge=0, description="bytes")] | None = None
    format: Annotated[str, Field(max_length=100)] | None = None


class Dataset(_Fact):
    """A data set that a version was trained or validated on."""

    uri: Uri
    digest: Digest | None = None
    role: Annotated[str, Field(pattern=r"^(train|validation|test)$")] = "train"


class Lineage(_Fact):
    """The run, code, data and environment that made a version."""

    run_id: Annotated[str, Field(max_length=250)] | None = None
    code_uri: Annotated[str, Field(max_length=4096)] | None = None
    code_commit: Annotated[str, Field(max_length=100)] | None = None
    datasets: Annotated[tuple[Dataset, ...], Field(max_length=100)] = ()
    environment: Annotated[dict[str, str], Field(max_length=1000)] = Field(default_factory=dict)


class Signature(_Fact):
    """Inputs and outputs, each a list of column or tensor specifications."""

    inputs: Annotated[tuple[dict[str, JsonValue], ...], Field(max_length=10_000)] = ()
    outputs: Annotated[tuple[dict[str, JsonValue], ...], Field(max_length=10_000)] = ()
