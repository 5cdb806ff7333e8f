"""The graph as OpenLineage run events, spec 2-0-2: who reads them learns what was made of what."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, UUID, uuid5

from rollbook.lineage.graph import Edge, Graph, Kind, Node

PRODUCER: Final = "urn:rollbook:lineage"
EVENT: Final = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
FACETS: Final = {
    "dataSource": "1-0-1/DatasourceDatasetFacet",
    "version": "1-0-1/DatasetVersionDatasetFacet",
    "tags": "1-0-0/TagsDatasetFacet",
    "jobType": "2-0-4/JobTypeJobFacet",
    "sourceCodeLocation": "1-1-0/SourceCodeLocationJobFacet",
    "run tags": "1-0-0/TagsRunFacet",
    "nominalTime": "1-0-1/NominalTimeRunFacet",
}
"""Facet -> version and name of its schema."""
REGISTRY: Final = "rollbook"
"""The namespace of versions; their names are those of their models."""

Json: TypeAlias = dict[str, Any]


def openlineage(graph: Graph) -> str:
    """All events as one JSON array."""
    return json.dumps(list(events(graph)), indent=2, ensure_ascii=False) + "\n"


def events(graph: Graph) -> Iterator[Json]:
    """A START and a COMPLETE for each version that is known; a RUNNING for each that serves."""
    nodes = {node.id: node for node in graph.nodes}
    causes: dict[str, list[Edge]] = {}
    for edge in graph.edges:
        causes.setdefault(edge.effect, []).append(edge)
    for node in graph.nodes:
        found = [(edge, nodes[edge.cause]) for edge in causes.get(node.id, ())]
        if node.kind is Kind.VERSION and node.known:
            yield from _trained(node, found)
        elif node.kind is Kind.DEPLOYMENT:
            yield _event("RUNNING", node.facts["since"], _serving(node), found, [])


def _trained(node: Node, causes: list[tuple[Edge, Node]]) -> Iterator[Json]:
    registered = str(node.facts["created_at"])
    began, ended = _span(node)
    subject = _training(node, causes, began, ended)
    yield _event("START", began or registered, subject, causes, [])
    yield _event("COMPLETE", ended or registered, subject, causes, [_model(node, ())])


def _event(
    kind: str, time: object, subject: Json, causes: list[tuple[Edge, Node]], outputs: list[Json]
) -> Json:
    inputs: dict[str, tuple[Node, list[str]]] = {}
    for edge, cause in causes:
        if cause.kind in (Kind.DATASET, Kind.VERSION):
            _, roles = inputs.setdefault(cause.id, (cause, []))
            roles.append(edge.how or str(edge.relation))
    return {
        "eventTime": time,
        "eventType": kind,
        "producer": PRODUCER,
        "schemaURL": EVENT,
        **subject,
        "inputs": [
            (_dataset if node.kind is Kind.DATASET else _model)(node, roles)
            for node, roles in inputs.values()
        ],
        "outputs": outputs,
    }


def _training(
    node: Node, causes: list[tuple[Edge, Node]], began: str | None, ended: str | None
) -> Json:
    by_kind = {cause.kind: cause for _, cause in causes}
    run = by_kind.get(Kind.RUN)
    about = {
        **({f"run.{key}": str(fact) for key, fact in run.facts.items()} if run else {}),
        **{kind.value: by_kind[kind].label for kind in _SURROUNDINGS if kind in by_kind},
    }
    facets: Json = {}
    if about:
        facets["tags"] = _facet("run tags", tags=[_tag(k, text) for k, text in about.items()])
    if began:
        facets["nominalTime"] = _facet(
            "nominalTime", nominalStartTime=began, **({"nominalEndTime": ended} if ended else {})
        )
    code = by_kind.get(Kind.CODE)
    location = {} if code is None else {"sourceCodeLocation": _code(code.facts)}
    return {
        "run": {"runId": str(_run_id(node, run)), "facets": facets},
        "job": _job(node, "TRAINING", "BATCH", str(node.facts["model"]), **location),
    }


_SURROUNDINGS: Final = (Kind.FEATURES, Kind.ENVIRONMENT, Kind.IMAGE)


def _serving(node: Node) -> Json:
    name = f"{node.facts['model']} in {node.facts['environment']}"
    return {
        "run": {"runId": str(uuid5(NAMESPACE_URL, f"{PRODUCER}:{node.id}")), "facets": {}},
        "job": _job(node, "SERVING", "SERVICE", name),
    }


def _run_id(node: Node, run: Node | None) -> UUID:
    """One for each version: a run may have made several, each of other data."""
    told = f"{PRODUCER}:{node.id}" + (f":{run.id}" if run is not None else "")
    return uuid5(NAMESPACE_URL, told)


def _job(node: Node, kind: str, processing: str, name: str, **facets: Json) -> Json:
    job_type = _facet("jobType", processingType=processing, integration="ROLLBOOK", jobType=kind)
    return {"namespace": REGISTRY, "name": name, "facets": {"jobType": job_type, **facets}}


def _model(node: Node, roles: Any) -> Json:
    facets = {"version": _facet("version", datasetVersion=str(node.facts["version"]))}
    uri, digest = node.facts.get("uri"), node.facts.get("digest")
    if uri is not None:
        facets["dataSource"] = _facet("dataSource", name=str(node.facts["model"]), uri=uri)
    tags = [*(_tag("role", role) for role in roles), *([_tag("digest", digest)] if digest else [])]
    if tags:
        facets["tags"] = _facet("tags", tags=tags)
    return {"namespace": REGISTRY, "name": str(node.facts["model"]), "facets": facets}


def _dataset(node: Node, roles: list[str]) -> Json:
    uri, digest = str(node.facts.get("uri") or node.label), node.facts.get("digest")
    namespace, name = _named(uri)
    facets: Json = {
        "dataSource": _facet("dataSource", name=namespace, uri=uri),
        "tags": _facet("tags", tags=[_tag("role", role) for role in roles]),
    }
    if digest is not None:
        facets["version"] = _facet("version", datasetVersion=digest)
    return {"namespace": namespace, "name": name, "facets": facets}


def _named(uri: str) -> tuple[str, str]:
    """`s3://bucket` and `path`, as OpenLineage names data sets by where they lie."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return uri.partition(":")[0], uri
    if parts.netloc:
        return f"{parts.scheme}://{parts.netloc}", uri.partition(parts.netloc)[2].lstrip("/") or "/"
    return parts.scheme, uri.partition(":")[2]


def _code(facts: Mapping[str, Any]) -> Json:
    uri, commit = facts.get("uri"), facts.get("commit")
    more = {"version": commit} if commit else {}
    return _facet("sourceCodeLocation", type="git", url=uri or "unknown", **more)


def _span(node: Node) -> tuple[str | None, str | None]:
    began, seconds = node.facts.get("trained_at"), node.facts.get("trained_for")
    if not isinstance(began, str):
        return None, None
    if not isinstance(seconds, int | float):
        return began, None
    return began, (datetime.fromisoformat(began) + timedelta(seconds=seconds)).isoformat()


def _tag(key: str, value: object) -> Json:
    return {"key": key, "value": str(value), "source": "ROLLBOOK"}


def _facet(facet: str, /, **fields: Any) -> Json:
    place = FACETS[facet]
    url = f"https://openlineage.io/spec/facets/{place}.json#/$defs/{place.partition('/')[2]}"
    return {"_producer": PRODUCER, "_schemaURL": url, **fields}
