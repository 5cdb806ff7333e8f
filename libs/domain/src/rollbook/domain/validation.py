"""What the gates say about a version."""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, FiniteFloat

from rollbook.domain.lineage import AnyText, Fact, Short
from rollbook.domain.messages import Command, Event, Unchanged
from rollbook.domain.names import EnvironmentName, Label
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
    barred: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Environment -> gates that it failed and that keep it out of there, and only of there."""


class VersionRejected(Event):
    """The version failed a gate."""

    version: int
    gates: tuple[GateResult, ...] = ()
    policy: str | None = None
    digest: str
    """Of the verdict: pins what the gates found."""
    barred: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Environment -> gates that it failed and that keep it out of there, and only of there."""


ValidationEvent: TypeAlias = ValidationStarted | VersionValidated | VersionRejected


def evolve(state: Model, event: ValidationEvent) -> Model:
    """The state after `event`."""
    match event:
        case ValidationStarted(version=number):
            return state.reviewed(number, stage="validating")
        case VersionValidated(version=number, digest=digest, barred=barred):
            return state.reviewed(
                number, stage="validated", rejected=False, verdict=digest, barred=barred
            )
        case VersionRejected(version=number, digest=digest, barred=barred):
            return state.reviewed(
                number, stage="rejected", rejected=True, verdict=digest, barred=barred
            )


# Commands


class StartValidation(Command):
    """Let the gates look at a version, for the first time or again."""

    version: Number
    policy: Short | None = None


class RecordValidation(Command):
    """Say what the gates found; one that failed, or could not decide, rejects the version.

    One that is bound to environments keeps it out of these, and does not reject it.
    """

    version: Number
    gates: Annotated[Gates, Field(min_length=1)]
    policy: Label | None = None
    bound: Annotated[
        dict[Short, Annotated[tuple[EnvironmentName, ...], Field(min_length=1, max_length=50)]],
        Field(max_length=200),
    ] = Field(default_factory=dict)
    """Gate -> the environments that it is bound to."""


ValidationCommand: TypeAlias = StartValidation | RecordValidation


def decide(state: Model, command: ValidationCommand) -> ValidationEvent | Unchanged:
    """The event that `command` leads to."""
    review = state.usable(command.version).review
    match command:
        case StartValidation(version=number, policy=policy):
            if review.stage == "validating":
                return Unchanged(version=number)
            return ValidationStarted(version=number, policy=policy)
        case RecordValidation(version=number, gates=gates, policy=policy, bound=bound):
            said = command.model_dump_json(exclude=None if bound else {"bound"})
            digest = "sha256:" + sha256(said.encode()).hexdigest()
            if digest == review.verdict and review.stage != "validating":
                return Unchanged(version=number)
            failed = [gate.gate for gate in gates if gate.outcome not in ("passed", "skipped")]
            event = VersionValidated if all(name in bound for name in failed) else VersionRejected
            return event(
                version=number,
                gates=gates,
                policy=policy,
                digest=digest,
                barred=_barred(failed, bound),
            )


def _barred(
    failed: Iterable[str], bound: Mapping[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for gate in failed:
        for environment in bound.get(gate, ()):
            found[environment] = (*found.get(environment, ()), gate)
    return found
