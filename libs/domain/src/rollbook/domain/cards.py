"""Model cards: structured documents about a version, revised, reviewed, and stale in time."""

from datetime import datetime
from hashlib import sha256
from typing import Annotated, TypeAlias

from pydantic import Field, FiniteFloat

from rollbook.domain.context import Context
from rollbook.domain.evaluations import Measure
from rollbook.domain.lineage import AnyText, Fact, Short
from rollbook.domain.messages import Command, Event, Refused, Unchanged
from rollbook.domain.moments import Moment
from rollbook.domain.names import Label, Reason, Uri
from rollbook.domain.state import Model
from rollbook.domain.tags import Count, FactName, Number

Prose: TypeAlias = Annotated[AnyText, Field(max_length=50_000)]
"""Markdown; `personal:…` in it stands for personal data that is kept outside of the log."""


class Subgroup(Fact):
    """How the version does on a part of the data."""

    slice: Annotated[dict[Short, Label], Field(min_length=1, max_length=20)]
    metrics: Annotated[dict[FactName, Measure], Field(min_length=1, max_length=100)]
    samples: Count | None = None


class Impact(Fact):
    """What training cost the environment."""

    co2_kg: Annotated[FiniteFloat, Field(ge=0)] | None = None
    energy_kwh: Annotated[FiniteFloat, Field(ge=0)] | None = None
    hours: Annotated[FiniteFloat, Field(ge=0)] | None = None
    hardware: Short | None = None
    provider: Short | None = None
    region: Short | None = None


class Card(Fact):
    """A model card: the fields of Google's and Hugging Face's, and when it must be reviewed."""

    summary: Prose = ""
    owners: Annotated[tuple[Label, ...], Field(max_length=50)] = ()
    contacts: Annotated[tuple[Label, ...], Field(max_length=50)] = ()
    developed_by: Label | None = None
    funded_by: Label | None = None
    model_type: Label | None = None
    languages: Annotated[tuple[Short, ...], Field(max_length=200)] = ()
    licence: Short | None = None
    base_model: Label | None = None
    tags: Annotated[tuple[Short, ...], Field(max_length=200)] = ()
    references: Annotated[tuple[Uri, ...], Field(max_length=100)] = ()
    citation: Prose = ""
    intended_use: Prose = ""
    downstream_use: Prose = ""
    out_of_scope: Prose = ""
    how_to_start: Prose = ""
    training_data: Prose = ""
    training_procedure: Prose = ""
    evaluation_data: Prose = ""
    factors: Prose = ""
    metrics: Prose = ""
    results: Prose = ""
    subgroups: Annotated[tuple[Subgroup, ...], Field(max_length=1000)] = ()
    limitations: Prose = ""
    recommendations: Prose = ""
    ethics: Prose = ""
    environmental_impact: Impact | None = None
    review_by: Moment | None = None
    """When somebody must have looked at it again."""
    more: Prose = ""

    def sections(self) -> tuple[str, ...]:
        """The fields that are filled in, in their order."""
        return tuple(name for name in type(self).model_fields if _filled(getattr(self, name)))

    def digest(self) -> str:
        """`sha256:…` of what it says."""
        text = self.model_dump_json(exclude_defaults=True)
        return "sha256:" + sha256(text.encode()).hexdigest()


def _filled(value: object) -> bool:
    return bool(value.strip()) if isinstance(value, str) else value not in (None, (), Impact())


# Events


class CardWritten(Event):
    """The version's card was written or revised; `revision` counts from 1."""

    version: int
    revision: int
    card: Card
    digest: str


class CardReviewed(Event):
    """Somebody looked at the card and found that it holds until `review_by`."""

    version: int
    revision: int
    review_by: datetime
    note: str


class CardWentStale(Event):
    """The moment at which the card should have been reviewed has passed."""

    version: int
    revision: int
    review_by: datetime


CardEvent: TypeAlias = CardWritten | CardReviewed | CardWentStale


def evolve(state: Model, event: CardEvent) -> Model:
    """The state after `event`."""
    match event:
        case CardWritten(version=number, revision=revision, card=card, digest=digest):
            return state.reviewed(
                number,
                card=digest,
                card_revision=revision,
                card_sections=card.sections(),
                review_by=card.review_by,
                stale=False,
            )
        case CardReviewed(version=number, review_by=review_by):
            return state.reviewed(number, review_by=review_by, stale=False)
        case CardWentStale(version=number):
            return state.reviewed(number, stale=True)


# Commands


class WriteCard(Command):
    """Write the version's card, or replace it by a new revision."""

    version: Number
    card: Card


class ReviewCard(Command):
    """Confirm that the card still holds, and say until when."""

    version: Number
    review_by: Moment
    note: Reason


class MarkCardStale(Command):
    """Note that the card's review is overdue; refused while it is not."""

    version: Number


CardCommand: TypeAlias = WriteCard | ReviewCard | MarkCardStale


def decide(state: Model, command: CardCommand, context: Context) -> CardEvent | Unchanged:
    """The event that `command` leads to."""
    review = state.version(command.version).review
    match command:
        case WriteCard(version=number, card=card):
            digest = card.digest()
            if digest == review.card:
                return Unchanged(version=number)
            return CardWritten(
                version=number, revision=review.card_revision + 1, card=card, digest=digest
            )
        case ReviewCard(version=number, review_by=review_by, note=note):
            _require_card(number, review.card_revision)
            if review_by <= context.time:
                raise Refused("in_the_past", "review_by must lie in the future")
            if review_by == review.review_by and not review.stale:
                return Unchanged(version=number)
            return CardReviewed(
                version=number, revision=review.card_revision, review_by=review_by, note=note
            )
        case MarkCardStale(version=number):
            _require_card(number, review.card_revision)
            if review.stale:
                return Unchanged(version=number)
            due = review.review_by
            if due is None or context.time < due:
                when = due.isoformat() if due else "never"
                raise Refused("not_due", f"the card's review is due {when}")
            return CardWentStale(version=number, revision=review.card_revision, review_by=due)


def _require_card(number: int, revision: int) -> None:
    if revision == 0:
        raise Refused("no_card", f"version {number} has no card: write one first")
