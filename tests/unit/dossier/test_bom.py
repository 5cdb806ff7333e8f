"""The ML-BOM is valid by CycloneDX's own schema, whatever was registered."""

import json
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from hypothesis import given, settings

from rollbook.dossier.bom import bom
from rollbook.dossier.uris import is_plain
from rollbook.eventlog.topics import EVENTS
from tests.contracts import examples
from tests.contracts.step import MODEL
from tests.support.commands import World, governed_worlds, worlds
from tests.unit.cards.test_page import ATTACKS
from tests.unit.dossier.packing import packed
from tests.unit.dossier.test_page import attacked
from tests.unit.projector.books import Book

KEY = "team/churn"
GOLDEN = examples.topic(examples.load(Path(__file__).parents[3] / "contracts/examples"), EVENTS)
VALIDATOR = JsonStrictValidator(SchemaVersion.V1_6)


def validated(document: dict[str, Any]) -> dict[str, Any]:
    fault = VALIDATOR.validate_str(json.dumps(document))
    assert fault is None, fault
    return document


def test_a_governed_version_is_told_with_data_figures_card_and_licence() -> None:
    document = validated(bom(packed(GOLDEN, MODEL, 3)))
    component = document["metadata"]["component"]
    assert (component["type"], component["group"]) == ("machine-learning-model", "fraud")
    assert component["hashes"] == [{"alg": "SHA-256", "content": "e" * 64}]
    assert component["licenses"] == [{"license": {"id": "Apache-2.0"}}]
    assert component["pedigree"]["ancestors"][0]["version"] == "1"
    card = component["modelCard"]
    assert card["modelParameters"]["modelArchitecture"] == "gradient boosting"
    assert [d["ref"] for d in card["modelParameters"]["datasets"]] == ["data-0", "data-1", "data-2"]
    figures = card["quantitativeAnalysis"]["performanceMetrics"]
    assert {"type": "auc", "value": "0.944"} in figures
    assert any(f.get("slice", "").endswith("country=DE") for f in figures)
    assert card["considerations"]["technicalLimitations"][1] == "Credit decisions."
    by_ref = {part["bom-ref"]: part for part in document["components"]}
    assert by_ref["data-0"]["hashes"][0]["content"] == "2" * 64
    assert by_ref["variant-0"]["name"] == "int8"
    names = {part["name"]: part["value"] for part in component["properties"]}
    assert names["rollbook:code"] == "https://git.example.com/risk/fraud"
    assert names["rollbook:head"] == packed(GOLDEN, MODEL, 3).model.head


def test_the_same_record_makes_the_same_document() -> None:
    again = [bom(packed(GOLDEN, MODEL, 3)) for _ in range(2)]
    assert again[0] == again[1]
    earlier = bom(packed(GOLDEN[:-20], MODEL, 3))
    assert earlier["serialNumber"] != again[0]["serialNumber"]


@pytest.mark.parametrize("attack", ATTACKS)
def test_of_hostile_texts_the_document_is_valid(attack: str) -> None:
    document = validated(bom(attacked(attack.replace("\x01", ""))))
    component = document["metadata"]["component"]
    told = [part["url"] for part in component["externalReferences"]]
    told += [part["value"] for part in component["properties"]]
    assert "javascript:alert(1)" in told


@settings(max_examples=30)  # each is validated as a whole
@given(worlds | governed_worlds)
def test_of_whatever_was_registered_the_document_is_valid(world: World) -> None:
    book = Book()
    book.claims()
    book.tells(world, KEY)
    for number in world.model.versions:
        validated(bom(packed(book.records, KEY, number)))


@pytest.mark.parametrize(
    ("uri", "plain"),
    [
        ("s3://bucket/a/b?c=d#e", True),
        ("pkg:pypi/x#y/z.py", True),
        ("file:///a/b", True),
        ("https://host:8443/x%20y", True),
        ("s3://b/<script>", False),
        ("s3://b/ä", False),
        ("s3://b:port/x", False),
        ("s3://b/%zz", False),
        ("javascript:alert(1)\n", False),
        ("a:[b]", False),
    ],
)
def test_only_plain_addresses_are_told_as_references(uri: str, plain: bool) -> None:
    assert is_plain(uri) is plain
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "externalReferences": [{"type": "other", "url": uri}],
    }
    if plain:
        validated(document)
