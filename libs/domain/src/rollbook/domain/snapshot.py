"""A stream's state as plain values and back; versions in blocks, so that no part grows for ever."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from immutables import Map

from rollbook.domain import plans
from rollbook.domain.lineage import Terms
from rollbook.domain.retrainpolicy import Past, RetrainingPolicy
from rollbook.domain.rulebook import MetadataSchema, Retention, Rules
from rollbook.domain.state import (
    Alarm,
    Approval,
    Break,
    Model,
    Request,
    Review,
    Rollout,
    Training,
    Version,
)
from rollbook.domain.tenancy import Grant, Key, Namespace, Role

SCHEMA = 5
"""Raised when the layout changes: a snapshot of another schema is not used."""

BLOCK = 500
"""Versions per block."""


def head(model: Model) -> dict[str, Any]:
    """Everything but the versions."""
    return {
        "registered": model.registered,
        "description": model.description,
        "tags": model.tags,
        "aliases": dict(model.aliases),
        "environments": dict(model.environments),
        "last_label": model.last_label,
        "retired": model.retired,
        "owner": model.owner,
        "team": model.team,
        "risk": model.risk,
        "requests": [[number, *_request(r)] for number, r in sorted(model.requests.items())],
        "requested": model.requested,
        "breaks": [[number, *found] for number, found in sorted(model.breaks.items())],
        "broken": model.broken,
        "rollouts": [[number, *_rollout(r)] for number, r in sorted(model.rollouts.items())],
        "rolled": model.rolled,
        "retraining": model.retraining.model_dump(mode="json", exclude_defaults=True)
        if model.retraining
        else None,
        "retraining_version": model.retraining_version,
        "trainings": [_training(training) for training in model.trainings],
        "trained": model.trained,
        "alarms": [
            [number, *alarm._replace(since=_text(alarm.since))]  # type: ignore[arg-type]
            for number, alarm in sorted(model.alarms.items())
        ],
        "alarmed": model.alarmed,
    }


def blocks(model: Model) -> Iterator[list[list[Any]]]:
    """The versions in order of number, `BLOCK` at a time."""
    for first in range(1, len(model.versions) + 1, BLOCK):
        last = min(first + BLOCK, len(model.versions) + 1)
        yield [_row(model.versions[number]) for number in range(first, last)]


def restore(head: dict[str, Any], blocks: Iterable[list[list[Any]]]) -> Model:
    """The model that `head` and `blocks` were made from."""
    rows = (row for block in blocks for row in block)
    versions = Map((number, _version(row)) for number, row in enumerate(rows, start=1))
    return Model(
        registered=head["registered"],
        description=head["description"],
        tags=head["tags"],
        versions=versions,
        keys=Map((v.idempotency_key, n) for n, v in versions.items() if v.idempotency_key),
        labels=Map((v.label, n) for n, v in versions.items() if v.label),
        aliases=Map(head["aliases"]),
        environments=Map((e, tuple(places)) for e, places in head["environments"].items()),
        last_label=head["last_label"],
        retired=head["retired"],
        owner=head["owner"],
        team=head["team"],
        risk=head["risk"],
        requests=Map((number, _restore_request(row)) for number, *row in head["requests"]),
        requested=head["requested"],
        breaks=Map((number, Break(*row)) for number, *row in head["breaks"]),
        broken=head["broken"],
        rollouts=Map((number, _restore_rollout(row)) for number, *row in head["rollouts"]),
        rolled=head["rolled"],
        retraining=RetrainingPolicy.model_validate(head["retraining"])
        if head["retraining"]
        else None,
        retraining_version=head["retraining_version"],
        trainings=tuple(map(_restore_training, head["trainings"])),
        trained=head["trained"],
        alarms=Map((number, _alarm(row)) for number, *row in head["alarms"]),
        alarmed=head["alarmed"],
    )


def _row(version: Version) -> list[Any]:
    review = version.review
    return [
        version.digest,
        version.archived,
        version.description,
        version.tags,
        version.idempotency_key,
        version.label,
        version.registered_by,
        version.recorded,
        version.terms.model_dump(exclude_defaults=True) if version.terms else None,
        version.properties,
        version.schema,
        None if review == Review() else [*review._replace(review_by=_text(review.review_by))],  # type: ignore[arg-type]
        version.uri,
        version.format,
        version.variants,
    ]


def _version(row: list[Any]) -> Version:
    digest, archived, description, tags, key, label, by, recorded, *more = row
    terms, own, schema, review, uri, form, variants = more
    return Version(
        digest,
        archived,
        description,
        tags,
        key,
        label,
        by,
        recorded,
        Terms.model_validate(terms) if terms is not None else None,
        own,
        schema,
        _review(review) if review is not None else Review(),
        uri,
        form,
        variants,
    )


def _review(row: list[Any]) -> Review:
    found = Review(*row)
    return found._replace(
        documents=tuple(found.documents),
        card_sections=tuple(found.card_sections),
        barred={environment: tuple(gates) for environment, gates in found.barred.items()},
        signatures=tuple(found.signatures),
        review_by=_moment(found.review_by),  # type: ignore[arg-type]  # text, in a snapshot
    )


def _request(request: Request) -> list[Any]:
    return [
        request.version,
        request.environment,
        request.requested_by,
        [list(part) for part in request.quorum],
        _text(request.expires_at),
        _text(request.escalates_at),
        [list(approval) for approval in request.approvals],
        request.escalated,
    ]


def _restore_request(row: list[Any]) -> Request:
    version, environment, by, quorum, expires, escalates, approvals, escalated = row
    return Request(
        version,
        environment,
        by,
        tuple((title, count) for title, count in quorum),
        datetime.fromisoformat(expires),
        _moment(escalates),
        tuple(Approval(*approval) for approval in approvals),
        escalated,
    )


def _alarm(row: list[Any]) -> Alarm:
    found = Alarm(*row)
    return found._replace(since=_moment(found.since))  # type: ignore[arg-type]  # text, in a snapshot


def _training(training: Training) -> list[Any]:
    asked, ended, outcome, version = training.past
    times = [_text(asked), _text(ended)]
    return [*times, outcome, version, training.after, training.run]


def _restore_training(row: list[Any]) -> Training:
    asked, ended, outcome, version, after, run = row
    past = Past(datetime.fromisoformat(asked), _moment(ended), outcome, version)
    return Training(past, after, run)


def _rollout(rollout: Rollout) -> list[Any]:
    return [
        *rollout._replace(
            plan=rollout.plan.model_dump(mode="json", exclude_defaults=True),  # type: ignore[arg-type]
            due=_text(rollout.due),  # type: ignore[arg-type]
            deadline=_text(rollout.deadline),  # type: ignore[arg-type]
            paused_at=_text(rollout.paused_at),  # type: ignore[arg-type]
        )
    ]


def _restore_rollout(row: list[Any]) -> Rollout:
    found = Rollout(*row)
    return found._replace(
        challengers=tuple(found.challengers),
        plan=plans.parse(found.plan),  # type: ignore[arg-type]  # a document, in a snapshot
        approved_by=tuple(found.approved_by),
        due=datetime.fromisoformat(found.due),  # type: ignore[arg-type]
        deadline=datetime.fromisoformat(found.deadline),  # type: ignore[arg-type]
        paused_at=_moment(found.paused_at),  # type: ignore[arg-type]
        approvals=tuple(Approval(*given) for given in found.approvals),
    )


def namespace_head(namespace: Namespace) -> dict[str, Any]:
    """Everything in a namespace."""
    return {
        "rules": namespace.rules.model_dump(mode="json", exclude_defaults=True),
        "rules_version": namespace.rules_version,
        "schema": namespace.schema.model_dump(mode="json") if namespace.schema else None,
        "schema_version": namespace.schema_version,
        "adapters": [dict(names) for names in namespace.adapters],
        "grants": [
            [number, *grant._replace(until=_text(grant.until))]  # type: ignore[arg-type]
            for number, grant in sorted(namespace.grants.items())
        ],
        "granted": namespace.granted,
        "keys": [
            [name, *key._replace(until=_text(key.until))]  # type: ignore[arg-type]
            for name, key in sorted(namespace.keys.items())
        ],
        "revoked": sorted(namespace.revoked),
        "collections": dict(namespace.collections),
        "queries": dict(namespace.queries),
        "synonyms": dict(namespace.synonyms),
        "policies": dict(namespace.policies),
        "retention": namespace.retention.model_dump(mode="json", exclude_defaults=True),
        "retention_version": namespace.retention_version,
        "endpoints": dict(namespace.endpoints),
    }


def restore_namespace(head: dict[str, Any]) -> Namespace:
    """The namespace that `head` was made from; copies for others may be older than `SCHEMA`."""
    schema = head["schema"]
    return Namespace(
        rules=Rules.model_validate(head["rules"]),
        rules_version=head["rules_version"],
        schema=MetadataSchema.model_validate(schema) if schema is not None else None,
        schema_version=head["schema_version"],
        adapters=tuple(head["adapters"]),
        grants=Map((number, _grant(row)) for number, *row in head["grants"]),
        granted=head["granted"],
        keys=Map((name, _key(row)) for name, *row in head["keys"]),
        revoked=frozenset(head["revoked"]),
        collections=Map(head["collections"]),
        queries=Map(head.get("queries", {})),
        synonyms=Map((word, tuple(same)) for word, same in head.get("synonyms", {}).items()),
        policies=Map((name, tuple(found)) for name, found in head.get("policies", {}).items()),
        retention=Retention.model_validate(head.get("retention", {})),
        retention_version=head.get("retention_version", 0),
        endpoints=Map((name, tuple(found)) for name, found in head.get("endpoints", {}).items()),
    )


def _grant(row: list[Any]) -> Grant:
    subject, role, models, environments, title, until = row
    return Grant(subject, Role(role), models, environments, title, _moment(until))


def _key(row: list[Any]) -> Key:
    account, public_key, until, roles = row
    return Key(account, public_key, datetime.fromisoformat(until), tuple(map(Role, roles)))


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text is not None else None
