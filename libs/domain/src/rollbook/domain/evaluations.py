"""The evaluation history of a version: what was measured, on which data, when; append-only."""

from hashlib import sha256
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, FiniteFloat, model_validator

from rollbook.domain.lineage import AnyText, Dataset, Fact, Short
from rollbook.domain.messages import Command, Event, Unchanged
from rollbook.domain.moments import Moment
from rollbook.domain.names import Label
from rollbook.domain.state import Model
from rollbook.domain.tags import Count, FactName, Number


class Measure(Fact):
    """A metric's value, with its confidence interval where one is known."""

    value: FiniteFloat
    low: FiniteFloat | None = None
    high: FiniteFloat | None = None
    confidence: Annotated[float, Field(gt=0, lt=1)] | None = None
    """Of the interval, such as 0.95."""

    @model_validator(mode="after")
    def _ordered(self) -> "Measure":
        low = self.low if self.low is not None else self.value
        high = self.high if self.high is not None else self.value
        if not low <= self.value <= high:
            raise ValueError("must have low <= value <= high")
        return self


class Evaluation(Fact):
    """Metrics of one version on one split or slice of some data."""

    metrics: Annotated[dict[FactName, Measure], Field(min_length=1, max_length=1000)]
    kind: Literal["offline", "production", "shadow", "ab", "human"] = "offline"
    split: Short = "test"
    slice: Annotated[dict[Short, Label], Field(max_length=20)] = Field(default_factory=dict)
    """What restricts the data, such as `{"country": "DE"}`; nothing: all of it."""
    dataset: Dataset | None = None
    samples: Count | None = None
    scorer: Annotated[AnyText, Field(max_length=1000)] | None = None
    """What computed it: a script, its commit, a person."""
    run_id: Label | None = None
    at: Moment | None = None
    """When it was measured; for production, the end of the time that it covers."""
    note: Annotated[AnyText, Field(max_length=10_000)] = ""

    def digest(self, before: str = "") -> str:
        """`sha256:…` of what it says, and of all that was said `before`."""
        text = self.model_dump_json(exclude_defaults=True)
        return "sha256:" + sha256(f"{before}\n{text}".encode()).hexdigest()


# Events


class EvaluationRecorded(Event):
    """A version was evaluated; `number` counts its evaluations since registration from 1."""

    version: int
    number: int
    evaluation: Evaluation
    digest: str
    """SHA-256 over the digest of the evaluation before and this one: pins the whole history."""


EvaluationEvent: TypeAlias = EvaluationRecorded


def evolve(state: Model, event: EvaluationEvent) -> Model:
    """The state after `event`."""
    return state.reviewed(
        event.version,
        evaluations=event.number,
        evaluated=event.digest,
        last_evaluation=event.evaluation.digest(),
    )


# Commands


class RecordEvaluation(Command):
    """Append an evaluation to a version's history."""

    version: Number
    evaluation: Evaluation


EvaluationCommand: TypeAlias = RecordEvaluation


def decide(state: Model, command: EvaluationCommand) -> EvaluationEvent | Unchanged:
    """The event that `command` leads to."""
    number, evaluation = command.version, command.evaluation
    review = state.version(number).review
    if evaluation.digest() == review.last_evaluation:
        return Unchanged(version=number)
    return EvaluationRecorded(
        version=number,
        number=review.evaluations + 1,
        evaluation=evaluation,
        digest=evaluation.digest(review.evaluated),
    )
