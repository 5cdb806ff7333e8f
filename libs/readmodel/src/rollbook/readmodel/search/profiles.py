"""The view of the states of models: what each was found and listed by, from which position on."""

from dataclasses import dataclass
from typing import Final

from rollbook.domain.catalog import CatalogEvent
from rollbook.eventlog.position import Position
from rollbook.readmodel.models import ModelRow
from rollbook.readmodel.search import terms
from rollbook.readmodel.search.spans import UNTIL
from rollbook.readmodel.table import PLACE, Table
from rollbook.readmodel.view import of

EVENTS: Final = of(CatalogEvent)


@dataclass(slots=True)
class ProfileRow:
    """A model from one position on."""

    row: ModelRow
    position: Position
    until_off: int | None = None


TABLE: Final[Table[ProfileRow]] = Table(
    "profiles",
    key={"model": "text", "off": PLACE["off"]},
    fixed={
        "partition": PLACE["partition"],
        "retired": "boolean",
        "description": "text",
        "tags": "jsonb",
        "owner": "text",
        "team": "text",
        "risk": "text",
        "retired_reason": "text",
        "terms": "text[]",
    },
    changing=UNTIL,
    values={
        "model": lambda row: row.row.key,
        "retired": lambda row: row.row.retired_reason is not None,
        "description": lambda row: row.row.description,
        "tags": lambda row: row.row.tags,
        "owner": lambda row: row.row.owner,
        "team": lambda row: row.row.team,
        "risk": lambda row: row.row.risk,
        "retired_reason": lambda row: row.row.retired_reason,
        "terms": lambda row: terms.of_model(row.row),
    },
)
