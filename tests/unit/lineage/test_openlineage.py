"""Our run events are what OpenLineage's own client would write of the same things."""

import json
from typing import Any

import attr
import pytest
from hypothesis import given, settings
from openlineage.client import facet_v2
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.serde import Serde

from rollbook.domain.lineage import Dataset, Lineage, Parent
from rollbook.lineage.openlineage import PRODUCER, events, openlineage
from tests.unit.lineage.records import Book, books, graph, keys, known

CLASSES: dict[str, Any] = {
    "dataset.dataSource": facet_v2.datasource_dataset.DatasourceDatasetFacet,
    "dataset.version": facet_v2.dataset_version_dataset.DatasetVersionDatasetFacet,
    "dataset.tags": facet_v2.tags_dataset.TagsDatasetFacet,
    "job.jobType": facet_v2.job_type_job.JobTypeJobFacet,
    "job.sourceCodeLocation": facet_v2.source_code_location_job.SourceCodeLocationJobFacet,
    "run.tags": facet_v2.tags_run.TagsRunFacet,
    "run.nominalTime": facet_v2.nominal_time_run.NominalTimeRunFacet,
}


def facets(of: str, found: dict[str, Any]) -> dict[str, Any]:
    return {name: facet(CLASSES[f"{of}.{name}"], dict(body)) for name, body in found.items()}


def facet(cls: Any, body: dict[str, Any]) -> Any:
    assert body.pop("_schemaURL") == cls._get_schema()
    body["producer"] = body.pop("_producer")
    if "tags" in body:
        field = {
            facet_v2.tags_dataset.TagsDatasetFacet: facet_v2.tags_dataset.TagsDatasetFacetFields,
            facet_v2.tags_run.TagsRunFacet: facet_v2.tags_run.TagsRunFacetFields,
        }[cls]
        body["tags"] = [field(**tag) for tag in body["tags"]]
    return cls(**body)


def of_client(event: dict[str, Any]) -> RunEvent:
    """The event as an object of the client, whose classes are generated from the specification."""
    body = dict(event)
    assert body.pop("schemaURL") == RunEvent._get_schema()
    run, job = body.pop("run"), body.pop("job")
    inputs, outputs = body.pop("inputs"), body.pop("outputs")
    return RunEvent(
        run=Run(runId=run["runId"], facets=facets("run", run["facets"])),
        job=Job(**{**job, "facets": facets("job", job["facets"])}),
        inputs=[InputDataset(**{**i, "facets": facets("dataset", i["facets"])}) for i in inputs],
        outputs=[OutputDataset(**{**o, "facets": facets("dataset", o["facets"])}) for o in outputs],
        eventType=RunState(body.pop("eventType")),
        **body,
    )


def without_nothing(value: Any) -> Any:
    """What the client leaves out: empty mappings and lists."""
    match value:
        case dict():
            kept = {name: without_nothing(part) for name, part in value.items()}
            return {name: part for name, part in kept.items() if part not in ({}, [], None)}
        case list():
            return [without_nothing(part) for part in value]
        case _:
            return value


@settings(deadline=None)
@given(books, keys)
def test_every_event_is_one_that_the_client_would_write(book: Book, key: tuple[str, int]) -> None:
    for event in json.loads(openlineage(graph(book, key))):
        theirs = json.loads(Serde.to_json(of_client(event)))
        assert without_nothing(theirs) == without_nothing(event)


@given(books, keys)
def test_each_known_version_starts_and_completes_under_one_id_of_its_own(
    book: Book, key: tuple[str, int]
) -> None:
    shown = graph(book, key)
    trained = [e for e in events(shown) if e["eventType"] != "RUNNING"]
    versions = [node for node in shown.nodes if node.kind == "version" and node.known]
    assert len(trained) == 2 * len(versions)
    for start, complete in zip(trained[::2], trained[1::2], strict=True):
        assert (start["eventType"], complete["eventType"]) == ("START", "COMPLETE")
        assert start["run"]["runId"] == complete["run"]["runId"]
    assert len({e["run"]["runId"] for e in trained}) == len(versions)


def test_a_data_set_is_named_by_where_it_lies_and_a_model_by_its_key() -> None:
    lineage = Lineage(
        code_uri="https://git.example/x",
        code_commit="c0ffee",
        datasets=(Dataset(uri="s3://lake/2026/train.parquet", digest="sha256:" + "a" * 64),),
        parents=(Parent(model="a/base", version=7),),
    )
    _, complete, running = events(graph({("a/x", 1): lineage}, ("a/x", 1)))
    named = [(i["namespace"], i["name"]) for i in complete["inputs"]]
    assert sorted(named) == [("rollbook", "a/base"), ("s3://lake", "2026/train.parquet")]
    versions = {i["name"]: i["facets"]["version"]["datasetVersion"] for i in complete["inputs"]}
    assert versions == {"a/base": "7", "2026/train.parquet": "sha256:" + "a" * 64}
    (output,) = complete["outputs"]
    assert (output["name"], output["facets"]["version"]["datasetVersion"]) == ("a/x", "1")
    code = complete["job"]["facets"]["sourceCodeLocation"]
    assert (code["url"], code["version"]) == ("https://git.example/x", "c0ffee")
    assert running["eventTime"] == "2026-03-04T14:00:00+00:00"
    assert [i["name"] for i in running["inputs"]] == ["a/x"]


@pytest.mark.parametrize(
    ("uri", "named"),
    [
        ("s3://lake/a/b", ("s3://lake", "a/b")),
        ("postgresql://db:5432/a.b.c", ("postgresql://db:5432", "a.b.c")),
        ("file:three", ("file", "three")),
        ("hf:glue", ("hf", "glue")),
        ("https://[broken/x", ("https", "https://[broken/x")),
        ("s3://lake", ("s3://lake", "/")),
    ],
)
def test_uris_of_any_shape_have_a_namespace_and_a_name(uri: str, named: tuple[str, str]) -> None:
    lineage = Lineage(datasets=(Dataset(uri=uri),))
    start, *_ = events(graph({("a/x", 1): lineage}, ("a/x", 1)))
    (found,) = start["inputs"]
    assert (found["namespace"], found["name"]) == named


def test_the_producer_is_a_urn_and_times_are_those_of_training_where_they_are_known() -> None:
    from dataclasses import replace

    shown = graph({("a/x", 1): Lineage()}, ("a/x", 1))
    told = known("a/x", 1, trained_at="2026-03-01T00:00:00+00:00", trained_for=90.0)
    start, complete, _ = events(replace(shown, nodes=(told, *shown.nodes[1:])))
    assert (start["eventTime"], complete["eventTime"]) == (
        "2026-03-01T00:00:00+00:00",
        "2026-03-01T00:01:30+00:00",
    )
    assert {e["producer"] for e in (start, complete)} == {PRODUCER}
    assert attr.asdict(of_client(start))["eventType"] is RunState.START
