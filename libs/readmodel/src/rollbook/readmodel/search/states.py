"""The view of the states of versions: what each was searched by, from which position on."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pydantic_core import to_json

from rollbook.domain.cards import Card, CardEvent
from rollbook.domain.messages import Message
from rollbook.domain.validation import ValidationEvent
from rollbook.domain.versions import (
    PropertiesSet,
    VersionArchived,
    VersionDescribed,
    VersionRegistered,
    VersionRestored,
    VersionTagged,
    VersionUntagged,
)
from rollbook.eventlog.envelope import EventEnvelope
from rollbook.eventlog.position import Position
from rollbook.readmodel.database import storable
from rollbook.readmodel.search import terms
from rollbook.readmodel.search.spans import UNTIL
from rollbook.readmodel.table import PLACE, Table
from rollbook.readmodel.versions import VersionRow
from rollbook.readmodel.view import of

EVENTS: Final[frozenset[type[Message]]] = of(CardEvent, ValidationEvent) | {
    VersionRegistered,
    VersionDescribed,
    VersionTagged,
    VersionUntagged,
    PropertiesSet,
    VersionArchived,
    VersionRestored,
}
"""What changes by what a version is found. Evaluations and documents do not."""

STATE: Final = (
    "description",
    "tags",
    "properties",
    "properties_schema",
    "stage",
    "rejected",
    "verdict",
    "card_revision",
    "card_digest",
    "card_sections",
    "review_by",
    "card_stale",
    "archived_reason",
)
"""The fields of a version's row that `EVENTS` change, besides when."""


@dataclass(slots=True)
class StateRow:
    """A version from one position on."""

    version: VersionRow
    position: Position
    card: str
    """Its text."""
    until_off: int | None = None


def project(row: VersionRow, event: EventEnvelope, card: str) -> StateRow:
    """The state that one of `EVENTS` begins; `row` is the version after it."""
    return StateRow(row, event.position, card)


def text_of(card: Card) -> str:
    """What a card says, without its structure."""
    said = card.model_dump(mode="json", exclude_defaults=True)
    texts = [value for value in said.values() if isinstance(value, str)]
    texts += (*card.owners, *card.languages, *card.tags)
    return storable(terms.SEAM.join(texts))[: terms.MOST_PROSE]


def trained_at(row: VersionRow) -> datetime | None:
    """When its training ended; when it began, where nobody said how long it took."""
    runtime = row.lineage.runtime
    if runtime is None or runtime.started_at is None:
        return None
    try:
        return runtime.started_at + (runtime.duration or timedelta())
    except OverflowError:
        return runtime.started_at


def _size(row: VersionRow) -> int | None:
    size = row.artifact.size
    return size if size is None or size < 2**63 else None


def _state(row: VersionRow) -> bytes:
    state = {name: getattr(row, name) for name in STATE}
    state["tags"] = dict(sorted(row.tags.items()))  # jsonb does not keep their order
    return to_json(state, inf_nan_mode="constants")


TABLE: Table[StateRow] = Table(
    "search",
    key={"model": "text", "version": "int", "off": PLACE["off"]},
    fixed={
        "partition": PLACE["partition"],
        "archived": "boolean",
        "created_at": "timestamptz",
        "updated_at": "timestamptz",
        "trained_at": "timestamptz",
        "review_by": "timestamptz",
        "size": "bigint",
        "numbers": "jsonb",
        "terms": "text[]",
        "prose": "text",
        "card": "text",
        "state": "json",
    },
    changing=UNTIL,
    values={
        "model": lambda row: row.version.model,
        "version": lambda row: row.version.version,
        "archived": lambda row: row.version.archived_reason is not None,
        "created_at": lambda row: row.version.created_at,
        "updated_at": lambda row: row.version.updated_at,
        "trained_at": lambda row: trained_at(row.version),
        "review_by": lambda row: row.version.review_by,
        "size": lambda row: _size(row.version),
        "numbers": lambda row: terms.numbers(row.version),
        "terms": lambda row: terms.of_version(row.version),
        "prose": lambda row: terms.prose(row.version),
        "state": lambda row: _state(row.version),
    },
)
