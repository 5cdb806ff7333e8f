"""The second chapter of the golden log: the namespace gets rules, and the model lives by them."""

from datetime import UTC, datetime, timedelta

from rollbook.domain.aliases import RemoveAlias
from rollbook.domain.cards import Card, Impact, MarkCardStale, ReviewCard, Subgroup, WriteCard
from rollbook.domain.catalog import AssignOwner, ClassifyModel, RestoreModel, RetireModel
from rollbook.domain.collection import RemoveCollection, SetCollection
from rollbook.domain.environments import (
    BreakGlass,
    ClearEnvironment,
    PromoteVersion,
    RehearseRollback,
    ReviewBreakGlass,
)
from rollbook.domain.erasure import ErasePersonalData
from rollbook.domain.evaluations import Evaluation, Measure, RecordEvaluation
from rollbook.domain.gates import ExpressionGate, PerformanceGate, TermsGate
from rollbook.domain.grants import GrantRole, IssueKey, RevokeKey, RevokeRole, key_id
from rollbook.domain.holds import HoldVersion, ReleaseVersion
from rollbook.domain.lineage import (
    Artifact,
    Dataset,
    Feature,
    Lineage,
    Parent,
    Runtime,
    Signature,
    Terms,
    Variant,
)
from rollbook.domain.policies import DropPolicy, Policy, PolicyTest, SavePolicy
from rollbook.domain.queries import DropQuery, SaveQuery, SetSynonyms
from rollbook.domain.requests import (
    ApprovePromotion,
    CommentOnPromotion,
    EscalatePromotion,
    ExpirePromotion,
    RejectPromotion,
    RequestPromotion,
    WithdrawPromotion,
)
from rollbook.domain.retention import SetRetention
from rollbook.domain.rulebook import EnvironmentRule, MetadataSchema, Retention, Rules
from rollbook.domain.rules import SetMetadataSchema, SetRules
from rollbook.domain.signatures import AttachSignature
from rollbook.domain.tenancy import Role
from rollbook.domain.validation import GateResult, RecordValidation, StartValidation
from rollbook.domain.versions import (
    LinkDocument,
    RegisterVersion,
    RestoreVersion,
    SetProperties,
)
from tests.contracts.step import ADA, MODEL, NAMESPACE, Step, bundle, digest

GRACE = "grace@example.com"
"""Administers the namespace."""
JOAN = "joan@example.com"
"""Signs as ml-ops."""
MARY = "mary@example.com"
"""Signs as product."""
HEDY = "hedy@example.com"
"""Releases."""
IDA = "ida@example.com"
"""Audits."""
CI = f"account:{NAMESPACE}/ci"
GATES = "account:rollbook/validator"
CLOCK = "account:rollbook/clock"

PUBLIC_KEY = "eQkGcjVaEgDg-uwPFNGQWOQmWkMly5x1bcyEfvdyD20"
"""No private half exists."""
REFERENCE = "personal:0c4d8a61-9f3e-4b7d-8a52-6e1f0b9c7d34"

RULES = Rules(
    environments=(
        EnvironmentRule(name="staging", region="eu-central"),
        EnvironmentRule(
            name="production",
            region="eu-central",
            description="Card payments of real people.",
            protected=True,
            after="staging",
            validated=True,
            metadata=True,
            card=("summary", "intended_use", "limitations"),
            pii="pseudonymous",
            licences=("Apache-2.0", "MIT"),
            approvals={
                "limited": {"ml-ops": 1},
                "high": {"ml-ops": 1, "product": 1},
            },
        ),
    ),
    protected_aliases=("champion",),
    naming="[a-z][a-z0-9-]*",
    default_risk="limited",
    request_expires=timedelta(days=14),
    request_escalates=timedelta(hours=24),
    escalate_to="head-of-risk",
)
POLICY = Policy(
    description="What may decide about payments.",
    models=("card-*",),
    risks=("limited", "high"),
    revalidate="serving",
    gates=(
        ExpressionGate(
            kind="expression",
            gate="good-enough",
            expression="metrics.auc >= 0.9",
            because="below that, people review more than they save",
        ),
        PerformanceGate(
            kind="performance", gate="fast-enough", p95=100.0, environments=("production",)
        ),
    ),
    tests=(
        PolicyTest(
            test="a weak one fails", given={"metrics": {"auc": 0.7}}, fails=("good-enough",)
        ),
    ),
)
TRIAL = Policy(gates=(TermsGate(kind="terms", gate="terms"),))
METADATA = MetadataSchema(
    properties={
        "type": "object",
        "properties": {
            "framework": {"enum": ["scikit-learn", "onnx", "pytorch"]},
            "max_batch": {"type": "integer", "minimum": 1},
        },
        "required": ["framework"],
    },
    required=("training_data_digest", "licence", "pii", "owner"),
    enforced="promotion",
)
RENAMED = MetadataSchema(
    properties={
        "type": "object",
        "properties": {
            "library": {"enum": ["scikit-learn", "onnx", "pytorch"]},
            "max_batch": {"type": "integer", "minimum": 1},
        },
        "required": ["library"],
    },
    required=METADATA.required,
    renamed={"framework": "library"},
)

TEST_SET = Dataset(uri="s3://data/cards/2026-01/test", digest=digest("f"), role="test")
RETRAINED = RegisterVersion(
    artifact=Artifact(
        uri="s3://models/fraud/card-approval/run-5120/model.skops",
        digest=digest("e"),
        size=1_503_377,
        format="skops",
    ),
    change="retraining",
    variants=(
        Variant(
            uri="s3://models/fraud/card-approval/run-5120/model.int8.onnx",
            digest=digest("1"),
            size=402_113,
            format="onnx",
            name="int8",
            kind="quantised",
        ),
    ),
    metrics={"auc": 0.944},
    params={"max_depth": "7"},
    tags={"owner": "risk-team"},
    properties={"framework": "scikit-learn"},
    lineage=Lineage(
        run_id="run-5120",
        run_uri="https://runs.example.com/5120",
        code_uri="https://git.example.com/risk/fraud",
        code_commit="9b1e4c7d2a3f5068b7c1d2e3f4a5968778695a4b",
        datasets=(
            Dataset(uri="s3://data/cards/2026-01/train", digest=digest("2")),
            Dataset(uri="s3://data/cards/2026-01/valid", digest=digest("3"), role="validation"),
            TEST_SET,
        ),
        features=(Feature(name="cards_90d", uri="feast://risk/cards_90d", digest=digest("4")),),
        parents=(Parent(model=MODEL, version=1),),
        environment={"python": "3.12.4", "scikit-learn": "1.7.2"},
        runtime=Runtime(
            python="3.12.4",
            lock_uri="https://git.example.com/risk/fraud/uv.lock",
            lock_digest=digest("5"),
            image="registry.example.com/risk/train:5120",
            hardware="16 vCPU",
            started_at=datetime(2026, 1, 6, 2, 0, tzinfo=UTC),
            duration=timedelta(minutes=41),
        ),
    ),
    signature=Signature(inputs=({"name": "amount", "type": "double"},)),
    evaluations=(
        Evaluation(
            metrics={"auc": Measure(value=0.944, low=0.941, high=0.947, confidence=0.95)},
            dataset=TEST_SET,
            samples=120_000,
            scorer="score.py@9b1e4c7",
        ),
    ),
    terms=Terms(
        licence="Apache-2.0",
        data_use=("fraud-prevention",),
        consent="GDPR Art. 6 (1) f",
        pii="pseudonymous",
    ),
    description="The same on January's transactions.",
    idempotency_key="run-5120",
)
IMPORTED = RegisterVersion(
    artifact=Artifact(uri="s3://old-models/cards/17/model.pkl", digest=digest("6")),
    change="tweak",
    description="What served before there was a registry.",
)
CARD = Card(
    summary="Scores card payments for fraud.",
    owners=("risk",),
    contacts=(REFERENCE,),
    model_type="gradient boosting",
    licence="Apache-2.0",
    intended_use="Declining card payments, with a human to appeal to.",
    out_of_scope="Credit decisions.",
    training_data="Transactions of 2025-12 and 2026-01.",
    subgroups=(
        Subgroup(
            slice={"country": "DE"},
            metrics={"auc": Measure(value=0.939, low=0.93, high=0.948, confidence=0.95)},
            samples=8_000,
        ),
    ),
    limitations="Not measured for payments above 10,000 EUR.",
    environmental_impact=Impact(co2_kg=1.4, hours=0.7, hardware="16 vCPU", region="eu-central"),
    review_by=datetime(2026, 2, 1, tzinfo=UTC),
)

GOVERNED = (
    # Who may do what, and by which rules
    Step(
        GrantRole(subject=GRACE, role=Role.ADMIN, reason="sets up the namespace"),
        "ops@example.com",
        NAMESPACE,
    ),
    Step(
        GrantRole(
            subject="group:ml-ops",
            role=Role.APPROVER,
            models="card-*",
            environments="production",
            title="ml-ops",
            until=datetime(2026, 7, 1, tzinfo=UTC),
            reason="on duty this half-year",
        ),
        GRACE,
        NAMESPACE,
    ),
    Step(
        IssueKey(
            account="ci",
            public_key=PUBLIC_KEY,
            until=datetime(2026, 4, 1, tzinfo=UTC),
            roles=(Role.PUBLISHER,),
        ),
        GRACE,
        NAMESPACE,
    ),
    Step(SetMetadataSchema(metadata=METADATA), GRACE, NAMESPACE),
    Step(SetRules(rules=RULES), GRACE, NAMESPACE),
    Step(SetRules(rules=RULES), GRACE, NAMESPACE),  # already so
    # A candidate and what is found out about it
    Step(AssignOwner(owner=ADA, team="risk"), GRACE),
    Step(ClassifyModel(risk="high", reason="it decides about people's payments"), JOAN),
    Step(RETRAINED, CI),
    Step(
        IMPORTED,
        CI,
        origin="mlflow:https://mlflow.example.com/cards/17",
        origin_time=datetime(2025, 3, 4, 15, 30, tzinfo=UTC),
    ),
    Step(SetProperties(version=3, properties={"max_batch": 64}), CI),
    Step(
        LinkDocument(
            version=3,
            kind="explainability",
            title="SHAP values on the test set",
            uri="https://reports.example.com/5120/shap.html",
            digest=digest("7"),
        ),
        CI,
    ),
    Step(
        RecordEvaluation(
            version=3,
            evaluation=Evaluation(
                metrics={"auc": Measure(value=0.939, low=0.93, high=0.948, confidence=0.95)},
                slice={"country": "DE"},
                dataset=TEST_SET,
                samples=8_000,
                at=datetime(2026, 1, 6, 3, 0, tzinfo=UTC),
            ),
        ),
        CI,
    ),
    Step(WriteCard(version=3, card=CARD)),
    Step(StartValidation(version=3, policy="cards-2026"), GATES),
    Step(
        RecordValidation(
            version=3,
            gates=(
                GateResult(gate="auc", outcome="passed", measured={"auc": 0.944}),
                GateResult(gate="latency", outcome="skipped", reason="no load test here"),
            ),
            policy="cards-2026",
        ),
        GATES,
    ),
    Step(
        RecordValidation(
            version=4,
            gates=(GateResult(gate="auc", outcome="error", reason="the artifact cannot be read"),),
        ),
        GATES,
    ),
    # Into production: refused, asked for, signed, signed again, promoted
    Step(PromoteVersion(version=3, environment="staging"), HEDY),
    Step(PromoteVersion(version=3), HEDY),  # refused: nobody asked
    Step(
        RequestPromotion(
            version=3,
            reason="January's data, and better in every slice",
            rollback_plan="rollbook rollback fraud/card-approval",
            reviewers={"legal": 1},
        ),
        CI,
    ),
    Step(CommentOnPromotion(request=1, comment="Who looked at new customers?"), MARY),
    Step(EscalatePromotion(request=1), CLOCK),  # refused: too early
    Step(EscalatePromotion(request=1), CLOCK, wait=timedelta(hours=24)),
    Step(ApprovePromotion(request=1, title="ml-ops"), JOAN),
    Step(
        RecordEvaluation(
            version=3,
            evaluation=Evaluation(
                metrics={"auc": Measure(value=0.911)}, slice={"customers": "new"}, samples=5_000
            ),
        ),
        CI,
    ),
    Step(ApprovePromotion(request=1, title="product", comment="Good enough."), MARY),
    Step(PromoteVersion(version=3), HEDY),  # refused: ml-ops signed on other facts
    Step(ApprovePromotion(request=1, title="ml-ops"), JOAN),
    Step(ApprovePromotion(request=1, title="legal"), CI),  # refused: the asker
    Step(ApprovePromotion(request=1, title="legal"), IDA),
    Step(PromoteVersion(version=3), HEDY),
    Step(RehearseRollback(note="quarterly exercise: 40 s"), HEDY),
    # Requests that came to nothing
    Step(RequestPromotion(version=1, reason="the old one was calmer"), GRACE),
    Step(ApprovePromotion(request=2, title="ml-ops")),  # refused: Ada registered version 1
    Step(RejectPromotion(request=2, reason="no evidence that it is"), JOAN),
    Step(RequestPromotion(version=1, reason="with evidence"), GRACE),
    Step(WithdrawPromotion(request=3, reason="there was none"), GRACE),
    Step(RequestPromotion(version=1, reason="just in case"), GRACE),
    Step(ExpirePromotion(request=4), CLOCK, wait=timedelta(days=14)),
    # In an emergency
    Step(BreakGlass(version=1, reason="version 3 declines everybody in DE"), HEDY),
    Step(ReviewBreakGlass(number=1, verdict="justified", note="it was me"), HEDY),  # refused
    Step(
        ReviewBreakGlass(number=1, verdict="justified", note="declines were at 31 %"),
        IDA,
        wait=timedelta(hours=20),
    ),
    # As time goes by
    Step(MarkCardStale(version=3), CLOCK, wait=timedelta(days=20)),
    Step(
        ReviewCard(
            version=3, review_by=datetime(2026, 8, 1, tzinfo=UTC), note="still true of what it does"
        )
    ),
    Step(SetMetadataSchema(metadata=RENAMED), GRACE, NAMESPACE),
    Step(SetProperties(version=3, properties={"max_batch": None}), CI),  # renames as well
    Step(RestoreVersion(version=2, reason="the edge devices are back"), HEDY),
    # Out of use, and back
    Step(ClearEnvironment(environment="staging", reason="the cluster goes"), HEDY),
    Step(ClearEnvironment(environment="production", reason="the product ends"), HEDY),
    Step(RetireModel(reason="the product ends"), HEDY),  # refused: the alias
    Step(RemoveAlias(alias="champion"), HEDY),
    Step(RetireModel(reason="the product ends"), HEDY),
    Step(RestoreModel(reason="it does not"), HEDY),
    # The rest of the namespace
    Step(
        SetCollection(
            collection="payments", models=("card-approval",), description="All that says yes or no."
        ),
        GRACE,
        NAMESPACE,
    ),
    Step(RemoveCollection(collection="payments"), GRACE, NAMESPACE),
    Step(
        ErasePersonalData(references=(REFERENCE,), reason="asked for under GDPR Art. 17"),
        GRACE,
        NAMESPACE,
    ),
    Step(RevokeRole(grant=2, reason="the team was dissolved"), GRACE, NAMESPACE),
    Step(RevokeKey(key=key_id(PUBLIC_KEY), reason="the laptop was stolen"), GRACE, NAMESPACE),
    # What its people search for
    Step(
        SaveQuery(
            query="trusted",
            text="metrics.auc >= 0.9 and stage = validated",
            order="-metrics.auc",
            description="What may go on.",
        ),
        GRACE,
        NAMESPACE,
    ),
    Step(SaveQuery(query="all", text="model = fraud/*"), GRACE, NAMESPACE),
    Step(DropQuery(query="all"), GRACE, NAMESPACE),
    Step(SetSynonyms(word="fraud", same=("abuse", "scam")), GRACE, NAMESPACE),
    Step(SetSynonyms(word="fraud"), GRACE, NAMESPACE),
    # What its versions must pass, whose signature they bear, and how long they are kept
    Step(SavePolicy(policy="release", document=POLICY), GRACE, NAMESPACE),
    Step(SavePolicy(policy="trial", document=TRIAL), GRACE, NAMESPACE),
    Step(DropPolicy(policy="trial", reason="it says less than release"), GRACE, NAMESPACE),
    Step(
        RecordValidation(
            version=3,
            gates=(
                GateResult(gate="good-enough", outcome="passed", measured={"auc": 0.944}),
                GateResult(
                    gate="fast-enough",
                    outcome="failed",
                    reason="p95 is 131 ms, and at most 100 ms may be",
                    measured={"performance.p95": 131.0},
                ),
            ),
            policy="release@1",
            bound={"fast-enough": ("production",)},
        ),
        GATES,
    ),
    Step(AttachSignature(version=3, bundle=bundle(digest("e"))), CI),
    Step(AttachSignature(version=3, bundle=bundle(digest("d"))), CI),  # refused: other bytes
    Step(HoldVersion(version=3, reason="case 2026-114"), IDA),
    Step(ReleaseVersion(version=3, reason="the case is closed"), IDA),
    Step(
        SetRetention(
            retention=Retention(
                keep_last=10, archive_after=timedelta(days=90), delete_after=timedelta(days=730)
            )
        ),
        GRACE,
        NAMESPACE,
    ),
)
