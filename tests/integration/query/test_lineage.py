"""Lineage over HTTP: forms, bounds, moments, what is refused, and what somebody may not see."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from prov.model import ProvDocument

from tests.integration.access.secured import ADMIN, Secured, person, secured
from tests.integration.query.system import DIGEST, Caller, until
from tests.support.stack import Cluster

DATA = "sha256:" + "d" * 64


def artifact(number: int) -> dict[str, str]:
    return {"uri": f"s3://b/{number}", "digest": f"sha256:{number:064x}"}


@pytest.fixture
def told(caller: Caller) -> Caller:
    """Two versions of some data, the second made from the first and serving."""
    name = uuid4().hex
    uri = f"s3://lake/{name}"
    caller.done("RegisterModel", {})
    lineage = {
        "run_id": "run-1",
        "code_uri": "https://git.example/x",
        "code_commit": name,
        "datasets": [{"uri": uri, "digest": f"sha256:{name}{name}"}],
        "runtime": {"image": "train:1", "python": "3.11"},
        "features": [{"name": "age"}],
    }
    caller.done("RegisterVersion", {"artifact": artifact(1), "lineage": lineage})
    parents = [{"model": caller.model, "version": 1, "relation": "quantised"}]
    caller.done("RegisterVersion", {"artifact": artifact(2), "lineage": {"parents": parents}})
    answer = caller.done("PromoteVersion", {"version": 2, "environment": "production"})
    caller.client.params = caller.client.params.set("min_position", answer["position"])
    return caller


def uri_of(caller: Caller) -> str:
    version = caller.read("/versions/1").json()
    found: str = version["lineage"]["datasets"][0]["uri"]
    return found


def labels(graph: dict[str, Any], kind: str) -> list[str]:
    return [node["label"] for node in graph["nodes"] if node["kind"] == kind]


def test_a_version_shows_what_it_came_from_and_what_came_of_it(told: Caller) -> None:
    graph = told.read("/versions/1/lineage").json()
    assert graph["start"] == f"version:{told.model}@1"
    assert labels(graph, "version") == [f"{told.model}@1", f"{told.model}@2"]
    assert labels(graph, "deployment") == [f"{told.model} in production"]
    assert labels(graph, "dataset") == [uri_of(told)]
    assert labels(graph, "image") == ["train:1"]
    assert (graph["truncated"], graph["limited"]) == (None, False)
    relations = {(e["relation"], e["how"]) for e in graph["edges"]}
    assert relations == {
        ("used", "train"),
        ("used", None),
        ("wasGeneratedBy", None),
        ("wasDerivedFrom", "quantised"),
        ("served", None),
    }
    up = told.read("/versions/2/lineage", direction="up", depth=1).json()
    assert (labels(up, "version"), labels(up, "dataset")) == (
        [f"{told.model}@2", f"{told.model}@1"],
        [],
    )
    assert up["truncated"] == "depth"
    few = told.read("/versions/2/lineage", direction="up", limit=2).json()
    assert (len(few["nodes"]), few["truncated"]) == (2, "nodes")


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("*/*", "application/json"),
        ("text/vnd.graphviz", "text/vnd.graphviz"),
        ("text/vnd.mermaid;q=0.9, text/html", "text/vnd.mermaid"),
        ("text/provenance-notation", "text/provenance-notation"),
    ],
)
def test_the_accept_header_says_in_which_form(told: Caller, accept: str, media: str) -> None:
    path = f"{told.path}/versions/1/lineage"
    answer = told.client.get(path, headers={"accept": accept})
    assert answer.headers["content-type"].partition(";")[0] == media
    assert answer.headers["vary"] == "accept"


def test_the_parameter_says_in_which_form_and_counts_more(told: Caller) -> None:
    path = f"{told.path}/versions/1/lineage"

    def written(form: str) -> str:
        answer = told.client.get(
            path, params={"format": form}, headers={"accept": "text/vnd.graphviz"}
        )
        assert answer.status_code == 200, answer.text
        return answer.text

    assert written("dot").startswith("digraph lineage {")
    assert written("mermaid").startswith("flowchart RL")
    kinds = [event["eventType"] for event in json.loads(written("openlineage"))]
    assert sorted(kinds) == ["COMPLETE", "COMPLETE", "RUNNING", "START", "START"]
    for form, text in (("json", written("prov")), ("provn", written("provn"))):
        document = ProvDocument.deserialize(content=text, format=form)
        assert any("wasDerivedFrom" in str(record) for record in document.get_records())
    refused = told.client.get(path, headers={"accept": "image/png"})
    assert (refused.status_code, refused.json()["code"]) == (406, "not_acceptable")


def test_bad_data_is_followed_to_what_serves_because_of_it(told: Caller) -> None:
    for asked in (
        {"dataset": uri_of(told)},
        {"commit": uri_of(told)[-32:]},
        {"model": f"{told.model}@1"},
    ):
        found = told.client.get("/api/v1/impact", params=asked).json()
        (serving,) = found["serving"]
        assert (serving["model"], serving["environment"]) == (told.model, "production")
        assert serving["path"][0]["relation"] == "wasDerivedFrom"
        numbers = [row["version"] for row in found["versions"]]
        assert numbers == ([2] if "model" in asked else [2, 1])
        assert found["affected"] == len(numbers)
        assert found["truncated"] is None
    digest = told.read("/versions/1").json()["lineage"]["datasets"][0]["digest"]
    found = told.client.get("/api/v1/impact", params={"dataset": digest, "limit": 1}).json()
    assert (found["affected"], [row["version"] for row in found["versions"]]) == (2, [2])
    assert [row["version"] for row in found["serving"]] == [2]


def test_as_of_a_moment_the_graph_is_as_it_was(told: Caller) -> None:
    history = told.read("/history").json()["items"]
    first = next(r for r in history if r["type"] == "VersionRegistered")
    for moment in (first["position"], first["id"], first["time"]):
        graph = told.read("/versions/1/lineage", as_of=moment).json()
        assert labels(graph, "version") == [f"{told.model}@1"]
        asked = {"dataset": uri_of(told), "as_of": moment}
        found = told.client.get("/api/v1/impact", params=asked).json()
        assert (found["affected"], found["serving"]) == (1, [])
    late = told.read("/versions/2/lineage", as_of=first["position"])
    assert (late.status_code, late.json()["code"]) == (404, "unknown_version")
    never = told.read("/versions/1/lineage", as_of=str(uuid4()))
    assert (never.status_code, never.json()["code"]) == (404, "unknown_event")


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"dataset": "s3://x", "commit": "y"},
        {"model": "no-version"},
        {"model": "a/b@0"},
        {"dataset": "a\x00b"},
        {"dataset": "s3://x", "limit": "0"},
    ],
)
def test_what_is_no_question_is_refused(caller: Caller, asked: dict[str, str]) -> None:
    answer = caller.client.get("/api/v1/impact", params=asked)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


def test_of_what_is_not_there_nothing_came(caller: Caller) -> None:
    for asked in ({"dataset": "s3://nobody/knows"}, {"commit": "nobody"}, {"dataset": DIGEST}):
        found = caller.client.get("/api/v1/impact", params=asked).json()
        assert (found["affected"], found["serving"]) == (0, [])
    for path, code in (
        (f"{caller.path}/versions/1/lineage", "unknown_model"),
        (f"/api/v1/impact?model={caller.model}@1", "unknown_model"),
    ):
        answer = caller.client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, code)
    caller.done("RegisterModel", {})
    until(lambda: caller.read().status_code == 200)
    answer = caller.client.get("/api/v1/impact", params={"model": f"{caller.model}@1"})
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_version")


@pytest.fixture(scope="module")
def guarded(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    """Our model is made from theirs, theirs of ours, and of the same data."""
    with secured(cluster, tmp_path_factory.mktemp("idp")) as started:
        started.grant("ours", "ann", "viewer")
        made: tuple[tuple[str, list[dict[str, Any]]], ...] = (
            ("theirs/secret", []),
            ("ours/fraud", [{"model": "theirs/secret", "version": 1}]),
            ("theirs/spy", [{"model": "ours/fraud", "version": 1}]),
        )
        for number, (stream, parents) in enumerate(made, start=1):
            started.done(stream, "RegisterModel", {})
            lineage = {"parents": parents, "datasets": [{"uri": "s3://shared", "digest": DATA}]}
            started.done(
                stream, "RegisterVersion", {"artifact": artifact(number), "lineage": lineage}
            )
        yield started


def test_of_what_somebody_may_not_see_nothing_is_told(guarded: Secured) -> None:
    with guarded.client(ADMIN.reveal()) as admin, guarded.client(person()) as ann:
        asked = {"dataset": DATA}
        until(lambda: admin.get("/api/v1/impact", params=asked).json()["affected"] == 3)
        until(lambda: ann.get("/api/v1/models/ours/fraud").status_code == 200)
        found = ann.get("/api/v1/impact", params=asked)
        assert [row["model"] for row in found.json()["versions"]] == ["ours/fraud"]
        assert found.json()["limited"]
        graph = ann.get("/api/v1/models/ours/fraud/versions/1/lineage").json()
        assert "spy" not in json.dumps(graph)
        named = next(n for n in graph["nodes"] if n["label"] == "theirs/secret@1")
        assert (named["known"], named["facts"]) == (
            False,
            {"model": "theirs/secret", "version": 1},
        )
        for path in (
            "/api/v1/models/theirs/secret/versions/1/lineage",
            "/api/v1/impact?model=theirs/secret@1",
        ):
            hidden = ann.get(path)
            assert (hidden.status_code, hidden.json()["code"]) == (404, "unknown_model")
        everything = admin.get("/api/v1/models/ours/fraud/versions/1/lineage").json()
        assert "theirs/spy@1" in labels(everything, "version")
        assert not everything["limited"]
