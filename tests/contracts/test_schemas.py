"""The committed schemas are those of the types, and none of them is written over carelessly."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tests.contracts.schemas import (
    CONTRACTS,
    IncompatibleError,
    breaks,
    refuse_breaks,
    render,
    schemas,
)


def test_every_schema_is_valid_json_schema() -> None:
    for text in schemas().values():
        Draft202012Validator.check_schema(json.loads(text))


def test_todays_types_can_take_the_place_of_the_committed_schemas() -> None:
    assert breaks(CONTRACTS, schemas()) == []


def committed(folder: Path) -> Path:
    for name, text in schemas().items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder


def test_a_field_that_vanishes_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    name = "schemas/events/VersionPromoted.v1.json"
    changed = json.loads(schemas()[name])
    del changed["properties"]["replaced"]
    with pytest.raises(IncompatibleError, match=r"VersionPromoted.*value\.replaced is gone"):
        refuse_breaks(committed(tmp_path), schemas() | {name: render(changed)})


def test_a_message_that_vanishes_is_refused(tmp_path: Path) -> None:
    old = committed(tmp_path) / "schemas/commands/BlessVersion.v1.json"
    old.write_text('{"type": "object"}')
    with pytest.raises(IncompatibleError, match="the message BlessVersion is gone"):
        refuse_breaks(tmp_path, schemas())
