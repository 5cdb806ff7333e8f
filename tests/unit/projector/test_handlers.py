"""The projector's pure part: the views are the fold of the events, and nothing else gets in."""

import asyncio
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollbook.domain.catalog import ModelDescribed, ModelRegistered
from rollbook.domain.environments import VersionPromoted, VersionRolledBack
from rollbook.domain.lineage import Artifact
from rollbook.domain.model import ModelCommand
from rollbook.domain.versions import VersionRegistered, VersionTagged
from rollbook.eventlog.log import Unavailable
from rollbook.eventlog.outcomes import CommandConfirmed, WriterClaimed
from rollbook.eventlog.position import Position
from rollbook.eventlog.records import decode_event
from rollbook.projector.handlers import read
from rollbook.readmodel.offsets import Place
from tests.support.commands import World, governed_worlds, histories, worlds
from tests.unit.projector.books import Book, written
from tests.unit.projector.tables import Tables, faults, projected

ONE, TWO = "team/one", "team/two"
ARTIFACT = Artifact(uri="s3://m/1", digest="sha256:" + "0" * 64)


def mixed(one: list[ModelCommand], two: list[ModelCommand]) -> list[tuple[str, ModelCommand]]:
    """The commands of two models in turns."""
    longest = max(len(one), len(two))
    pairs = [
        (model, commands[n])
        for n in range(longest)
        for model, commands in ((ONE, one), (TWO, two))
        if n < len(commands)
    ]
    return pairs or [(ONE, c) for c in one]


def assert_same(parts: Tables, whole: Tables) -> None:
    """Batches of any size leave the same rows."""
    names = ("models", "namespaces", "rows", "aliases", "collections", "history", "parked", "place")
    for name in names:
        assert getattr(parts, name) == getattr(whole, name), name
    for view, rows in whole.added.items():
        assert parts.added[view] == rows
    assert sorted(parts.stays, key=lambda row: row.position) == whole.stays


@given(histories, histories, st.integers(1, 3), st.lists(st.integers(0, 120), max_size=5))
def test_the_views_are_the_fold_of_the_events_however_they_are_batched(
    one: list[ModelCommand], two: list[ModelCommand], claims: int, cuts: list[int]
) -> None:
    records = asyncio.run(written(mixed(one, two), claims))
    whole = projected([records])
    assert faults(whole, records) == []
    assert not whole.parked
    assert whole.ignored == 0
    edges = [0, *sorted(cuts), len(records)]
    parts = projected(records[a:b] for a, b in pairwise(edges) if a < b)
    assert_same(parts, whole)


@given(worlds, worlds, st.lists(st.integers(0, 80), max_size=4))
def test_the_views_of_governed_models_are_the_fold_however_they_are_batched(
    one: World, two: World, cuts: list[int]
) -> None:
    book = Book()
    book.claims()
    book.tells(one, "left/churn")
    book.tells(two, "right/churn")
    whole = projected([book.records])
    assert faults(whole, book.records) == []
    assert not whole.parked
    edges = [0, *sorted(cuts), len(book.records)]
    parts = projected(book.records[a:b] for a, b in pairwise(edges) if a < b)
    assert_same(parts, whole)


@given(governed_worlds)
def test_what_was_promoted_names_who_signed_and_closes_its_request(world: World) -> None:
    book = Book()
    book.claims()
    book.tells(world, ONE)
    tables = projected([record] for record in book.records)
    assert faults(tables, book.records) == []
    for stay in tables.stays:
        if stay.request is not None:
            request = tables.requests[ONE, stay.request]
            assert (request.state, request.closed_at) == ("promoted", stay.since)
            signed = {
                said.said_by
                for said in tables.discussion
                if said.request == stay.request and said.evidence == stay.evidence
            }
            assert set(stay.approved_by) <= signed


@given(histories)
def test_history_holds_every_record_but_claims(history: list[ModelCommand]) -> None:
    records = asyncio.run(written([(ONE, command) for command in history], 2))
    outcomes = [decode_event(record, 0) for record in records]
    outcomes = [o for o in outcomes if not isinstance(o.message, WriterClaimed)]
    shown = [(Position(*row[:2]), row[2], row[3], row[4]) for row in projected([records]).history]  # type: ignore[arg-type]
    assert shown == [(o.position, o.model, o.seq, type(o.message).__name__) for o in outcomes]


def registered() -> Book:
    """Two models in one partition."""
    book = Book()
    book.claims()
    book.says(ONE, ModelRegistered(description="first"))
    book.says(TWO, ModelRegistered())
    return book


def test_a_record_that_was_seen_changes_nothing() -> None:
    book = registered()
    twice = projected([book.records, book.records, book.records[1:]])
    assert len(twice.history) == 2
    assert twice.place == Place(3, 0, twice.place.time)


def test_a_record_that_is_missing_is_never_passed_over() -> None:
    book = registered()
    with pytest.raises(Unavailable, match="offset 1 "):
        projected([book.records[:1], book.records[2:]])


def test_a_record_of_an_ended_claim_is_ignored() -> None:
    book = registered()
    book.claims()
    book.says(ONE, ModelDescribed(description="by a zombie"), claim=0)
    book.says(ONE, ModelDescribed(description="by the writer"))
    tables = projected([book.records])
    assert tables.models[ONE].description == "by the writer"
    assert tables.ignored == 1
    assert [row[1] for row in tables.history] == [1, 2, 5]
    assert not tables.parked


def test_a_claim_seen_in_an_earlier_batch_still_holds() -> None:
    book = registered()
    book.claims()
    seen = len(book.records)
    book.says(ONE, ModelDescribed(description="by a zombie"), claim=0)
    tables = projected([book.records[:seen], book.records[seen:]])
    assert tables.models[ONE].description == "first"
    assert tables.ignored == 1


def test_an_event_that_cannot_be_read_parks_only_its_model() -> None:
    book = registered()
    book.says(ONE, ModelDescribed(description="lost"))
    book.spoils(b"no json")
    book.says(TWO, ModelDescribed(description="goes on"))
    book.says(ONE, ModelDescribed(description="too late"))
    tables = projected([book.records[:4], book.records[4:]])
    assert tables.parked.keys() == {ONE}
    assert tables.parked[ONE].position == Position(0, 3)
    assert "ModelDescribed" in tables.parked[ONE].reason
    assert tables.models[ONE].description == "first"
    assert tables.models[TWO].description == "goes on"


def test_an_event_of_an_unknown_type_parks_its_model() -> None:
    class ModelPraised(ModelDescribed):
        """A type that nobody knows."""

    book = registered()
    book.says(ONE, ModelPraised(description="by a newer writer"))
    assert "ModelPraised" in projected([book.records]).parked[ONE].reason


def test_an_event_that_skips_a_number_parks_its_model() -> None:
    book = registered()
    book.says(ONE, ModelDescribed(description="x"), seq=3)
    assert "seq 3, not 2" in projected([book.records]).parked[ONE].reason


def test_an_event_that_does_not_follow_the_one_before_parks_its_model() -> None:
    book = registered()
    book.says(ONE, ModelDescribed(description="x"), prev="0" * 64)
    assert "prev" in projected([book.records]).parked[ONE].reason


def test_an_event_that_its_row_forbids_parks_its_model_and_leaves_the_row() -> None:
    book = registered()
    book.says(ONE, VersionTagged(version=7, tags={"a": "b"}))
    book.says(TWO, VersionRolledBack(version=1, environment="prod", restored=2, reason="x"))
    tables = projected([book.records])
    assert tables.parked.keys() == {ONE, TWO}
    assert tables.models[ONE].seq == 1


def test_the_first_reason_to_park_stays() -> None:
    book = registered()
    book.says(ONE, ModelDescribed(description="x"), seq=9)
    book.says(ONE, ModelDescribed(description="x"), seq=9)
    tables = projected([book.records[:4], book.records[4:]])
    assert tables.parked[ONE].position == Position(0, 3)


def test_answers_of_a_parked_model_still_stand_in_its_history() -> None:
    book = registered()
    book.says(ONE, ModelDescribed(description="x"), seq=9)
    book.says(ONE, CommandConfirmed(command="PromoteVersion"))
    assert [row[4] for row in projected([book.records]).history][-1] == "CommandConfirmed"


def test_noise_that_no_writer_wrote_is_ignored() -> None:
    book = registered()
    book.records.append(type(book.records[0])(3, ONE.encode(), b"noise", (), 0))
    book.records.append(type(book.records[0])(4, None, None, (("ce_type", b"\xff"),), 0))
    book.says(None, ModelRegistered())
    tables = projected([book.records])
    assert tables.ignored == 3
    assert not tables.parked
    assert tables.place.offset == 6


def test_a_time_without_its_zone_cannot_be_read() -> None:
    book = registered()
    book.says(ONE, ModelDescribed(description="x"), time="2026-03-03T14:00:00")
    assert "zone" in projected([book.records]).parked[ONE].reason


def test_of_promotions_in_the_same_instant_the_last_one_stands() -> None:
    book = registered()
    for number in (1, 2, 3):
        book.says(ONE, VersionRegistered(version=number, registered_by="ann", artifact=ARTIFACT))
    for number in (1, 2, 3):
        book.says(ONE, VersionPromoted(version=number, environment="production"))
    stays = projected([book.records]).stays
    assert [(row.version, row.until == row.since) for row in stays] == [
        (1, True),
        (2, True),
        (3, False),
    ]
    assert [row.until_position for row in stays] == [Position(0, 7), Position(0, 8), None]


def test_reading_takes_in_the_newest_claim_and_time() -> None:
    book = registered()
    book.claims()
    taken = read(0, Place(), book.records)
    assert taken.place.claim == 3
    assert taken.place.time == decode_event(book.records[3], 0).time
