"""What a sweep deletes from the store of artifacts: it is on record before it goes."""

from typing import Annotated, TypeAlias

from pydantic import Field, NonNegativeInt

from rollbook.domain.lineage import AnyText, Fact
from rollbook.domain.messages import Command, Event
from rollbook.domain.names import Digest
from rollbook.domain.tenancy import Namespace

MOST = 500
"""Deletions of one record."""


class Deletion(Fact):
    """Bytes that are to go, and why nobody needs them."""

    digest: Digest
    size: NonNegativeInt
    reason: Annotated[AnyText, Field(max_length=1000)]


Deletions: TypeAlias = Annotated[tuple[Deletion, ...], Field(min_length=1, max_length=MOST)]

# Events


class DeletionsAnnounced(Event):
    """A sweep set out to delete these; what was needed by then stayed."""

    deletions: tuple[Deletion, ...]


DeletionEvent: TypeAlias = DeletionsAnnounced


def evolve(state: Namespace, event: DeletionEvent) -> Namespace:
    """The state after `event`: the same, since no decision looks at what is gone."""
    return state


# Commands


class AnnounceDeletions(Command):
    """Put on record what a sweep is about to delete from the store; this deletes nothing."""

    deletions: Deletions


DeletionCommand: TypeAlias = AnnounceDeletions


def decide(state: Namespace, command: DeletionCommand) -> DeletionEvent:
    """The event that `command` leads to."""
    return DeletionsAnnounced(deletions=command.deletions)
