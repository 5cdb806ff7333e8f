"""Erasing personal data, which stands outside of the log and is named there by reference."""

from hashlib import sha256
from typing import Annotated, Final, TypeAlias

from pydantic import Field, StringConstraints

from rollbook.domain.context import Context
from rollbook.domain.messages import Command, Event, Refused
from rollbook.domain.names import PersonalRef, Reason
from rollbook.domain.tenancy import REGISTRY, Namespace

PERSON: Final = "person:"

PersonRef = Annotated[str, StringConstraints(pattern=r"^person:[0-9a-f]{64}$")]
"""`person:` and the SHA-256 of a subject: how that person is called."""


def person(subject: str) -> str:
    """What stands for how somebody is called, so that no record has to say whom it is about."""
    return PERSON + sha256(subject.encode()).hexdigest()


# Events


class PersonalDataErased(Event):
    """What stood behind these references is gone; the references stay."""

    references: tuple[str, ...]
    reason: str


ErasureEvent: TypeAlias = PersonalDataErased


def evolve(state: Namespace, event: ErasureEvent) -> Namespace:
    """The state after `event`: the same, since no decision looks at personal data."""
    return state


# Commands


class ErasePersonalData(Command):
    """Erase what stands behind references, for ever."""

    references: Annotated[tuple[PersonalRef | PersonRef, ...], Field(min_length=1, max_length=1000)]
    reason: Reason


ErasureCommand: TypeAlias = ErasePersonalData


def decide(state: Namespace, command: ErasureCommand, context: Context) -> ErasureEvent:
    """The event that `command` leads to."""
    if context.name != REGISTRY and any(r.startswith(PERSON) for r in command.references):
        raise Refused(
            "wrong_stream",
            f"people are known to the registry as a whole: erase them in {REGISTRY!r}",
        )
    return PersonalDataErased(references=command.references, reason=command.reason)
