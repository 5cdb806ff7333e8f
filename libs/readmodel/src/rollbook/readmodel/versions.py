"""The view of versions: what was registered, with what may change or was found out since."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeAlias

from rollbook.domain import completeness
from rollbook.domain.cards import CardEvent, CardReviewed, CardWentStale, CardWritten
from rollbook.domain.evaluations import EvaluationEvent, EvaluationRecorded
from rollbook.domain.lineage import Artifact, Lineage, Signature, Terms, Variant
from rollbook.domain.recipes import Recipe
from rollbook.domain.validation import (
    ValidationEvent,
    ValidationStarted,
    VersionRejected,
    VersionValidated,
)
from rollbook.domain.versions import (
    DocumentLinked,
    PropertiesSet,
    VersionArchived,
    VersionDescribed,
    VersionEvent,
    VersionRegistered,
    VersionRestored,
    VersionTagged,
    VersionUntagged,
)
from rollbook.eventlog.envelope import EventEnvelope
from rollbook.eventlog.position import Position
from rollbook.readmodel.database import Db, storable
from rollbook.readmodel.place import At
from rollbook.readmodel.scope import Scope, filled, holds, in_use, likes
from rollbook.readmodel.table import PLACE, Table
from rollbook.readmodel.view import Kept, of

VersionKey: TypeAlias = tuple[str, int]
"""Model and number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRow:
    """A version as it is now."""

    model: str
    version: int
    label: str | None = None
    """MAJOR.MINOR.PATCH: new architecture, new data, tweak."""
    artifact: Artifact
    variants: tuple[Variant, ...] = ()
    metrics: dict[str, float]
    params: dict[str, str]
    tags: dict[str, str]
    properties: dict[str, Any] = field(default_factory=dict)
    properties_schema: int = 0
    """The version of the namespace's metadata schema that they were written for."""
    recorded: int = 0
    """Which core fields were registered: a bit each, see `rollbook.domain.completeness`."""
    lineage: Lineage
    signature: Signature | None
    terms: Terms | None = None
    recipe: Recipe | None = None
    """How it is made again from its data."""
    description: str
    idempotency_key: str | None
    stage: str = "registered"
    """`registered`, `validating`, `validated` or `rejected`."""
    rejected: bool = False
    """Whether the last verdict was against it; validating it again does not lift that."""
    verdict: str | None = None
    """Digest of the last verdict of the gates."""
    evaluations: int = 0
    """How many were recorded since registration."""
    evaluated: str | None = None
    """Digest that pins them."""
    documents: tuple[str, ...] = ()
    """Digests of the links to documents."""
    card_revision: int = 0
    """The newest revision of its card; 0: it has none."""
    card_digest: str | None = None
    card_sections: tuple[str, ...] = ()
    """Sections of the card that are filled in."""
    review_by: datetime | None = None
    """When somebody must have looked at the card again."""
    card_stale: bool = False
    """Whether that moment was missed."""
    archived_reason: str | None = None
    """Why it is out of use; None while it is not."""
    position: At
    """Of its registration."""
    created_at: datetime
    created_by: str
    updated_at: datetime
    origin: str | None = None
    """Where it was imported from."""
    origin_time: datetime | None = None
    """When it was registered there."""
    aliases: tuple[str, ...] = field(default=(), compare=False)
    """The names that point at it now."""
    environments: tuple[str, ...] = field(default=(), compare=False)
    """Where it serves now."""


def key(event: EventEnvelope) -> VersionKey:
    """The version that `event` registers or changes."""
    return event.model or "", event.message.version  # type: ignore[union-attr,return-value]  # all events here have one


def project(row: VersionRow | None, event: EventEnvelope) -> VersionRow:
    """The row after `event`; LookupError when it cannot follow."""
    match event.message:
        case VersionRegistered() as fact if row is None:
            return _first(event, fact)
        case VersionRegistered(version=number):
            raise LookupError(f"version {number} is registered already")
        case _ if row is None:
            raise LookupError("the version was never registered")
        case EvaluationRecorded(number=number, digest=digest):
            changes: dict[str, Any] = {"evaluations": number, "evaluated": digest}
        case VersionDescribed(description=description):
            changes = {"description": storable(description)}
        case VersionTagged(tags=tags):
            changes = {"tags": row.tags | tags}
        case VersionUntagged(keys=keys):
            changes = {"tags": {k: v for k, v in row.tags.items() if k not in keys}}
        case PropertiesSet(properties=set_, properties_schema=schema):
            left = {k: v for k, v in (row.properties | set_).items() if v is not None}
            changes = {"properties": left, "properties_schema": schema}
        case DocumentLinked() as linked:
            changes = {"documents": (*row.documents, linked.link())}
        case VersionArchived(reason=reason):
            changes = {"archived_reason": storable(reason)}
        case VersionRestored():
            changes = {"archived_reason": None}
        case ValidationStarted():
            changes = {"stage": "validating"}
        case VersionValidated(digest=digest):
            changes = {"stage": "validated", "rejected": False, "verdict": digest}
        case VersionRejected(digest=digest):
            changes = {"stage": "rejected", "rejected": True, "verdict": digest}
        case CardWritten(revision=revision, card=card, digest=digest):
            changes = {
                "card_revision": revision,
                "card_digest": digest,
                "card_sections": card.sections(),
                "review_by": card.review_by,
                "card_stale": False,
            }
        case CardReviewed(review_by=review_by):
            changes = {"review_by": review_by, "card_stale": False}
        case CardWentStale():
            changes = {"card_stale": True}
        case _:
            changes = {}
    return replace(row, updated_at=event.time, **changes)


def _first(event: EventEnvelope, fact: VersionRegistered) -> VersionRow:
    return VersionRow(
        model=event.model or "",
        version=fact.version,
        label=fact.label,
        artifact=fact.artifact,
        variants=fact.variants,
        metrics=fact.metrics,
        params=fact.params,
        tags=fact.tags,
        properties=fact.properties,
        properties_schema=fact.properties_schema,
        recorded=completeness.recorded(fact),
        lineage=fact.lineage,
        signature=fact.signature,
        terms=fact.terms,
        recipe=fact.recipe,
        description=storable(fact.description),
        idempotency_key=fact.idempotency_key,
        position=event.position,
        created_at=event.time,
        created_by=event.actor,
        updated_at=event.time,
        origin=event.origin,
        origin_time=event.origin_time,
    )


# The table


def _facts(row: VersionRow) -> dict[str, object]:
    facts = {
        "artifact": row.artifact.model_dump(mode="json", exclude_none=True),
        "variants": [part.model_dump(mode="json", exclude_none=True) for part in row.variants],
        "metrics": row.metrics,
        "params": row.params,
        "lineage": row.lineage.model_dump(mode="json", exclude_defaults=True),
        "signature": row.signature and row.signature.model_dump(mode="json"),
        "terms": row.terms and row.terms.model_dump(mode="json", exclude_defaults=True),
        "recipe": row.recipe and row.recipe.model_dump(mode="json", exclude_defaults=True),
        "idempotency_key": row.idempotency_key,
    }
    return {name: fact for name, fact in facts.items() if fact or (fact == {} and name == "terms")}


TABLE: Table[VersionRow] = Table(
    "versions",
    key={"model": "text", "version": "int"},
    fixed={
        "digest": "text",
        "label": "text",
        "facts": "jsonb",
        "recorded": "int",
        **PLACE,
        "created_at": "timestamptz",
        "created_by": "text",
        "origin": "text",
        "origin_time": "timestamptz",
    },
    changing={
        "description": "text",
        "tags": "jsonb",
        "properties": "json",
        "properties_schema": "int",
        "stage": "text",
        "rejected": "boolean",
        "verdict": "text",
        "evaluations": "int",
        "evaluated": "text",
        "documents": "jsonb",
        "card_revision": "int",
        "card_digest": "text",
        "card_sections": "jsonb",
        "review_by": "timestamptz",
        "card_stale": "boolean",
        "archived_reason": "text",
        "updated_at": "timestamptz",
    },
    values={"digest": lambda row: row.artifact.digest, "facts": _facts},
)


def _row(found: Any) -> VersionRow:
    values = dict(found)
    facts = values.pop("facts")
    del values["digest"]
    return VersionRow(
        artifact=Artifact.model_validate(facts["artifact"]),
        variants=tuple(Variant.model_validate(part) for part in facts.get("variants", ())),
        metrics=facts.get("metrics", {}),
        params=facts.get("params", {}),
        lineage=Lineage.model_validate(facts.get("lineage", {})),
        signature=Signature.model_validate(facts["signature"]) if "signature" in facts else None,
        terms=Terms.model_validate(facts["terms"]) if "terms" in facts else None,
        recipe=Recipe.model_validate(facts["recipe"]) if "recipe" in facts else None,
        idempotency_key=facts.get("idempotency_key"),
        documents=tuple(values.pop("documents")),
        card_sections=tuple(values.pop("card_sections")),
        position=Position(values.pop("partition"), values.pop("off")),
        aliases=tuple(values.pop("aliases", ())),
        environments=tuple(values.pop("environments", ())),
        **values,
    )


VIEW: Kept[VersionKey, VersionRow] = Kept(
    table=TABLE,
    events=of(VersionEvent, EvaluationEvent, CardEvent, ValidationEvent),
    begins=VersionRegistered,
    key=key,
    project=project,
    row=_row,
    key_of=lambda row: (row.model, row.version),
)

# Queries

_ALIASES = (
    "ARRAY(SELECT a.alias FROM aliases a WHERE (a.model, a.version) = (v.model, v.version)"
    " ORDER BY 1)"
)
_ENVIRONMENTS = (
    "ARRAY(SELECT e.environment FROM environments e WHERE (e.model, e.version) ="
    " (v.model, v.version) AND e.until_off IS NULL ORDER BY 1)"
)
_COLUMNS = f"{TABLE.columns}, {_ALIASES} AS aliases, {_ENVIRONMENTS} AS environments"
_SHOWN = f"SELECT {_COLUMNS} FROM versions v"  # noqa: S608  # our names
_TOLD = f"ROW(v, {_ALIASES}, {_ENVIRONMENTS})::text"
_NUMBERED = "v.model = $1 AND v.version = $2"
_POINTED_AT = (
    "v.model = $1 AND v.version = (SELECT version FROM aliases WHERE model = $1 AND alias = $2)"
)


async def get(db: Db, key: str, number: int) -> VersionRow | None:
    """Version `number` of the model, or None when there is none."""
    found = await db.fetchrow(f"{_SHOWN} WHERE {_NUMBERED}", key, number)
    return _row(found) if found else None


async def by_alias(db: Db, key: str, alias: str) -> VersionRow | None:
    """The version that the alias points at, or None when it points at none."""
    found = await db.fetchrow(f"{_SHOWN} WHERE {_POINTED_AT}", key, alias)
    return _row(found) if found else None


async def by_label(db: Db, key: str, label: str) -> VersionRow | None:
    """The version with the label MAJOR.MINOR.PATCH, or None when there is none."""
    found = await db.fetchrow(f"{_SHOWN} WHERE v.model = $1 AND v.label = $2", key, label)
    return _row(found) if found else None


async def told(db: Db, key: str, wanted: int | str) -> str | None:
    """All that a version's row is made of, by number or alias: the same text for the same row.

    It costs a fraction of the row. None when there is no such version.
    """
    text: str | None = await db.fetchval(
        f"SELECT {_TOLD} FROM versions v WHERE {_which(wanted)}",  # noqa: S608  # our names
        key,
        wanted,
    )
    return text


async def with_told(db: Db, key: str, wanted: int | str) -> tuple[VersionRow, str] | None:
    """A version, by number or alias, with its `told`."""
    found = await db.fetchrow(
        f"SELECT {_COLUMNS}, {_TOLD} AS told FROM versions v WHERE {_which(wanted)}",  # noqa: S608
        key,
        wanted,
    )
    if found is None:
        return None
    values = dict(found)
    text = values.pop("told")
    return _row(values), text


def _which(wanted: int | str) -> str:
    return _NUMBERED if isinstance(wanted, int) else _POINTED_AT


async def page(db: Db, key: str, after: int = 0, limit: int = 100) -> list[VersionRow]:
    """The model's versions in order of number, those after `after`."""
    rows = await db.fetch(
        f"{_SHOWN} WHERE v.model = $1 AND v.version > $2 ORDER BY v.version LIMIT $3",
        key,
        after,
        limit,
    )
    return [_row(row) for row in rows]


async def newest(db: Db, key: str, before: int | None = None, limit: int = 100) -> list[VersionRow]:
    """The model's versions, newest first, those before `before`."""
    rows = await db.fetch(
        f"{_SHOWN} WHERE v.model = $1 AND ($2::int IS NULL OR v.version < $2)"
        " ORDER BY v.version DESC LIMIT $3",
        key,
        before,
        limit,
    )
    return [_row(row) for row in rows]


async def some(db: Db, keys: Sequence[VersionKey]) -> list[VersionRow]:
    """Those of `keys` that are there, in their order."""
    rows = await db.fetch(
        f"{_SHOWN} JOIN unnest($1::text[], $2::int[]) WITH ORDINALITY n (model, version, nth)"
        " USING (model, version) ORDER BY n.nth",
        [model for model, _ in keys],
        [number for _, number in keys],
    )
    return [_row(row) for row in rows]


async def cards_due(
    db: Db, now: datetime, *, scope: Scope | None = None, limit: int = 100
) -> list[VersionRow]:
    """Versions whose card should have been reviewed by `now` and is not stale yet, oldest first.

    Not those that are archived or whose model is retired or parked: nothing can be said of them.
    """

    async def fetch(start: VersionRow | None) -> list[VersionRow]:
        rows = await db.fetch(
            f"{_SHOWN} WHERE v.review_by <= $1 AND NOT v.card_stale AND v.archived_reason IS NULL"
            f" AND {in_use('v.model')}"
            " AND ($2::text[] IS NULL OR v.model LIKE ANY($2))"
            " AND ($3::timestamptz IS NULL OR (v.review_by, v.model, v.version) > ($3, $4, $5))"
            " ORDER BY v.review_by, v.model, v.version LIMIT $6",
            now,
            likes(scope),
            start and start.review_by,
            start and start.model,
            start and start.version,
            limit,
        )
        return [_row(row) for row in rows]

    return await filled(fetch, lambda row: holds(scope, row.model), limit)
