"""The chain behind what serves holds the events that matter, each with its reason, and no other."""

from collections.abc import Callable
from pathlib import Path

from hypothesis import given

from rollbook.domain.cards import Card, CardWritten
from rollbook.domain.catalog import ModelRegistered
from rollbook.domain.environments import (
    EnvironmentCleared,
    GlassBroken,
    VersionPromoted,
    VersionRolledBack,
)
from rollbook.domain.lineage import Artifact
from rollbook.domain.versions import VersionRegistered
from rollbook.eventlog.topics import EVENTS
from rollbook.readmodel.because import Because
from rollbook.readmodel.timeline import Told, happening
from rollbook.readmodel.why import Why, why
from tests.contracts import examples
from tests.contracts.governed import CI, GATES, GRACE, HEDY, IDA, JOAN, MARY, REFERENCE
from tests.contracts.step import ADA, MODEL
from tests.support.commands import World, governed_worlds, worlds
from tests.unit.projector.books import Book
from tests.unit.readmodel.telling import told

KEY = "team/churn"
GOLDEN = told(
    examples.topic(examples.load(Path(__file__).parents[3] / "contracts/examples"), EVENTS)
)


def golden_until(last: Callable[[Told], bool]) -> list[Told]:
    """The golden log up to the first record of which this is true."""
    end = next(place for place, event in enumerate(GOLDEN) if last(event))
    return GOLDEN[: end + 1]


def into_production(version: int, kind: str = "VersionPromoted") -> Callable[[Told], bool]:
    """Whether an event put a version into production."""
    return lambda event: (
        event.row.type == kind
        and event.row.data["environment"] == "production"
        and event.row.data["version"] == version
    )


def said(answer: Why) -> list[tuple[str, str, str]]:
    return [(link.because.value, link.actor, link.type) for link in answer.links]


def registered(*versions: int) -> Book:
    book = Book()
    book.claims()
    book.says(KEY, ModelRegistered())
    for number in versions:
        artifact = Artifact(uri="s3://b/m", digest="sha256:" + f"{number}" * 64)
        book.says(KEY, VersionRegistered(version=number, registered_by="ann", artifact=artifact))
    return book


def asked(book: Book, environment: str = "production") -> Why:
    return why(KEY, environment, told(book.records))


def test_a_signed_promotion_leads_back_to_who_asked_signed_judged_measured_and_registered() -> None:
    answer = why(MODEL, "production", golden_until(into_production(3)))
    assert said(answer) == [
        ("put there by", HEDY, "VersionPromoted"),
        ("asked for by", CI, "PromotionRequested"),
        ("talked about by", MARY, "PromotionCommented"),
        ("escalated by", "account:rollbook/clock", "PromotionEscalated"),
        ("signed, on other facts or once more, by", JOAN, "PromotionApproved"),
        ("signed by", MARY, "PromotionApproved"),
        ("signed by", JOAN, "PromotionApproved"),
        ("signed by", IDA, "PromotionApproved"),
        ("by the rules of", GRACE, "RulesSet"),
        ("judged by", GATES, "VersionValidated"),
        ("measured by", CI, "EvaluationRecorded"),
        ("measured by", CI, "EvaluationRecorded"),
        ("described in a card by", ADA, "CardWritten"),
        ("documented by", CI, "DocumentLinked"),
        ("given properties by", CI, "PropertiesSet"),
        ("its risk found by", JOAN, "ModelClassified"),
        ("let in elsewhere before by", HEDY, "VersionPromoted"),
        ("registered by", CI, "VersionRegistered"),
        ("in place of what was put there by", ADA, "VersionRolledBack"),
    ]
    request = next(link for link in answer.links if link.because is Because.ASKED)
    signed = [link for link in answer.links if link.because is Because.SIGNED]
    assert {link.explains for link in signed} == {request.position}
    assert request.explains == answer.links[0].position
    assert (answer.version, answer.label) == (3, GOLDEN_LABEL)
    assert answer.since == answer.links[0].time
    assert answer.summary == (
        f"version 3 serves in production because {HEDY} promoted it in place of version 1;"
        f" asked for by {CI}: January's data, and better in every slice;"
        f" signed by {MARY} as product, {JOAN} as ml-ops, {IDA} as legal;"
        " the gates let it pass (auc passed, latency skipped);"
        f" by the rules in their version 1; registered by {CI}, from code"
        " https://git.example.com/risk/fraud@9b1e4c7d2a3f5068b7c1d2e3f4a5968778695a4b and data"
        " s3://data/cards/2026-01/train"
    )


GOLDEN_LABEL = next(
    event.row.data["label"]
    for event in GOLDEN
    if event.row.type == "VersionRegistered" and event.row.data["version"] == 3
)


def test_broken_glass_is_told_with_what_it_was_let_past_and_who_reviewed_it() -> None:
    until_broken = golden_until(lambda event: event.row.type == "GlassBroken")
    before = why(MODEL, "production", until_broken)
    assert "which nobody has reviewed" in before.summary
    assert Because.REVIEWED not in {link.because for link in before.links}
    after = why(
        MODEL, "production", golden_until(lambda event: event.row.type == "BreakGlassReviewed")
    )
    assert f"found justified by {IDA}" in after.summary
    assert [link.because for link in after.links if link.type == "BreakGlassReviewed"] == [
        Because.REVIEWED
    ]
    assert "past the rules" in after.summary
    assert after.links[0].sentence.startswith("GLASS 1 BROKEN")


def test_of_a_rolled_back_version_it_is_told_how_it_came_to_serve_first() -> None:
    book = registered(1, 2)
    book.says(KEY, VersionPromoted(version=1, environment="production"), actor="bob")
    book.says(KEY, VersionPromoted(version=2, environment="production", replaced=1), actor="eve")
    rolled_back = VersionRolledBack(version=2, environment="production", restored=1, reason="slow")
    book.says(KEY, rolled_back, actor="joe")
    assert said(asked(book)) == [
        ("put there by", "joe", "VersionRolledBack"),
        ("first put there by", "bob", "VersionPromoted"),
        ("registered by", "ann", "VersionRegistered"),
        ("in place of what was put there by", "eve", "VersionPromoted"),
    ]
    assert asked(book).summary == (
        "version 1 serves in production again: joe rolled version 2 back: slow; first put there by"
        " bob; nobody asked for it or signed; no gate had looked at it; registered by ann"
    )


def test_where_nothing_serves_it_is_told_who_took_it_away_or_that_nothing_ever_did() -> None:
    book = registered(1)
    assert asked(book).summary == "nothing has ever served in production"
    assert asked(book).links == ()
    book.says(KEY, VersionPromoted(version=1, environment="production"), actor="bob")
    cleared = EnvironmentCleared(version=1, environment="production", reason="sold")
    book.says(KEY, cleared, actor="eve")
    answer = asked(book)
    assert (answer.version, answer.summary) == (
        None,
        "nothing serves in production: eve took version 1 away: sold",
    )
    assert said(answer) == [
        ("taken away by", "eve", "EnvironmentCleared"),
        ("in place of what was put there by", "bob", "VersionPromoted"),
    ]


def test_an_imported_version_says_where_it_comes_from() -> None:
    book = registered()
    artifact = Artifact(uri="s3://b/m", digest="sha256:" + "a" * 64)
    origin = ("mlflow:https://m/1", "2025-03-04T15:30:00+00:00")
    first = VersionRegistered(version=1, registered_by="ann", artifact=artifact)
    book.says(KEY, first, origin=origin)
    book.says(KEY, VersionPromoted(version=1, environment="production"))
    found = next(link for link in asked(book).links if link.because is Because.REGISTERED)
    assert found.origin == "mlflow:https://m/1"
    assert found.origin_time is not None
    assert found.origin_time.year == 2025


def test_what_happens_since_is_told_and_what_happens_elsewhere_is_not() -> None:
    book = registered(1, 2)
    book.says(KEY, VersionPromoted(version=1, environment="production"))
    book.says(KEY, VersionPromoted(version=2, environment="staging"))
    card = CardWritten(version=1, revision=1, card=Card(summary="x"), digest="sha256:x")
    book.says(KEY, card, actor="eve")
    assert [part[:2] for part in said(asked(book))] == [
        ("put there by", "ann"),
        ("registered by", "ann"),
        ("since then by", "eve"),
    ]


def test_a_chain_goes_on_to_what_caused_it_in_another_stream() -> None:
    book = registered(1)
    book.says("team/other", ModelRegistered(), actor="alarm")
    alarm = told(book.records)[-1].row
    broken = GlassBroken(version=1, environment="production", reason="x", number=1, broken_by="bob")
    book.says(KEY, broken, actor="bob")
    record = book.records[-1]
    caused = (*record.headers, ("ce_causationid", alarm.id.encode()))
    book.records[-1] = type(record)(
        record.offset, record.key, record.value, caused, record.timestamp
    )
    (cause,) = [link for link in asked(book).links if link.because is Because.CAUSED]
    assert (cause.stream, cause.actor, cause.explains) == (
        "team/other",
        "alarm",
        asked(book).links[0].position,
    )


def test_every_link_can_be_found_and_proven_in_the_log() -> None:
    answer = why(MODEL, "production", golden_until(into_production(3)))
    by_seq = {(event.row.model, event.row.seq): event for event in GOLDEN}
    for link in answer.links:
        event = by_seq[link.stream, link.seq]
        assert (link.position, link.id, link.prev) == (
            event.row.position,
            event.row.id,
            event.row.prev,
        )
        after = by_seq.get((link.stream, link.seq + 1))
        assert after is None or link.digest == after.row.prev


def test_sentences_repeat_references_to_personal_data_and_nothing_behind_them() -> None:
    texts = [happening(event).sentence for event in GOLDEN]
    assert any(REFERENCE in str(event.row.data) for event in GOLDEN)
    assert not any(REFERENCE in text for text in texts if "card" in text)


@given(worlds | governed_worlds)
def test_whatever_happened_each_chain_holds_together(world: World) -> None:
    book = Book()
    book.claims()
    book.tells(world, KEY)
    events = told(book.records)
    for environment in ("production", "staging"):
        for cut in (len(events) // 2, len(events)):
            answer = why(KEY, environment, events[:cut])
            standing = answer.version
            if cut == len(events):
                assert standing == world.model.serving(environment)
            places = [link.position for link in answer.links]
            assert len(places) == len(set(places)), "each event is there once"
            known = {event.row.position for event in events[:cut]}
            assert set(places) <= known, "nothing of later is told"
            assert [link.explains is None for link in answer.links] == [
                place == 0 for place in range(len(places))
            ]
            for link in answer.links[1:]:
                assert link.explains in places
            if standing is not None:
                (registration,) = [
                    link for link in answer.links if link.because is Because.REGISTERED
                ]
                assert registration.type == "VersionRegistered"
                promoted = answer.links[0]
                signers = {link.actor for link in answer.links if link.because is Because.SIGNED}
                if promoted.type == "VersionPromoted":
                    row = next(e.row for e in events if e.row.position == promoted.position)
                    approved = row.data.get("approved_by")
                    assert signers == set(approved or ())  # type: ignore[arg-type]
