"""Reference profiles: how the data was distributed that a version was made from, in fixed bins."""

from hashlib import sha256
from itertools import pairwise
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, FiniteFloat, model_validator

from rollbook.domain.lineage import AnyText, Fact
from rollbook.domain.messages import Command, Event, Unchanged
from rollbook.domain.names import Label
from rollbook.domain.state import Model
from rollbook.domain.tags import Count, Number

ColumnName: TypeAlias = Annotated[Label, Field(min_length=1, max_length=250)]


class NumberColumn(Fact):
    """Numbers by bins: `counts[i]` lie from `edges[i]` up to, not including, `edges[i + 1]`."""

    kind: Literal["numbers"]
    edges: Annotated[tuple[FiniteFloat, ...], Field(min_length=2, max_length=65)]
    counts: Annotated[tuple[Count, ...], Field(min_length=1, max_length=64)]
    nulls: Count = 0

    @model_validator(mode="after")
    def _fit(self) -> "NumberColumn":
        if any(low >= high for low, high in pairwise(self.edges)):
            raise ValueError("edges must grow")
        if len(self.counts) != len(self.edges) - 1:
            raise ValueError("must have one count for each bin between two edges")
        return self


class WordColumn(Fact):
    """Words by how often each was there; `other` are those that were too many to name."""

    kind: Literal["words"]
    counts: Annotated[
        dict[Annotated[AnyText, Field(max_length=1000)], Count],
        Field(min_length=1, max_length=100),
    ]
    other: Count = 0
    nulls: Count = 0


Column: TypeAlias = Annotated[NumberColumn | WordColumn, Field(discriminator="kind")]


class Loss(Fact):
    """How wrong the version was on the reference: wrong answers as 1, or absolute differences."""

    rows: Annotated[int, Field(ge=1, le=2**63 - 1)]
    mean: Annotated[FiniteFloat, Field(ge=0)]


class Profile(Fact):
    """What live data of a version is held against."""

    rows: Annotated[int, Field(ge=1, le=2**63 - 1)]
    features: Annotated[dict[ColumnName, Column], Field(max_length=500)] = Field(
        default_factory=dict
    )
    prediction: Column | None = None
    label: Column | None = None
    task: Literal["number", "class", "probability"] = "number"
    """What predictions are: numbers, classes, or the probability that the answer is 1."""
    loss: Loss | None = None
    data: Annotated[Label, Field(max_length=1000)] = ""
    """Where the reference came from."""

    @model_validator(mode="after")
    def _something(self) -> "Profile":
        if not self.features and self.prediction is None and self.label is None:
            raise ValueError("must have a feature, a prediction or a label")
        return self

    def digest(self) -> str:
        """`sha256:…` of what it says."""
        return "sha256:" + sha256(self.model_dump_json().encode()).hexdigest()


# Events


class ProfileRecorded(Event):
    """The version has a reference profile; one that it had before counts no more."""

    version: int
    profile: Profile
    digest: str


ProfileEvent: TypeAlias = ProfileRecorded


def evolve(state: Model, event: ProfileEvent) -> Model:
    """The state after `event`."""
    return state.reviewed(event.version, profile=event.digest)


# Commands


class RecordProfile(Command):
    """Say how the data was distributed that live data of a version is held against."""

    version: Number
    profile: Profile


ProfileCommand: TypeAlias = RecordProfile


def decide(state: Model, command: ProfileCommand) -> ProfileEvent | Unchanged:
    """The event that `command` leads to."""
    number, profile = command.version, command.profile
    digest = profile.digest()
    if state.usable(number).review.profile == digest:
        return Unchanged(version=number)
    return ProfileRecorded(version=number, profile=profile, digest=digest)
