"""Plans of commands over HTTP: what would come of one, without sending it."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import uuid4

from fastapi import APIRouter, Request, Response

from rollbook.domain.policies import Policy, PolicyDropped, PolicySaved
from rollbook.domain.streams import State, beginning, evolve
from rollbook.domain.tenancy import REGISTRY, Namespace
from rollbook.eventlog.commands import MODEL_COMMANDS, NAMESPACE_COMMANDS
from rollbook.eventlog.position import Position
from rollbook.query import handlers
from rollbook.query.answers import answer
from rollbook.query.bodies import json_body
from rollbook.query.commands import understood
from rollbook.query.foresight import Now, Plan, plan
from rollbook.query.openapi import API, problems
from rollbook.query.problems import Problem
from rollbook.query.reading import MODEL, NAMESPACE, MinPosition, Reading
from rollbook.query.sight import Seen, Sight
from rollbook.readmodel import parked, past
from rollbook.readmodel.changes import Entry
from rollbook.readmodel.database import Db

BODY = {
    "requestBody": {
        "required": True,
        "description": "The body of the command.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}


def router(reading: Reading) -> APIRouter:
    """The routes."""
    made = APIRouter(
        prefix=API,
        tags=["plans"],
        responses=problems(401, 404, 409, 413, 415, 422, 503),
    )

    @made.post(
        MODEL + "/commands/{command}/plan",
        response_model=Plan,
        summary="What would come of a command to a model, without sending it",
        openapi_extra=BODY,
    )
    async def plan_model_command(
        namespace: str,
        name: str,
        command: str,
        request: Request,
        sight: Seen,
        min_position: MinPosition = [],  # noqa: B006  # FastAPI copies it
    ) -> Response:
        """The same body and headers as the command's, and nothing is written.

        It is decided by the same rules, on what the log holds now: between the plan and the
        command others may change it, unless the command says `If-Match` with the plan's `seq`.
        """
        key = handlers.model_key(namespace, name)
        return answer(Plan, await _planned(reading, key, command, request, sight, min_position))

    @made.post(
        NAMESPACE + "/commands/{command}/plan",
        response_model=Plan,
        summary="What would come of a command to a namespace, without sending it",
        openapi_extra=BODY,
    )
    async def plan_namespace_command(
        namespace: str,
        command: str,
        request: Request,
        sight: Seen,
        min_position: MinPosition = [],  # noqa: B006
    ) -> Response:
        """The same body and headers as the command's, and nothing is written."""
        key = handlers.namespace_key(namespace)
        return answer(Plan, await _planned(reading, key, command, request, sight, min_position))

    return made


async def _planned(
    reading: Reading,
    key: str,
    command: str,
    request: Request,
    sight: Sight,
    positions: list[str],
) -> Plan:
    cls = (MODEL_COMMANDS if "/" in key else NAMESPACE_COMMANDS).get(command)
    if cls is None:
        raise Problem(404, "unknown_route", f"there is no command {command} to {key}")
    envelope = handlers.envelope(
        id=handlers.command_id(request.headers, uuid4()),
        stream=key,
        command=understood(cls, await json_body(request)),
        headers=request.headers,
        traceparent=None,
    )
    async with reading.at_one_moment(positions) as db:
        broken = {row.model: row.reason for row in await parked.every(db)}
        if key in broken:
            why = f"this model's history is broken: {broken[key]}"
            return Plan(outcome="refused", code="stream_broken", message=why)
        now = await _now(db, key)
    return await asyncio.to_thread(
        plan,
        sight.principal,
        envelope.command,
        envelope.expected_seq,
        now,
        datetime.now(UTC),
    )


async def _now(db: Db, key: str) -> Now:
    """The stream and what governs it, folded from the log by the code of now."""
    namespace = key.partition("/")[0]
    own = await _folded(db, namespace)
    registry = own if namespace == REGISTRY else await _folded(db, REGISTRY)
    stream = await _folded(db, key) if "/" in key else own
    assert isinstance(own.state, Namespace)  # noqa: S101
    assert isinstance(registry.state, Namespace)  # noqa: S101
    return Now(
        key=key,
        state=stream.state,
        seq=stream.seq,
        position=stream.position,
        own=own.state,
        registry=registry.state,
        policies=own.policies if registry is own else (*own.policies, *registry.policies),
    )


class _Fold(NamedTuple):
    """A stream, with its policies in force where it is a namespace's."""

    state: State
    seq: int
    position: Position | None
    policies: tuple[tuple[str, Policy], ...]


async def _folded(db: Db, key: str) -> _Fold:
    entries = await past.records(db, key)
    return await asyncio.to_thread(_fold, key, entries)


def _fold(key: str, entries: Iterable[Entry]) -> _Fold:
    state, seq, position = beginning(key), 0, None
    policies: dict[str, PolicySaved] = {}
    for entry in entries:
        message = entry.event.message
        state = evolve(state, message)  # type: ignore[arg-type]  # a stream's own events only
        seq, position = entry.event.seq, entry.event.position
        if isinstance(message, PolicySaved):
            policies[message.policy] = message
        elif isinstance(message, PolicyDropped):
            policies.pop(message.policy, None)
    found = tuple(
        (f"{saved.policy}@{saved.version}", Policy.model_validate(saved.document))
        for _, saved in sorted(policies.items())
    )
    return _Fold(state, seq, position, found)
