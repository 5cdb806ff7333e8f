from collections.abc import Mapping
from typing import Any

import pytest

from rollbook.client import Invalid, Registry
from rollbook.client.federation import search_all
from tests.unit.client.recording import recording

PROBLEM = {
    "code": "invalid_query",
    "detail": "column 13: expected a value",
    "column": 13,
}


def row(model: str, version: int, auc: float | None = None) -> dict[str, Any]:
    return {
        "model": model,
        "version": version,
        "artifact": {"uri": "s3:m", "digest": "sha256:0"},
        "metrics": {} if auc is None else {"auc": auc},
        "params": {},
        "tags": {},
        "lineage": {},
        "signature": None,
        "description": "",
        "idempotency_key": None,
        "position": "0:1",
        "created_at": "2026-03-01T00:00:00+00:00",
        "created_by": "ada",
        "updated_at": "2026-03-01T00:00:00+00:00",
    }


def page(*rows: Mapping[str, Any], next_: str | None = None, **more: Any) -> tuple[int, Any]:
    return 200, {"items": list(rows), "next": next_, **more}


def test_a_search_gives_all_pages_and_asks_for_facets_once() -> None:
    facets = {"stage": [{"value": "validated", "count": 3}]}
    pages = [
        page(
            row("a/x", 1),
            row("a/x", 2),
            next_="n1",
            facets=facets,
            counted={"rows": 3, "exact": True},
        ),
        page(row("a/x", 3)),
    ]
    with recording(*pages) as server, Registry(server.url) as registry:
        found = registry.search("auc", order="-created", facets=["stage", "tags.team"])
        assert [version.version for version in found.first] == [1, 2]
        assert found.counted is not None
        assert (found.counted.rows, found.counted.exact) == (3, True)
        assert [(s.value, s.count) for s in found.facets["stage"]] == [("validated", 3)]
        assert found.more
        assert [version.version for version in found] == [1, 2, 3]
        first, second = (asked.path for asked in server.asked)
    assert "q=auc" in first
    assert "order=-created" in first
    assert "facets=stage%2Ctags.team" in first
    assert "facets" not in second
    assert "after=n1" in second


def test_a_search_gives_no_more_than_was_asked_for() -> None:
    with recording(page(row("a/x", 1), row("a/x", 2), next_="n")) as server:
        with Registry(server.url) as registry:
            assert [v.version for v in registry.search("x", limit=2)] == [1, 2]
        assert len(server.asked) == 1


def test_a_query_that_cannot_be_read_says_at_which_column() -> None:
    with recording((422, PROBLEM)) as server, Registry(server.url) as registry:
        with pytest.raises(Invalid) as raised:
            registry.search("metrics.auc >")
        assert raised.value.column == 13


def test_several_registries_are_searched_and_their_answers_put_in_order() -> None:
    with (
        recording(page(row("a/x", 1, 0.9), row("a/x", 2, 0.5), row("a/x", 3))) as one,
        recording(page(row("b/y", 7, 0.7), counted={"rows": 40, "exact": True})) as two,
        recording((404, {"code": "unknown_route", "detail": "nothing there"})) as old,
    ):
        found = search_all([one.url, two.url, old.url], "x", order="-metrics.auc", timeout=5)
    assert [(hit.registry, hit.version.version) for hit in found.hits] == [
        (one.url, 1),
        (two.url, 7),
        (one.url, 2),
        (one.url, 3),
    ]
    assert found.counts == {one.url: 3, two.url: 40}
    assert found.silent == {old.url: "nothing there"}


def test_a_query_that_no_registry_can_read_is_invalid() -> None:
    with recording((422, PROBLEM)) as one, recording((422, PROBLEM)) as two:
        with pytest.raises(Invalid) as raised:
            search_all([one.url, two.url], "metrics.auc >")
        assert raised.value.column == 13
