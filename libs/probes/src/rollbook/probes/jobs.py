"""What a service asks of its walled process, and the answer, which it does not trust."""

import json
import re
from math import isfinite
from pathlib import Path
from typing import Annotated, ClassVar, Literal, TypeAlias

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

BEGUN = b"\n"
"""What the walled process says before its answer: its libraries are there, its walls stand."""

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+")


def clean(text: str, most: int = 500) -> str:
    """The text on one line, without what would move a terminal, and not too long."""
    line = " ".join(_UNPRINTABLE.sub(" ", text).split())
    return line if len(line) <= most else line[: most - 1] + "…"


class _Plain(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:/ \-]{1,128}$")]


class Told(_Plain):
    """The answer of the walled process."""

    numbers: Annotated[dict[Name, FiniteFloat], Field(max_length=1000)] = Field(
        default_factory=dict
    )
    said: Annotated[str, AfterValidator(clean)] = ""


class _Job(_Plain):
    measures: ClassVar[tuple[str, ...]] = ()
    """What the names of the numbers begin with that it may answer."""

    scratch: Path
    memory: int
    """Bytes that the process may use."""
    seconds: int
    """Of processor time, from when its libraries are there."""
    needed: tuple[Wall, ...] = tuple(Wall)

    def answer(self, said: bytes) -> Told:
        """What the process measured; ValueError for no answer, or numbers of other probes."""
        told = Told.model_validate_json(said)
        if not all(name.startswith(self.measures) for name in told.numbers):
            raise ValueError("it answers what it was not asked")
        return told


class LoadJob(_Job):
    """Load the model; then call it, if `calls` is not 0."""

    measures = ("load.", "performance.")

    kind: Literal["load"] = "load"
    path: Path
    format: str | None = None
    allow_pickle: bool = False
    inputs: tuple[dict[str, JsonValue], ...] = ()
    calls: int = 0
    batch: int = 1


class PluginJob(_Job):
    """Let a plug-in look at the model."""

    measures = ("plugin.",)

    kind: Literal["plugin"] = "plugin"
    plugin: str
    gate: str
    path: Path
    settings: dict[str, JsonValue] = Field(default_factory=dict)
    facts: dict[str, JsonValue] = Field(default_factory=dict)


class DataJob(_Job):
    """Compare two tables, feature by feature."""

    measures = ("data.",)

    kind: Literal["data"] = "data"
    path: Path
    """The table that is looked at."""
    reference: Path
    """The one that it is held against."""


class RecipeJob(_Job):
    """Run a program that makes the model again; what it makes is looked at from outside."""

    measures = ("reproduced.",)

    kind: Literal["recipe"] = "recipe"
    path: Path
    """The folder of the program."""
    program: str
    """A Python file in the folder."""
    arguments: tuple[str, ...] = ()
    inputs: tuple[Path, ...] = ()
    """Further files and folders that it may read."""


Job: TypeAlias = Annotated[LoadJob | PluginJob | DataJob | RecipeJob, Field(discriminator="kind")]
JOB: TypeAdapter[Job] = TypeAdapter(Job)


def written(told: Told) -> bytes:
    """The answer as bytes."""
    numbers = {name: value for name, value in told.numbers.items() if isfinite(value)}
    return json.dumps({"numbers": numbers, "said": told.said}).encode()
