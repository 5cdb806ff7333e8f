"""The page says what there is, loads nothing, and nothing in it can run."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from rollbook.domain.cards import Card, CardWritten
from rollbook.domain.catalog import ModelRegistered
from rollbook.domain.environments import GlassBroken
from rollbook.domain.evaluations import Evaluation, EvaluationRecorded, Measure
from rollbook.domain.lineage import Artifact, Dataset, Lineage, Terms
from rollbook.domain.requests import PromotionCommented, PromotionRequested
from rollbook.domain.validation import GateResult, VersionRejected
from rollbook.domain.versions import DocumentLinked, VersionRegistered
from rollbook.dossier.pack import Pack
from rollbook.dossier.page import page
from rollbook.eventlog.topics import EVENTS
from tests.contracts import examples
from tests.contracts.governed import CI, HEDY, IDA, JOAN, MARY, REFERENCE
from tests.contracts.step import MODEL
from tests.support.commands import World, governed_worlds, worlds
from tests.unit.cards.test_page import ALLOWED, ATTACKS, Seen
from tests.unit.dossier.packing import packed
from tests.unit.projector.books import TIME, Book

KEY = "team/churn"
ROOT = Path(__file__).parents[3]
GOLDEN = examples.topic(examples.load(ROOT / "contracts/examples"), EVENTS)
DIGEST = "sha256:" + "a" * 64


def is_harmless(text: str) -> None:
    seen = Seen(text)
    assert seen.tags <= ALLOWED | {"h1", "h2", "h3", "h4", "h5", "h6", "p", "ul", "li"}
    assert not [name for name in seen.attributes if name.startswith("on")]
    assert all(link.startswith(("http://", "https://", "mailto:")) for link in seen.links)
    assert "src" not in seen.attributes
    assert not re.search(r"url\(|@import", text.partition("</style>")[0])


def attacked(text: str) -> Pack:
    """A version of which everything that is free text says this."""
    short = text[:90]
    book = Book()
    book.claims()
    book.says(KEY, ModelRegistered(description=text))
    version = VersionRegistered(
        version=1,
        registered_by=short,
        artifact=Artifact(uri="javascript:" + re.sub(r"\s", "", short), digest=DIGEST),
        params={"p": text},
        tags={"t": text},
        properties={"q": text},
        lineage=Lineage(
            code_uri=text,
            code_commit=short,
            run_id=short,
            datasets=(Dataset(uri="data:" + re.sub(r"\s", "", short)),),
            environment={short: text},
        ),
        terms=Terms(licence=short, consent=text),
        description=text,
    )
    book.says(KEY, version, actor=short.replace("\n", " "))
    book.says(KEY, CardWritten(version=1, revision=1, card=Card(summary=text), digest=DIGEST))
    measured = Evaluation(metrics={"auc": Measure(value=1)}, slice={short: short}, note=text)
    book.says(KEY, EvaluationRecorded(version=1, number=1, evaluation=measured, digest=DIGEST))
    gate = GateResult(gate=short, outcome="failed", reason=text)
    book.says(KEY, VersionRejected(version=1, gates=(gate,), policy=short, digest=DIGEST))
    link = DocumentLinked(version=1, kind="risk", title=text, uri="javascript:alert(1)")
    book.says(KEY, link)
    request = PromotionRequested.model_validate(
        {
            "request": 1,
            "version": 1,
            "environment": "production",
            "requested_by": short,
            "reason": text,
            "rollback_plan": text,
            "risk": "high",
            "quorum": {"ml-ops": 1},
            "expires_at": TIME,
            "evidence": DIGEST,
        }
    )
    book.says(KEY, request)
    book.says(KEY, PromotionCommented(request=1, comment=text))
    broken = GlassBroken(
        version=1, environment="production", reason=text, number=1, broken_by=short
    )
    book.says(KEY, broken)
    return packed(book.records, KEY, 1)


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_that_anybody_wrote_can_run_or_load(attack: str) -> None:
    is_harmless(page(attacked(attack.replace("\x01", ""))))


def test_the_page_says_who_what_when_and_on_which_evidence() -> None:
    promoted = next(
        place
        for place, example in enumerate(GOLDEN)
        if example.message == "VersionPromoted"
        and b'"version":3' in (example.value or b"")
        and b'"production"' in (example.value or b"")
    )
    pack = packed(GOLDEN[: promoted + 1], MODEL, 3)
    text = page(pack)
    is_harmless(text)
    for part in (
        *(CI, HEDY, JOAN, MARY, IDA),
        "because hedy@example.com promoted it in place of version 1",
        "9b1e4c7d2a3f5068b7c1d2e3f4a5968778695a4b",
        "s3://data/cards/2026-01/train",
        "sha256:" + "e" * 64,
        pack.model.head,
        pack.events[-1].digest or "nothing",
        "January&#x27;s data, and better in every slice",
        "0.939 (0.93 to 0.948 at 95 %)",
        "SHAP values on the test set",
        "Declining card payments, with a human to appeal to.",
        REFERENCE,
    ):
        assert part in text, part


def test_a_pack_survives_its_own_json_which_fits_the_schema() -> None:
    pack = packed(GOLDEN, MODEL, 3)
    text = pack.model_dump_json()
    assert Pack.model_validate_json(text) == pack
    schema = json.loads((ROOT / "contracts/evidence-pack.schema.json").read_text())
    Draft202012Validator(schema).validate(json.loads(text))


@settings(max_examples=30)
@given(worlds | governed_worlds)
def test_of_whatever_happened_there_is_a_harmless_page(world: World) -> None:
    book = Book()
    book.claims()
    book.tells(world, KEY)
    for number in world.model.versions:
        pack = packed(book.records, KEY, number)
        is_harmless(page(pack))
        assert Pack.model_validate_json(pack.model_dump_json()) == pack
