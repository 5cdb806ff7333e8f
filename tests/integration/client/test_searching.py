"""Searching through the SDK: pages, facets, moments, saved queries, several registries."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from rollbook.client import Invalid, Refused, Registry
from rollbook.client.federation import search_all
from tests.integration.query.system import System


@pytest.fixture
def registry(system: System) -> Iterator[Registry]:
    with Registry(system.url, actor="ann") as made:
        yield made


@pytest.fixture
def space(registry: Registry) -> str:
    """A namespace with a model of five versions."""
    made = f"s{uuid4().hex[:12]}"
    registry.register_model(f"{made}/churn", description="Who leaves.")
    for number in range(1, 6):
        registry.register_version(
            f"{made}/churn",
            {"uri": f"s3://m/{number}", "digest": f"sha256:{number:064x}"},
            metrics={"auc": number / 10},
            tags={"team": "fraud" if number % 2 else "risk"},
        )
    return made


def numbers(found: object) -> list[int]:
    return [version.version for version in found]  # type: ignore[attr-defined]


def test_a_search_shows_what_was_just_done_in_order(registry: Registry, space: str) -> None:
    query = f"namespace = {space} and metrics.auc >= 0.2 and tags.team = fraud"
    assert numbers(registry.search(query)) == [5, 3]
    assert numbers(registry.search(query, order="metrics.auc")) == [3, 5]
    assert numbers(registry.search(f"namespace = {space}", order="-metrics.auc", limit=2)) == [5, 4]
    assert numbers(registry.search("leaves and " + query, limit=1)) == [5]


def test_facets_and_counts_come_with_the_first_page(registry: Registry, space: str) -> None:
    found = registry.search(f"namespace = {space}", facets=["tags.team", "stage"])
    assert found.counted is not None
    assert (found.counted.rows, found.counted.exact) == (5, True)
    assert [(s.value, s.count) for s in found.facets["tags.team"]] == [("fraud", 3), ("risk", 2)]
    assert not found.more


def test_a_search_and_a_listing_are_answered_as_of_a_moment(registry: Registry, space: str) -> None:
    third = [r for r in registry.history(f"{space}/churn") if r.type == "VersionRegistered"][2]
    for moment in (third.position, third.id, third.time):
        assert numbers(registry.search(f"namespace = {space}", as_of=moment)) == [3, 2, 1]
        assert [m.versions for m in registry.models(space, as_of=moment)] == [3]


def test_what_can_be_asked_for_is_told_and_mistakes_point_at_a_column(registry: Registry) -> None:
    assert "metrics.*" in {field["name"] for field in registry.search_fields()}
    with pytest.raises(Invalid) as raised:
        registry.search("stage = validated and tims.team = fraud")
    assert raised.value.column == len("stage = validated and ") + 1


def test_a_saved_query_is_asked_by_its_name_and_as_it_was(registry: Registry, space: str) -> None:
    text = f"namespace = {space} and metrics.auc > 0.3"
    saved = registry.save_query(space, "good", text, order="metrics.auc", description="x")
    assert numbers(registry.search(saved=f"{space}/good")) == [4, 5]
    assert numbers(registry.search(saved=f"{space}/good", order="-metrics.auc")) == [5, 4]
    [query] = registry.queries(space)
    assert (query.query, query.text, query.order, query.saved_by) == (
        "good",
        text,
        "metrics.auc",
        "ann",
    )
    assert query.problem is None
    registry.drop_query(space, "good")
    assert list(registry.queries(space)) == []
    assert [q.query for q in registry.queries(space, as_of=saved.position)] == ["good"]
    with pytest.raises(Refused) as refused:
        registry.search(saved=f"{space}/good")
    assert refused.value.code == "unknown_query"
    assert [c["field"] for c in list(registry.changes(space))[-1].changes] == [
        "text",
        "order",
        "description",
    ]


@pytest.mark.parametrize(("text", "order"), [("stage =", ""), ("x", "color"), ("no.such > 1", "")])
def test_what_cannot_be_asked_is_not_saved(
    registry: Registry, space: str, text: str, order: str
) -> None:
    with pytest.raises(Invalid) as raised:
        registry.save_query(space, "bad", text, order=order)
    assert raised.value.column is not None
    assert list(registry.queries(space)) == []


def test_synonyms_hold_where_they_were_said(registry: Registry, space: str) -> None:
    query = f"namespace = {space} and departs"
    assert numbers(registry.search(query)) == []
    registry.set_synonyms(space, "Leaves", ["departs", "quits"])
    assert len(numbers(registry.search(query))) == 5
    assert numbers(registry.search("quits")) == []
    [words] = registry.synonyms(space)
    assert (words.word, words.same) == ("leaves", ("departs", "quits"))
    registry.set_synonyms(space, "leaves")
    assert list(registry.synonyms(space)) == []
    assert numbers(registry.search(query)) == []


def test_several_registries_answer_together(system: System, registry: Registry, space: str) -> None:
    gone = "http://127.0.0.1:9"
    again = system.url.replace("127.0.0.1", "localhost")
    found = search_all(
        [system.url, again, gone], f"namespace = {space}", order="metrics.auc", limit=3, timeout=5
    )
    assert [hit.version.version for hit in found.hits] == [1, 1, 2]
    assert {hit.registry for hit in found.hits} == {system.url, again}
    assert found.counts.keys() == {system.url, again}
    assert gone in found.silent


def test_a_look_up_says_the_same_with_and_without_parameters(
    system: System, registry: Registry, space: str
) -> None:
    registry.set_alias(f"{space}/churn", "champion", 3)
    # A session that did something asks with parameters; another one goes the short way.
    with Registry(system.url, actor="ann") as short:
        for wanted in (3, "champion"):
            assert short.version(f"{space}/churn", wanted) == registry.version(
                f"{space}/churn", wanted
            )
        for unknown, code in (("nobody", "unknown_alias"), (99, "unknown_version")):
            with pytest.raises(Refused) as refused:
                short.version(f"{space}/churn", unknown)
            assert refused.value.code == code
        with pytest.raises(Refused) as refused:
            short.version(f"{space}/none", 1)
        assert refused.value.code == "unknown_model"
