"""What a service asks of its walled process, and the answer, which it does not trust."""

import json
import re
from math import isfinite
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    JsonValue,
    TypeAdapter,
)

from rollbook.probes.walls import Wall

LONGEST = 1_000_000
"""Bytes of an answer."""


class _Plain(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Job(_Plain):
    scratch: Path
    memory: int
    """Bytes that the process may use."""
    seconds: int
    """Of processor time."""
    needed: tuple[Wall, ...] = tuple(Wall)


class LoadJob(_Job):
    """Load the model; then call it, if `calls` is not 0."""

    kind: Literal["load"] = "load"
    path: Path
    format: str | None = None
    allow_pickle: bool = False
    inputs: tuple[dict[str, JsonValue], ...] = ()
    calls: int = 0
    batch: int = 1


class PluginJob(_Job):
    """Let a plug-in look at the model."""

    kind: Literal["plugin"] = "plugin"
    plugin: str
    gate: str
    path: Path
    settings: dict[str, JsonValue] = Field(default_factory=dict)
    facts: dict[str, JsonValue] = Field(default_factory=dict)


class DataJob(_Job):
    """Compare two tables, feature by feature."""

    kind: Literal["data"] = "data"
    path: Path
    """The table that is looked at."""
    reference: Path
    """The one that it is held against."""


Job: TypeAlias = Annotated[LoadJob | PluginJob | DataJob, Field(discriminator="kind")]
JOB: TypeAdapter[Job] = TypeAdapter(Job)

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+")


def clean(text: str, most: int = 500) -> str:
    """The text on one line, without what would move a terminal, and not too long."""
    line = " ".join(_UNPRINTABLE.sub(" ", text).split())
    return line if len(line) <= most else line[: most - 1] + "…"


Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:/ \-]{1,128}$")]


class Told(_Plain):
    """The answer of the walled process."""

    numbers: Annotated[dict[Name, FiniteFloat], Field(max_length=1000)] = Field(
        default_factory=dict
    )
    said: Annotated[str, AfterValidator(clean)] = ""


def written(told: Told) -> bytes:
    """The answer as bytes."""
    numbers = {name: value for name, value in told.numbers.items() if isfinite(value)}
    return json.dumps({"numbers": numbers, "said": told.said}).encode()
