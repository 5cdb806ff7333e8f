"""The OpenAPI document of the query service, as its app describes itself."""

from typing import Any

from pydantic import SecretStr

from rollbook.eventlog.topics import LogAddress
from rollbook.query.app import application
from rollbook.query.door import Door
from rollbook.query.settings import QuerySettings
from rollbook.query.tables import Tables
from tests.contracts.schemas import render


def describe() -> dict[str, Any]:
    """The document; nothing is connected to."""
    settings = QuerySettings.model_validate({"kafka": "unused:9092", "postgres": SecretStr("")})
    address = LogAddress(settings.kafka, settings.app)
    door = Door(address, settings.answer_within)
    tables = Tables(
        settings.postgres, settings.db_schema, within=settings.read_within, connections=1
    )
    return application(address, door, tables, settings).openapi()


def document() -> str:
    """The document as JSON."""
    return render(describe())
