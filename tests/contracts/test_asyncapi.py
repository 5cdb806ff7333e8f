"""The AsyncAPI document is valid by AsyncAPI's own schema, and all that it points at is there."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from rollbook.eventlog.commands import COMMANDS
from rollbook.eventlog.records import LOG_MESSAGES
from tests.contracts import asyncapi
from tests.contracts.schemas import CONTRACTS

OFFICIAL = Path(__file__).parent / "asyncapi-3.0.0.schema.json"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(asyncapi.document())
    return loaded


@pytest.fixture(scope="module")
def official() -> Draft7Validator:
    return Draft7Validator(json.loads(OFFICIAL.read_text()))


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def test_the_document_is_valid_by_the_official_schema(
    document: dict[str, Any], official: Draft7Validator
) -> None:
    official.validate(document)


def test_the_official_schema_refuses_a_wrong_document(
    document: dict[str, Any], official: Draft7Validator
) -> None:
    assert not official.is_valid(document | {"asyncapi": "2.6.0"})
    broken = document | {"operations": {"decide": {"action": "think"}}}
    assert not official.is_valid(broken)


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    found = set(references(document))
    assert found
    for reference in found:
        if reference.startswith("#/"):
            place: Any = document
            for step in reference[2:].split("/"):
                place = place[step]
        else:
            assert (CONTRACTS / reference).is_file(), reference


def test_every_message_is_described_and_stands_in_a_channel(document: dict[str, Any]) -> None:
    described = document["components"]["messages"].keys()
    assert described == COMMANDS.keys() | LOG_MESSAGES.keys() | {
        "DeadLetter",
        "Pointing",
        "Telemetry",
    }
    channels = document["channels"]
    assert channels["commands"]["messages"].keys() == COMMANDS.keys()
    assert channels["events"]["messages"].keys() == LOG_MESSAGES.keys()
