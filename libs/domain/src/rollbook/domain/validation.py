"""What the gates say about a version."""

from hashlib import sha256
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, FiniteFloat

from rollbook.domain.lineage import AnyText, Fact, Short
from rollbook.domain.messages import Command, Event, Unchanged
from rollbook.domain.state import Model
from rollbook.domain.tags import FactName, Number


class GateResult(Fact):
    """What one gate measured, and what it made of it."""

    gate: Short
    outcome: Literal["passed", "failed", "error", "skipped"]
    reason: Annotated[AnyText, Field(max_length=5000)] = ""
    measured: Annotated[dict[FactName, FiniteFloat], Field(max_length=1000)] = Field(
        default_factory=dict
    )


Gates: TypeAlias = Annotated[tuple[GateResult, ...], Field(max_length=200)]

# Events


class ValidationStarted(Event):
    """The gates have begun to look at the version."""

    version: int
    policy: str | None = None


class VersionValidated(Event):
    """The version passed the gates."""

    version: int
    gates: tuple[GateResult, ...] = ()
    policy: str | None = None
    digest: str
    """Of the verdict: pins what the gates found."""


class VersionRejected(Event):
    """The version failed a gate."""

    version: int
    gates: tuple[GateResult, ...] = ()
    policy: str | None = None
    digest: str
    """Of the verdict: pins what the gates found."""


ValidationEvent: TypeAlias = ValidationStarted | VersionValidated | VersionRejected


def evolve(state: Model, event: ValidationEvent) -> Model:
    """The state after `event`."""
    match event:
        case ValidationStarted(version=number):
            return state.reviewed(number, stage="validating")
        case VersionValidated(version=number, digest=digest):
            return state.reviewed(number, stage="validated", rejected=False, verdict=digest)
        case VersionRejected(version=number, digest=digest):
            return state.reviewed(number, stage="rejected", rejected=True, verdict=digest)


# Commands


class StartValidation(Command):
    """Let the gates look at a version, for the first time or again."""

    version: Number
    policy: Short | None = None


class RecordValidation(Command):
    """Say what the gates found; one that failed, or could not decide, rejects the version."""

    version: Number
    gates: Annotated[Gates, Field(min_length=1)]
    policy: Short | None = None


ValidationCommand: TypeAlias = StartValidation | RecordValidation


def decide(state: Model, command: ValidationCommand) -> ValidationEvent | Unchanged:
    """The event that `command` leads to."""
    review = state.usable(command.version).review
    match command:
        case StartValidation(version=number, policy=policy):
            if review.stage == "validating":
                return Unchanged(version=number)
            return ValidationStarted(version=number, policy=policy)
        case RecordValidation(version=number, gates=gates, policy=policy):
            digest = "sha256:" + sha256(command.model_dump_json().encode()).hexdigest()
            if digest == review.verdict and review.stage != "validating":
                return Unchanged(version=number)
            passed = all(gate.outcome in ("passed", "skipped") for gate in gates)
            event = VersionValidated if passed else VersionRejected
            return event(version=number, gates=gates, policy=policy, digest=digest)
