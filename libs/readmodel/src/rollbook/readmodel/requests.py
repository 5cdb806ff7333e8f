"""The view of requests to promote: what was asked for, who must sign, and what became of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeAlias

from rollbook.domain.environments import GlassBroken, VersionPromoted, VersionRolledBack
from rollbook.domain.requests import (
    PromotionApproved,
    PromotionEscalated,
    PromotionExpired,
    PromotionRejected,
    PromotionRequested,
    PromotionWithdrawn,
)
from rollbook.domain.rollouts import RolloutStarted
from rollbook.domain.versions import VersionArchived
from rollbook.eventlog.envelope import EventEnvelope
from rollbook.readmodel import evidence
from rollbook.readmodel.database import Connection, Db, storable
from rollbook.readmodel.evidence import Ask
from rollbook.readmodel.place import At
from rollbook.readmodel.scope import Scope, filled, holds, likes, not_parked
from rollbook.readmodel.table import PLACE, Table
from rollbook.readmodel.view import Kept, plain

RequestKey: TypeAlias = tuple[str, int]
"""Model and number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRow:
    """A request to let a version serve in an environment."""

    model: str
    request: int
    """Counts the model's from 1."""
    version: int
    environment: str
    replaces: int | None
    """What served there when it was asked for."""
    reason: str
    rollback_plan: str
    risk: str
    quorum: dict[str, int]
    """How many signatures are asked for in the name of each title."""
    missing: dict[str, int]
    """Title -> signatures still asked for, as the last approval left it."""
    evidence: str
    """Digest of the facts when it was asked for."""
    rules: int
    """The version of the namespace's rules at that moment."""
    state: str = "open"
    """`open`, `promoted`, `rollout` (it started one), `rejected`, `withdrawn` or `expired`."""
    position: At
    """Of the event that asked for it."""
    requested_at: datetime
    requested_by: str
    expires_at: datetime
    escalates_at: datetime | None
    escalated_at: datetime | None = None
    escalated_to: str | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    closed_reason: str | None = None
    evidence_now: str | None = field(default=None, compare=False)
    """Digest of the facts as they are now: what a signature must be given on; None when closed."""
    missing_now: dict[str, int] | None = field(default=None, compare=False)
    """Title -> signatures still asked for on the facts as they are now; None when closed."""

    @property
    def ask(self) -> Ask:
        """What it asks for; only one open request does."""
        return self.model, self.version, self.environment


def key(event: EventEnvelope) -> RequestKey:
    """The request that `event` is about."""
    return event.model or "", event.message.request  # type: ignore[union-attr,return-value]  # all events here have one


def granted(event: EventEnvelope) -> Ask | None:
    """What has come true by `event`, whether it was asked for or not."""
    match event.message:
        case (
            VersionPromoted(version=version, environment=environment)
            | GlassBroken(version=version, environment=environment)
            | VersionRolledBack(restored=version, environment=environment)
        ):
            return event.model or "", version, environment
        case _:
            return None


def project(row: RequestRow | None, event: EventEnvelope) -> RequestRow:
    """The row after `event`; LookupError when it cannot follow."""
    match event.message:
        case PromotionRequested() as fact if row is None:
            return _first(event, fact)
        case PromotionRequested(request=number):
            raise LookupError(f"request {number} was made already")
        case _:
            pass
    if row is None or row.state != "open":
        raise LookupError("the request is not open")
    match event.message:
        case PromotionApproved(missing=missing):
            return replace(row, missing=missing)
        case PromotionEscalated(to=to):
            return replace(row, escalated_at=event.time, escalated_to=to)
        case PromotionRejected(rejected_by=by, reason=reason):
            return _closed(row, event, "rejected", by, reason)
        case PromotionWithdrawn(reason=reason):
            return _closed(row, event, "withdrawn", event.actor, reason)
        case PromotionExpired():
            return _closed(row, event, "expired", event.actor, None)
        case VersionPromoted() | GlassBroken() | VersionRolledBack():
            return _closed(row, event, "promoted", event.actor, None)
        case RolloutStarted():
            return _closed(row, event, "rollout", event.actor, None)
        case VersionArchived(version=number, reason=reason):
            return _closed(
                row, event, "withdrawn", event.actor, f"version {number} was archived: {reason}"
            )
        case _:
            return row


def _first(event: EventEnvelope, fact: PromotionRequested) -> RequestRow:
    return RequestRow(
        model=event.model or "",
        request=fact.request,
        version=fact.version,
        environment=fact.environment,
        replaces=fact.replaces,
        reason=storable(fact.reason),
        rollback_plan=storable(fact.rollback_plan),
        risk=fact.risk,
        quorum=fact.quorum,
        missing=fact.quorum,
        evidence=fact.evidence,
        rules=fact.rules,
        position=event.position,
        requested_at=event.time,
        requested_by=fact.requested_by,
        expires_at=fact.expires_at,
        escalates_at=fact.escalates_at,
    )


def _closed(
    row: RequestRow, event: EventEnvelope, state: str, by: str, reason: str | None
) -> RequestRow:
    return replace(
        row,
        state=state,
        closed_at=event.time,
        closed_by=by,
        closed_reason=storable(reason) if reason is not None else None,
    )


def _row(found: Any) -> RequestRow:
    return RequestRow(**plain(found))


VIEW: Kept[RequestKey, RequestRow] = Kept(
    table=Table(
        "requests",
        key={"model": "text", "request": "int"},
        fixed={
            "version": "int",
            "environment": "text",
            "replaces": "int",
            "reason": "text",
            "rollback_plan": "text",
            "risk": "text",
            "quorum": "json",
            "evidence": "text",
            "rules": "int",
            **PLACE,
            "requested_at": "timestamptz",
            "requested_by": "text",
            "expires_at": "timestamptz",
            "escalates_at": "timestamptz",
        },
        changing={
            "missing": "json",
            "state": "text",
            "escalated_at": "timestamptz",
            "escalated_to": "text",
            "closed_at": "timestamptz",
            "closed_by": "text",
            "closed_reason": "text",
        },
    ),
    events=frozenset(
        (
            PromotionRequested,
            PromotionApproved,
            PromotionEscalated,
            PromotionRejected,
            PromotionWithdrawn,
            PromotionExpired,
        )
    ),
    begins=PromotionRequested,
    key=key,
    project=project,
    row=_row,
    key_of=lambda row: (row.model, row.request),
)

# Queries

_SELECT = f"SELECT {VIEW.table.columns} FROM requests"  # noqa: S608  # our names


async def get(db: Db, key: str, number: int) -> RequestRow | None:
    """The model's request `number`, or None when there is none."""
    found = await db.fetch(f"{_SELECT} WHERE model = $1 AND request = $2", key, number)
    return (await _as_of_now(db, found))[0] if found else None


async def some(db: Db, wanted: Collection[RequestKey]) -> list[RequestRow]:
    """Those of the requests that there are."""
    if not wanted:
        return []
    found = await db.fetch(
        f"{_SELECT} JOIN unnest($1::text[], $2::int[]) k (model, request) USING (model, request)",
        *map(list, zip(*wanted, strict=True)),
    )
    return await _as_of_now(db, found)


async def newest(
    db: Db, key: str, before: int | None = None, limit: int = 100, *, state: str | None = None
) -> list[RequestRow]:
    """The model's requests, newest first, those before number `before`; all or of one state."""
    rows = await db.fetch(
        f"{_SELECT} WHERE model = $1 AND ($2::int IS NULL OR request < $2)"
        " AND ($3::text IS NULL OR state = $3) ORDER BY request DESC LIMIT $4",
        key,
        before,
        state,
        limit,
    )
    return await _as_of_now(db, rows)


async def waiting(
    db: Db,
    *,
    namespace: str | None = None,
    title: str | None = None,
    scope: Scope | None = None,
    state: str = "open",
    after: RequestKey = ("", 0),
    limit: int = 100,
) -> list[RequestRow]:
    """Requests of a state in order of model and number, those after `after`.

    With `title`, those that lack its signature on the facts as they are now.
    """

    async def fetch(start: RequestRow | None) -> list[RequestRow]:
        rows = await db.fetch(
            f"{_SELECT} WHERE state = $7 AND (model, request) > ($1, $2)"
            " AND ($3::text IS NULL OR split_part(model, '/', 1) = $3)"
            " AND ($4::text IS NULL OR quorum::jsonb ? $4)"
            " AND ($5::text[] IS NULL OR model LIKE ANY($5))"
            " ORDER BY model, request LIMIT $6",
            *((start.model, start.request) if start else after),
            namespace,
            title,
            likes(scope),
            limit,
            state,
        )
        return await _as_of_now(db, rows)

    def wanted(row: RequestRow) -> bool:
        return holds(scope, row.model) and (title is None or title in (row.missing_now or {}))

    return await filled(fetch, wanted, limit)


async def to_expire(db: Db, now: datetime, limit: int = 100) -> list[RequestRow]:
    """Open requests whose time is over, oldest first; not of parked models."""
    rows = await db.fetch(
        f"{_SELECT} WHERE state = 'open' AND expires_at <= $1 AND {not_parked('requests.model')}"
        " ORDER BY expires_at, model, request LIMIT $2",
        now,
        limit,
    )
    return [_row(row) for row in rows]


async def to_escalate(db: Db, now: datetime, limit: int = 100) -> list[RequestRow]:
    """Open requests that nobody has decided on in time and that have not expired, oldest first.

    Not of parked models, and not those that were escalated before.
    """
    rows = await db.fetch(
        f"{_SELECT} WHERE state = 'open' AND escalated_at IS NULL AND escalates_at <= $1"
        f" AND expires_at > $1 AND {not_parked('requests.model')}"
        " ORDER BY escalates_at, model, request LIMIT $2",
        now,
        limit,
    )
    return [_row(row) for row in rows]


async def _as_of_now(db: Db, found: Sequence[Any]) -> list[RequestRow]:
    """The rows, the open ones with the evidence of now and what is missing on it."""
    rows = [_row(row) for row in found]
    is_open = [row for row in rows if row.state == "open"]
    if not is_open:
        return rows
    facts = await evidence.now(db, [row.ask for row in is_open])
    signed = await _signatures(db, [VIEW.key_of(row) for row in is_open])

    def seen(row: RequestRow) -> RequestRow:
        if row.state != "open" or row.ask not in facts:
            return row
        digest = facts[row.ask].digest
        given = [title for title, on in signed.get(VIEW.key_of(row), ()) if on == digest]
        left = {title: count - given.count(title) for title, count in row.quorum.items()}
        missing = {title: count for title, count in left.items() if count > 0}
        return replace(row, evidence_now=digest, missing_now=missing)

    return [seen(row) for row in rows]


async def _signatures(
    db: Db, keys: Collection[RequestKey]
) -> dict[RequestKey, list[tuple[str, str]]]:
    """Title and evidence of the last approval of each one who signed."""
    rows = await db.fetch(
        "SELECT DISTINCT ON (model, request, said_by) model, request, title, evidence"
        " FROM discussion JOIN unnest($1::text[], $2::int[]) k (model, request)"
        " USING (model, request) WHERE kind = 'approval'"
        " ORDER BY model, request, said_by, off DESC",
        *map(list, zip(*keys, strict=True)),
    )
    found: dict[RequestKey, list[tuple[str, str]]] = {}
    for row in rows:
        given = row["title"], row["evidence"]
        found.setdefault((row["model"], row["request"]), []).append(given)
    return found


# What the projector reads


async def asked_of(db: Connection, versions: Collection[tuple[str, int]]) -> list[RequestRow]:
    """The open requests for versions that were archived, into whichever environment."""
    rows = await db.fetch(
        f"SELECT {VIEW.table.columns} FROM requests"  # noqa: S608  # our names
        " JOIN unnest($1::text[], $2::int[]) k (model, version)"
        " USING (model, version) WHERE state = 'open'",
        *map(list, zip(*versions, strict=True)),
    )
    return [_row(row) for row in rows]


async def asked(db: Connection, asks: Collection[Ask]) -> list[RequestRow]:
    """The open requests for what has come true."""
    rows = await db.fetch(
        f"SELECT {VIEW.table.columns} FROM requests"  # noqa: S608  # our names
        " JOIN unnest($1::text[], $2::int[], $3::text[]) k (model, version, environment)"
        " USING (model, version, environment) WHERE state = 'open'",
        *map(list, zip(*asks, strict=True)),
    )
    return [_row(row) for row in rows]
