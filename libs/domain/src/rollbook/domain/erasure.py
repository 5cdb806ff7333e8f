"""Erasing personal data, which stands outside of the log and is named there by reference."""

from typing import Annotated, TypeAlias

from pydantic import Field

from rollbook.domain.messages import Command, Event
from rollbook.domain.names import PersonalRef, Reason
from rollbook.domain.tenancy import Namespace

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

    references: Annotated[tuple[PersonalRef, ...], Field(min_length=1, max_length=1000)]
    reason: Reason


ErasureCommand: TypeAlias = ErasePersonalData


def decide(state: Namespace, command: ErasureCommand) -> ErasureEvent:
    """The event that `command` leads to."""
    return PersonalDataErased(references=command.references, reason=command.reason)
