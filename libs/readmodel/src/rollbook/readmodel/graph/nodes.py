"""Versions, and stays in environments, as nodes."""

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from typing import Any

from rollbook.domain.lineage import Runtime
from rollbook.eventlog.position import Position
from rollbook.lineage.graph import Edge, Facts, Kind, Node, Relation, version_id, version_of
from rollbook.lineage.origins import version_node
from rollbook.readmodel.database import Db
from rollbook.readmodel.graph import records
from rollbook.readmodel.graph.records import Eyes


async def versions(db: Db, ids: Collection[str], eyes: Eyes) -> dict[str, Node]:
    """Those of some nodes that are versions; what may be seen of them is known."""
    named = {id_: version_node(*key) for id_ in ids if (key := version_of(id_))}
    known = [_version(row, eyes) for row in await records.details(db, named, eyes)]
    return {**named, **{node.id: node for node in known}}


def _version(row: Any, eyes: Eyes) -> Node:
    runtime = Runtime.model_validate(row["runtime"] or {})
    facts: dict[str, Any] = {
        "label": row["label"],
        "digest": row["artifact"]["digest"],
        "uri": row["artifact"]["uri"],
        "created_at": row["created_at"].isoformat(),
        "created_by": row["created_by"],
        "trained_at": runtime.started_at and runtime.started_at.isoformat(),
        "trained_for": runtime.duration and runtime.duration / timedelta(seconds=1),
    }
    if eyes.then is None:  # these change, and the tables do not tell how they were
        facts |= {
            "stage": row["stage"],
            "archived_reason": row["archived_reason"],
            "aliases": row["aliases"] or None,
        }
    node = version_node(row["model"], row["version"])
    told: Facts = {**node.facts, **{k: v for k, v in facts.items() if v is not None}}
    return replace(node, known=True, facts=told)


def deployment(row: Any) -> tuple[Node, Edge]:
    """A stay, and its edge to the version that serves there."""
    model, environment, position = row["model"], row["environment"], place(row)
    facts: Facts = {
        "model": model,
        "environment": environment,
        "version": row["version"],
        "since": row["since"].isoformat(),
        "actor": row["actor"],
        "action": row["action"],
        "position": position,
    }
    id_ = f"{Kind.DEPLOYMENT}:{model}/{environment}@{position}"
    node = Node(id=id_, kind=Kind.DEPLOYMENT, label=f"{model} in {environment}", facts=facts)
    cause = version_id(model, row["version"])
    return node, Edge(effect=id_, relation=Relation.SERVED, cause=cause)


def place(row: Any) -> str:
    """Where the event stands in the log that a row is of."""
    return str(Position(row["partition"], row["off"]))
