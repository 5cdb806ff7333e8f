"""Whether this process lives, and whether it can answer, with reasons."""

from typing import Any

import orjson
from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from rollbook.query.door import Door
from rollbook.query.identity import Identity
from rollbook.query.tables import Tables


def readiness(door: Door, tables: Tables, identity: Identity | None) -> dict[str, Any]:
    """Whether commands and reads are answered now, and how far the tables are behind the log."""
    reasons = {
        name: trouble
        for name, trouble in (
            ("kafka", door.trouble),
            ("postgres", tables.trouble),
            ("identity", identity.trouble if identity is not None else None),
        )
        if trouble is not None
    }
    if door.trouble is None and door.writers.trouble is not None:
        reasons["command"] = door.writers.trouble
    lag = None
    if not reasons:
        places = tables.places
        lag = sum(
            max(0, end - (places[n].offset if n in places else 0)) for n, end in door.ends.items()
        )
        if not places:
            reasons["projector"] = "it has written nothing yet: start it, or wait"
    return {
        "ready": not reasons,
        "reasons": reasons,
        "projection_lag_records": lag,
        "unbuilt": sorted(tables.unbuilt),
    }


def router(door: Door, tables: Tables, identity: Identity | None) -> APIRouter:
    """`/healthz`, `/readyz` and `/metrics`."""
    made = APIRouter(tags=["health"])

    @made.get("/healthz", summary="Does the process live?")
    async def healthz() -> Response:
        return _json(200, {"alive": True})

    @made.get("/readyz", summary="Can it answer, and if not, why not?")
    async def readyz() -> Response:
        """Kafka and Postgres were asked in the last seconds; 503 with reasons if one is away."""
        state = readiness(door, tables, identity)
        return _json(200 if state["ready"] else 503, state)

    @made.get("/metrics", summary="Prometheus metrics of this process")
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return made


def _json(status: int, body: dict[str, Any]) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")
