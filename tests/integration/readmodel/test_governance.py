"""The queries about requests, cards, broken glasses and namespaces, and what tenants may see."""

from datetime import UTC, datetime, timedelta

import pytest

from rollbook.domain.cards import Card, CardReviewed, CardWentStale, CardWritten
from rollbook.domain.catalog import ModelRegistered, ModelRetired, OwnerAssigned
from rollbook.domain.collection import CollectionRemoved, CollectionSet
from rollbook.domain.environments import (
    BreakGlassReviewed,
    EnvironmentCleared,
    GlassBroken,
    VersionPromoted,
)
from rollbook.domain.evaluations import Evaluation, EvaluationRecorded, Measure
from rollbook.domain.grants import KeyIssued, KeyRevoked, RoleGranted, RoleRevoked
from rollbook.domain.lineage import Artifact, Lineage
from rollbook.domain.messages import Event
from rollbook.domain.requests import (
    PromotionApproved,
    PromotionCommented,
    PromotionEscalated,
    PromotionRequested,
    PromotionWithdrawn,
)
from rollbook.domain.rulebook import MetadataSchema
from rollbook.domain.rules import MetadataSchemaSet
from rollbook.domain.tenancy import Role
from rollbook.domain.validation import GateResult, VersionRejected, VersionValidated
from rollbook.domain.versions import DocumentLinked, PropertiesSet, VersionRegistered
from rollbook.readmodel import (
    breaks,
    cards,
    collection,
    completeness,
    discussion,
    documents,
    environments,
    evaluations,
    evidence,
    grants,
    keys,
    models,
    namespaces,
    requests,
    reviews,
    verdicts,
    versions,
)
from tests.integration.readmodel.shown import shown
from tests.support.stack import Cluster
from tests.unit.projector.books import Book

KEY, OTHER = "team/fraud", "rivals/churn"
NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
DAY = timedelta(days=1)
DIGEST = "sha256:" + "0" * 64


def registered(number: int = 1, **more: object) -> VersionRegistered:
    artifact = Artifact(uri="s3://m/1", digest=DIGEST)
    return VersionRegistered(version=number, registered_by="pia", artifact=artifact, **more)


def asked(number: int, version: int, **more: object) -> PromotionRequested:
    given = {
        "request": number,
        "version": version,
        "environment": "production",
        "requested_by": "pia",
        "reason": "better",
        "rollback_plan": "",
        "risk": "high",
        "quorum": {"product": 1, "legal": 1},
        "expires_at": NOON + 14 * DAY,
        "escalates_at": NOON + DAY,
        "evidence": DIGEST,
    }
    return PromotionRequested.model_validate(given | more)


def book(*events: Event, key: str = KEY, versions: int = 2) -> Book:
    """Two tenants' models with versions, and what happened to one of them."""
    made = Book()
    made.claims()
    for model in (KEY, OTHER):
        made.says(model, ModelRegistered())
        for number in range(1, versions + 1):
            made.says(model, registered(number))
    for event in events:
        made.says(key, event)
    return made


async def test_a_request_shows_what_is_missing_on_the_facts_of_now(cluster: Cluster) -> None:
    it = book()
    it.says(OTHER, asked(1, 2))
    it.says(KEY, asked(1, 2))
    async with shown(cluster, it) as db:
        row = await requests.get(db, KEY, 1)
        assert row is not None
        seen = row.evidence_now
        assert seen is not None
    signed = PromotionApproved(
        request=1,
        version=2,
        environment="production",
        approved_by="abe",
        title="legal",
        evidence=seen,
        missing={"product": 1},
    )
    it.says(KEY, signed)
    it.says(KEY, PromotionCommented(request=1, comment="why?"), actor="eva")
    async with shown(cluster, it) as db:
        (row,) = await requests.newest(db, KEY, state="open")
        assert (row.missing, row.missing_now) == ({"product": 1}, {"product": 1})
        said = [(d.kind, d.said_by, d.title) for d in await discussion.of(db, KEY, 1)]
        assert said == [("approval", "abe", "legal"), ("comment", "eva", None)]
        wanted = [r.model for r in await requests.waiting(db, title="legal")]
        assert wanted == [OTHER]
        assert [r.model for r in await requests.waiting(db, limit=1)] == [OTHER]
        assert [r.model for r in await requests.waiting(db, after=(OTHER, 1))] == [KEY]
        assert [r.model for r in await requests.waiting(db, namespace="team")] == [KEY]
        assert await requests.waiting(db, scope={"team": {"churn*"}}) == []
    evaluation = Evaluation(metrics={"auc": Measure(value=0.5)})
    it.says(KEY, EvaluationRecorded(version=2, number=1, evaluation=evaluation, digest=DIGEST))
    async with shown(cluster, it) as db:
        (row,) = await requests.waiting(db, title="legal", scope={"team": {"*"}})
        assert row.missing == {"product": 1}
        assert row.missing_now == {"product": 1, "legal": 1}
        facts = await evidence.of(db, KEY, 2, "production")
        assert facts is not None
        assert (facts.evaluated, facts.digest) == (DIGEST, row.evidence_now)
        assert [e.number for e in await evaluations.newest(db, KEY, 2)] == [1]


async def test_requests_fall_due_and_are_closed(cluster: Cluster) -> None:
    it = book(asked(1, 1), asked(2, 2, environment="staging", escalates_at=None), asked(3, 2))
    it.says(OTHER, asked(1, 1, expires_at=NOON))
    escalated = {"request": 1, "version": 1, "environment": "production"}
    async with shown(cluster, it) as db:
        due = await requests.to_escalate(db, NOON + DAY)
        assert [(r.model, r.request) for r in due] == [(KEY, 1), (KEY, 3)]
        assert [r.model for r in await requests.to_expire(db, NOON)] == [OTHER]
        assert await requests.to_expire(db, NOON - DAY) == []
    it.says(KEY, PromotionEscalated(**escalated, to="admin"))
    it.says(KEY, VersionPromoted(version=2, environment="production", request=3))
    it.says(OTHER, PromotionWithdrawn(**escalated, reason="no"), actor="rex")
    async with shown(cluster, it) as db:
        assert await requests.to_escalate(db, NOON + DAY) == []
        assert await requests.to_expire(db, NOON) == []
        states = {r.request: (r.state, r.escalated_to) for r in await requests.newest(db, KEY)}
        assert states == {1: ("open", "admin"), 2: ("open", None), 3: ("promoted", None)}
        row = await requests.get(db, OTHER, 1)
        assert row is not None
        assert (row.closed_by, row.closed_reason, row.evidence_now) == ("rex", "no", None)


async def test_cards_fall_due_until_somebody_says_so(cluster: Cluster) -> None:
    card = Card(summary="good", review_by=NOON)
    it = book(CardWritten(version=1, revision=1, card=card, digest="a"))
    it.says(KEY, CardWritten(version=2, revision=1, card=card, digest="a"))
    it.says(KEY, CardWritten(version=2, revision=2, card=Card(summary="x"), digest="b"))
    it.says(OTHER, CardWritten(version=1, revision=1, card=card, digest="a"))
    async with shown(cluster, it) as db:
        due = await versions.cards_due(db, NOON, limit=1)
        assert [(v.model, v.version) for v in due] == [(OTHER, 1)]
        assert len(await versions.cards_due(db, NOON)) == 2
        assert [v.model for v in await versions.cards_due(db, NOON, scope={"team": "*"})] == [KEY]
        assert await versions.cards_due(db, NOON - DAY) == []
        newest = await cards.get(db, KEY, 2)
        assert newest is not None
        assert (newest.revision, newest.card.summary) == (2, "x")
        assert [c.revision for c in await cards.newest(db, KEY, 2)] == [2, 1]
    it.says(KEY, CardWentStale(version=1, revision=1, review_by=NOON))
    it.says(OTHER, ModelRetired(reason="old"))
    async with shown(cluster, it) as db:
        assert await versions.cards_due(db, NOON) == []
    it.says(KEY, CardReviewed(version=1, revision=1, review_by=NOON + DAY, note="fine"))
    async with shown(cluster, it) as db:
        assert [v.model for v in await versions.cards_due(db, NOON + DAY)] == [KEY]
        assert [r.note for r in await reviews.of(db, KEY, 1)] == ["fine"]


async def test_a_broken_glass_waits_for_its_review(cluster: Cluster) -> None:
    broken = GlassBroken(
        version=2,
        environment="production",
        reason="fire",
        number=1,
        bypassed=("not_validated",),
        broken_by="rex",
    )
    it = book(VersionPromoted(version=1, environment="production"), asked(1, 2), broken)
    async with shown(cluster, it) as db:
        (row,) = await breaks.unreviewed(db)
        assert (row.reason, row.bypassed, row.broken_by) == ("fire", ("not_validated",), "rex")
        assert await breaks.unreviewed(db, after=row) == []
        assert await breaks.unreviewed(db, scope={"rivals": {"*"}}) == []
        (stay,) = await environments.now(db, KEY)
        assert (stay.version, stay.action, stay.replaced) == (2, "GlassBroken", 1)
        request = await requests.get(db, KEY, 1)
        assert request is not None
        assert request.state == "promoted"
    it.says(KEY, BreakGlassReviewed(number=1, verdict="justified", note="ok"), actor="eva")
    it.says(KEY, EnvironmentCleared(version=2, environment="production", reason="calm"))
    async with shown(cluster, it) as db:
        assert await breaks.unreviewed(db) == []
        found = await breaks.get(db, KEY, 1)
        assert found is not None
        assert (found.verdict, found.reviewed_by) == ("justified", "eva")
        assert [b.number for b in await breaks.newest(db, KEY)] == [1]
        assert await environments.now(db, KEY) == []
        assert [s.until is None for s in await environments.stays(db, KEY)] == [False, False]


async def test_a_version_is_found_by_its_label_with_what_was_found_out(cluster: Cluster) -> None:
    gates = (GateResult(gate="auc", outcome="failed"),)
    it = book(versions=0)
    it.says(KEY, registered(label="1.0.0", lineage=Lineage(run_id="r"), properties={"x": 1e22}))
    it.says(KEY, VersionRejected(version=1, gates=gates, digest="bad"))
    it.says(KEY, VersionValidated(version=1, digest="good"))
    it.says(KEY, DocumentLinked(version=1, kind="risk", title="t", uri="s3://d"))
    it.says(KEY, PropertiesSet(version=1, properties={"y": 2}, properties_schema=0))
    async with shown(cluster, it, batch=1) as db:
        row = await versions.by_label(db, KEY, "1.0.0")
        assert row is not None
        assert (row.stage, row.verdict, row.rejected) == ("validated", "good", False)
        assert row.properties == {"x": 1e22, "y": 2}
        assert isinstance(row.properties["x"], float)
        assert len(row.documents) == 1
        assert await versions.by_label(db, KEY, "2.0.0") is None
        assert [v.digest for v in await verdicts.of(db, KEY, 1)] == ["good", "bad"]
        assert (await verdicts.of(db, KEY, 1))[1].gates == gates
        assert [d.title for d in await documents.of(db, KEY, 1)] == ["t"]


async def test_what_serves_tells_what_its_record_lacks(cluster: Cluster) -> None:
    it = book(VersionPromoted(version=1, environment="production"))
    it.says(OTHER, VersionPromoted(version=1, environment="production"))
    schema = MetadataSchema(required=("run_id", "owner"))
    it.says("team", MetadataSchemaSet(version=1, metadata=schema))
    it.says(KEY, OwnerAssigned(owner="ann"))
    async with shown(cluster, it) as db:
        lacks = {row.model: row.lacks for row in await completeness.serving(db)}
        assert lacks == {OTHER: [], KEY: ["run_id is missing"]}
        assert await completeness.serving(db, "staging") == []
        rows = await completeness.serving(db, scope={"team": ["*"]})
        assert [(row.model, row.schema_version) for row in rows] == [(KEY, 1)]
        assert await namespaces.names(db) == ["rivals", "team"]
        assert [n.namespace for n in await namespaces.page(db)] == ["team"]


@pytest.mark.parametrize(
    ("scope", "seen"),
    [
        ({}, []),
        ({"a": []}, []),
        ({"a": ["*"]}, ["a/x", "a/x_1", "a/xa1"]),
        ({"a": ["x_?"]}, ["a/x_1"]),
        ({"a": ["x?1"]}, ["a/x_1", "a/xa1"]),
        ({"a": ["x[a]1"], "b": ["x"]}, ["a/xa1", "b/x"]),
        ({"*": ["x"]}, ["a/x", "b/x"]),
        ({"a": ["%"], "b": ["\\x"]}, []),
    ],
)
async def test_tenants_see_only_what_they_may(
    cluster: Cluster, scope: dict[str, list[str]], seen: list[str]
) -> None:
    it = Book()
    it.claims()
    for key in ("a/x", "a/x_1", "a/xa1", "b/x", "b/y"):
        it.says(key, ModelRegistered())
    async with shown(cluster, it) as db:
        assert [m.key for m in await models.page(db, scope=scope)] == seen
        assert [m.key for m in await models.page(db, scope=scope, limit=1)] == seen[:1]
        inside = [key for key in seen if key.startswith("a/")]
        assert [m.key for m in await models.page(db, "a", scope=scope)] == inside


async def test_a_namespace_shows_its_grants_keys_and_collections(cluster: Cluster) -> None:
    it = Book()
    it.claims()
    for number, until in ((1, None), (2, NOON), (3, None)):
        granted = RoleGranted(grant=number, subject="bob", role=Role.VIEWER, until=until, reason="")
        it.says("team", granted)
    it.says("team", RoleRevoked(grant=3, subject="bob", role=Role.VIEWER, reason="left"))
    it.says("team", KeyIssued(key="k", account="ci", public_key="p", until=NOON))
    it.says("team", KeyRevoked(key="k", account="ci", reason="leaked"))
    for name in ("one", "two"):
        it.says("team", CollectionSet(collection=name, models=("a", "b")))
    it.says("team", CollectionRemoved(collection="one"))
    async with shown(cluster, it, batch=1) as db:
        assert [g.number for g in await grants.page(db, "team")] == [1, 2, 3]
        assert [g.number for g in await grants.holding(db, NOON, "team")] == [1]
        assert [g.namespace for g in await grants.of(db, "bob")] == ["team"] * 3
        (key,) = await keys.page(db, "team")
        assert (key.account, key.revoked_reason) == ("ci", "leaked")
        assert await keys.get(db, "rivals", "k") is None
        assert [c.collection for c in await collection.page(db, "team")] == ["two"]
        assert await collection.get(db, "team", "one") is None
        assert [c.models for c in await collection.holding(db, "team", "a")] == [("a", "b")]
