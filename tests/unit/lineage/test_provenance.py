"""What leaves as PROV is valid PROV, and comes back as it was."""

import json
from importlib import resources

import pytest
from hypothesis import given, settings
from jsonschema.validators import validator_for
from prov.model import ProvDocument

from rollbook.domain.lineage import Dataset, Lineage, Parent
from rollbook.lineage.provenance import document, prov_json, prov_n
from tests.unit.lineage.records import Book, books, graph, keys, known

SCHEMA = json.loads(
    resources.files("prov.tests").joinpath("schemas/prov-json.schema.json").read_text()
)
"""Of the W3C member submission; the library carries it."""
VALIDATOR = validator_for(SCHEMA)(SCHEMA)


@settings(deadline=None)
@given(books, keys)
def test_prov_json_keeps_to_its_schema_and_comes_back_the_same(
    book: Book, key: tuple[str, int]
) -> None:
    text = prov_json(graph(book, key))
    VALIDATOR.validate(json.loads(text))
    assert ProvDocument.deserialize(content=text, format="json") == document(graph(book, key))


@settings(deadline=None, max_examples=30)
@given(books, keys)
def test_prov_n_comes_back_the_same(book: Book, key: tuple[str, int]) -> None:
    text = prov_n(graph(book, key))
    assert ProvDocument.deserialize(content=text, format="provn") == document(graph(book, key))


def test_a_version_was_generated_by_a_run_that_used_data_and_a_parent() -> None:
    lineage = Lineage(
        run_id="r1",
        datasets=(Dataset(uri="s3://lake/train"),),
        parents=(Parent(model="a/base", version=7),),
    )
    text = prov_n(graph({("a/x", 1): lineage}, ("a/x", 1)))
    for said in (
        "wasGeneratedBy(rollbook:version\\:a/x@1, rollbook:run\\:r1, -)",
        'used(rollbook:run\\:r1, rollbook:dataset\\:s3\\://lake/train, -, [prov:role="train"])',
        "rollbook:version\\:a/base@7, rollbook:run\\:r1, -, -)",
        "wasAttributedTo(rollbook:version\\:a/x@1, rollbook:actor\\:ann)",
        "used(rollbook:deployment\\:a/x/production@0\\:9, rollbook:version\\:a/x@1, -)",
    ):
        assert said in text


@pytest.mark.parametrize("text", ['a"b', "a b", "é", "a(b),[c]", "%41", "a\\b", "\u202ex", "a;b'"])
def test_names_of_any_characters_come_back(text: str) -> None:
    made = Lineage(run_id=text, code_commit=text, environment={text: text})
    shown = graph({("a/x", 1): made}, ("a/x", 1))
    for form, written in (("json", prov_json(shown)), ("provn", prov_n(shown))):
        assert ProvDocument.deserialize(content=written, format=form) == document(shown)
    assert known("a/x", 1).known
