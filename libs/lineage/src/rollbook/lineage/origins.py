"""What a version's record says it came from, as nodes."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Final, NamedTuple

from pydantic_core import to_json

from rollbook.domain.lineage import Lineage, Runtime
from rollbook.lineage.graph import Edge, Facts, Kind, Node, Relation, version_id

NAMED: Final = 100
"""Features whose names a node carries; a version may have thousands."""


class Origin(NamedTuple):
    """A cause, and what it is to the version."""

    node: Node
    relation: Relation
    how: str | None = None

    def of(self, effect: str) -> Edge:
        """The edge from the version whose origin this is."""
        return Edge(effect=effect, relation=self.relation, cause=self.node.id, how=self.how)


def origins(lineage: Lineage) -> Iterator[Origin]:
    """Every cause that the record names: versions, data, code, run, features, environment."""
    for parent in lineage.parents:
        yield Origin(version_node(parent.model, parent.version), Relation.DERIVED, parent.relation)
    for dataset in lineage.datasets:
        yield Origin(dataset_node(dataset.uri, dataset.digest), Relation.USED, dataset.role)
    if lineage.code_uri or lineage.code_commit:
        yield Origin(code_node(lineage.code_uri, lineage.code_commit), Relation.USED)
    if (run := _run(lineage)) is not None:
        yield Origin(run, Relation.GENERATED)
    if lineage.features:
        yield Origin(_features(lineage), Relation.USED)
    yield from (Origin(node, Relation.USED) for node in _surroundings(lineage))


def dataset_node(uri: str | None, digest: str | None) -> Node:
    """A data set; its digest tells it from others, as the same bytes may lie anywhere.

    Only where no digest is known, its URI does.
    """
    return Node(
        id=f"{Kind.DATASET}:{digest or uri}",
        kind=Kind.DATASET,
        label=uri or digest or "",
        facts=_given(uri=uri, digest=digest),
    )


def code_node(uri: str | None, commit: str | None) -> Node:
    """A commit of a repository, or as much of that as is known."""
    name = "@".join(part for part in (uri, commit) if part)
    return Node(
        id=f"{Kind.CODE}:{name}", kind=Kind.CODE, label=name, facts=_given(uri=uri, commit=commit)
    )


def version_node(model: str, version: int) -> Node:
    """A version of which nothing else is known."""
    return Node(
        id=version_id(model, version),
        kind=Kind.VERSION,
        label=f"{model}@{version}",
        known=False,
        facts={"model": model, "version": version},
    )


def _run(lineage: Lineage) -> Node | None:
    name = lineage.run_uri or lineage.run_id
    if not name:
        return None
    facts = _given(run_id=lineage.run_id, uri=lineage.run_uri)
    label = lineage.run_id or name
    return Node(id=f"{Kind.RUN}:{name}", kind=Kind.RUN, label=label, facts=facts)


def _features(lineage: Lineage) -> Node:
    found = lineage.features
    digest = _digest(sorted(to_json(feature) for feature in found))
    facts: Facts = {"count": len(found), "names": [f.name for f in found[:NAMED]]}
    label = f"{len(found)} features" if len(found) > 1 else found[0].name
    return Node(id=f"{Kind.FEATURES}:{digest}", kind=Kind.FEATURES, label=label, facts=facts)


def _surroundings(lineage: Lineage) -> Iterator[Node]:
    runtime = lineage.runtime or Runtime()
    if runtime.image:
        yield Node(
            id=f"{Kind.IMAGE}:{runtime.image}",
            kind=Kind.IMAGE,
            label=runtime.image,
            facts={"image": runtime.image},
        )
    lock = runtime.lock_digest or runtime.lock_uri
    if not (lock or runtime.python or lineage.environment):
        return
    pinned = sorted(f"{name}=={found}" for name, found in lineage.environment.items())
    label = runtime.lock_uri or (f"Python {runtime.python}" if runtime.python else "packages")
    facts = _given(
        python=runtime.python, lock_uri=runtime.lock_uri, lock_digest=runtime.lock_digest
    )
    if pinned:
        facts = {**facts, "packages": len(pinned)}
    name = lock or _digest([to_json([runtime.python, pinned])])
    yield Node(
        id=f"{Kind.ENVIRONMENT}:{name}",
        kind=Kind.ENVIRONMENT,
        label=label,
        facts=facts,
    )


def _given(**facts: str | None) -> Facts:
    return {name: fact for name, fact in facts.items() if fact}


def _digest(parts: list[bytes]) -> str:
    return "sha256:" + sha256(b"\n".join(parts)).hexdigest()
