"""The second chapter of the golden log: the namespace gets rules, and the model lives by them."""

from datetime import UTC, datetime, time, timedelta

from rollbook.domain.alarms import (
    AcknowledgeDrift,
    ClearDrift,
    DetectDrift,
    DriftFinding,
    Picture,
    Stretch,
)
from rollbook.domain.aliases import RemoveAlias
from rollbook.domain.cards import Card, Impact, MarkCardStale, ReviewCard, Subgroup, WriteCard
from rollbook.domain.catalog import AssignOwner, ClassifyModel, RestoreModel, RetireModel
from rollbook.domain.collection import RemoveCollection, SetCollection
from rollbook.domain.deletions import AnnounceDeletions, Deletion
from rollbook.domain.endpointdocs import Endpoint, Hours
from rollbook.domain.endpoints import (
    DropEndpoint,
    RedriveEndpoint,
    RotateEndpointSecret,
    SetEndpoint,
    TestEndpoint,
)
from rollbook.domain.environments import (
    BreakGlass,
    ClearEnvironment,
    PromoteVersion,
    RehearseRollback,
    ReviewBreakGlass,
)
from rollbook.domain.erasure import ErasePersonalData
from rollbook.domain.evaluations import Evaluation, Measure, RecordEvaluation
from rollbook.domain.findings import ArmCount, MetricFinding, Result, RolloutFinding, conclude
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
from rollbook.domain.plans import Metric, RolloutPlan, Stage
from rollbook.domain.policies import DropPolicy, Policy, PolicyTest, SavePolicy
from rollbook.domain.profiles import Loss, NumberColumn, Profile, RecordProfile, WordColumn
from rollbook.domain.queries import DropQuery, SaveQuery, SetSynonyms
from rollbook.domain.recipes import Recipe
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
from rollbook.domain.retraining import (
    CancelRetraining,
    EndRetraining,
    RecordRetrainingRun,
    RequestRetraining,
    SetRetraining,
)
from rollbook.domain.retrainpolicy import RetrainingPolicy
from rollbook.domain.rollouts import (
    AbortRollout,
    AdvanceRollout,
    ApproveRolloutStep,
    FinishRollout,
    PauseRollout,
    PromoteRollout,
    ResumeRollout,
    SkipRolloutStep,
    StartRollout,
)
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
TRAINER = "account:rollbook/retrain"

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
DRIFT = DetectDrift(
    version=3,
    environment="production",
    kind="feature",
    findings=(
        DriftFinding(
            subject="feature:age",
            measure="psi",
            value=0.31,
            threshold=0.1,
            p=0.0001,
            rows=5000,
            more={"js": 0.18, "ks": 0.21},
        ),
    ),
    window=Stretch(
        begin=datetime(2026, 3, 1, 12, 0, tzinfo=UTC),
        end=datetime(2026, 3, 1, 12, 25, tzinfo=UTC),
        rows=5000,
        windows=5,
    ),
    pictures=(
        Picture(
            subject="feature:age",
            bins=("18 to 30", "30 to 45", "45 to 99"),
            reference=(300, 420, 280),
            window=(700, 2000, 2300),
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
REBUILDABLE = RegisterVersion(
    artifact=Artifact(
        uri="s3://models/fraud/card-approval/run-5311/model.skops", digest=digest("f")
    ),
    lineage=Lineage(datasets=(Dataset(uri="s3://data/transactions/2026-02", digest=digest("2")),)),
    recipe=Recipe(
        uri="s3://models/fraud/card-approval/training",
        digest=digest("3"),
        program="train.py",
        arguments=("--rows", "{train}", "--depth", "7"),
    ),
    bundle=bundle(digest("f")),
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

DEPLOYER = "account:rollbook/deployer"
PLAN = RolloutPlan(
    description="Three steps, and a day to look back.",
    steps=(
        Stage(weight=5, samples=500),
        Stage(weight=25, approval={"approver": 1}),
        Stage(weight=50),
    ),
    metrics=(Metric(metric="errors", of="errors", margin=0.01),),
    watch=timedelta(days=1),
)
START = StartRollout(version=5, environment="staging", plan=PLAN, reason="February's data")


def shown(outcome: Result, version: int = 5, baseline: int = 3) -> RolloutFinding:
    """What a look at the rollout found."""
    metric = MetricFinding(
        metric="errors",
        role="guardrail",
        outcome=outcome,
        candidate=ArmCount(version=version, n=4200, value=0.011),
        baseline=ArmCount(version=baseline, n=79_800, value=0.0105),
        difference=0.0005,
        low=-0.004,
        high=0.005,
        alpha=0.05,
    )
    return conclude((metric,), 4200, 500, PLAN.digest())


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
    # A version that comes with its signature, and with the recipe to make it again
    Step(REBUILDABLE, CI),
    Step(AttachSignature(version=3, bundle=bundle(digest("1")), variant="int8"), CI),
    Step(AttachSignature(version=3, bundle=bundle(digest("1")), variant="int4"), CI),  # refused
    # What a sweep is about to delete
    Step(
        AnnounceDeletions(
            deletions=(
                Deletion(
                    digest=digest("9"),
                    size=48_211_034,
                    reason="no version names it",
                ),
            )
        ),
        GRACE,
        NAMESPACE,
    ),
    # A model that is trained anew
    Step(RequestRetraining(reason="prices have changed"), ADA),  # refused: by which pipeline?
    Step(
        SetRetraining(
            document=RetrainingPolicy(
                pipeline="nightly",
                parameters={"epochs": "20"},
                signals=("performance", "feature"),
                environments=("production",),
                cooldown=timedelta(days=2),
            )
        ),
        HEDY,
    ),
    Step(RequestRetraining(reason="prices have changed"), ADA),
    Step(RequestRetraining(reason="once more"), ADA),  # already so
    Step(
        RecordRetrainingRun(
            retraining=1,
            run="rollbook-5f0c4a4e-9a55-4d0e-8d7c-6b1f0b9c7d34",
            url="https://airflow.example.com/dags/fraud/runs/1",
        ),
        TRAINER,
    ),
    Step(EndRetraining(retraining=1, outcome="candidate", version=1), TRAINER),  # refused: older
    Step(EndRetraining(retraining=1, outcome="empty", note="nothing was registered"), TRAINER),
    Step(RequestRetraining(reason="the data is there now"), ADA),
    Step(CancelRetraining(retraining=2, reason="the data of this week is broken"), ADA),
    Step(SetRetraining(document=None), HEDY),
    # Live data that drifts away from what the version was made from
    Step(
        RecordProfile(
            version=3,
            profile=Profile(
                rows=1000,
                features={
                    "age": NumberColumn(
                        kind="numbers", edges=(18, 30, 45, 99), counts=(300, 420, 280)
                    ),
                    "country": WordColumn(kind="words", counts={"DE": 700, "FR": 250}, other=50),
                },
                prediction=NumberColumn(
                    kind="numbers", edges=(0, 0.5, 1.01), counts=(900, 100), nulls=3
                ),
                task="probability",
                loss=Loss(rows=1000, mean=0.04),
                data="s3://data/fraud/2026-01.parquet",
            ),
        ),
        CI,
    ),
    Step(DRIFT, TRAINER),
    Step(DRIFT, TRAINER),  # it is open already
    Step(AcknowledgeDrift(alarm=1, note="a campaign; looked at by the team"), IDA),
    Step(AcknowledgeDrift(alarm=7, note="which?"), IDA),  # refused: there is no such alarm
    Step(ClearDrift(alarm=1, reason="calm in the last 3 windows", window=DRIFT.window), TRAINER),
    Step(AcknowledgeDrift(alarm=1, note="late"), IDA),  # refused: it has cleared
    # A new version takes over step by step
    Step(GrantRole(subject=JOAN, role=Role.APPROVER, reason="agrees to steps"), GRACE, NAMESPACE),
    Step(PromoteVersion(version=3, environment="staging"), HEDY),
    Step(START, HEDY),
    Step(START, HEDY),  # it is live already
    Step(PromoteVersion(version=5, environment="staging"), HEDY),  # refused: a rollout is live
    Step(
        AdvanceRollout(environment="staging", rollout=1, step=0, finding=shown("inconclusive")),
        DEPLOYER,
    ),  # refused: not passed
    Step(PauseRollout(environment="staging", reason="the shop is on sale"), HEDY),
    Step(ResumeRollout(environment="staging", reason="the sale is over"), HEDY),
    Step(
        AdvanceRollout(environment="staging", rollout=1, step=0, finding=shown("passed")), DEPLOYER
    ),
    Step(ApproveRolloutStep(environment="staging", comment="seen the slices"), JOAN),
    Step(SkipRolloutStep(environment="staging", reason="it ran elsewhere for a week"), HEDY),
    Step(
        AdvanceRollout(environment="staging", rollout=1, step=2, finding=shown("passed")), DEPLOYER
    ),
    Step(FinishRollout(environment="staging", rollout=1), DEPLOYER),  # refused: too early
    Step(FinishRollout(environment="staging", rollout=1), DEPLOYER, wait=timedelta(days=1)),
    Step(START.model_copy(update={"version": 3}), HEDY),
    Step(
        AbortRollout(
            environment="staging",
            rollout=2,
            reason="errors of version 3: worse by at least 0.02",
            cause="breached",
            finding=shown("breached", version=3, baseline=5),
        ),
        DEPLOYER,
    ),
    Step(START.model_copy(update={"version": 3}), HEDY),
    Step(PromoteRollout(environment="staging", reason="version 5 is down"), HEDY),
    Step(AbortRollout(environment="staging", rollout=3, reason="it is worse still"), HEDY),
    Step(ResumeRollout(environment="staging", rollout=3, reason="once more"), HEDY),  # refused
    # Who is told of it
    Step(
        SetEndpoint(
            endpoint="on-call",
            document=Endpoint(
                kind="webhook",
                url="https://hooks.example.com/rollbook",
                events=("Drift*", "VersionRolledBack", "Retraining*"),
                quiet=(Hours(days=("sat", "sun"), since=time(0), until=time(0)),),
            ),
        ),
        GRACE,
        NAMESPACE,
    ),
    Step(TestEndpoint(endpoint="on-call"), GRACE, NAMESPACE),
    Step(RotateEndpointSecret(endpoint="on-call", reason="it stood in a log"), GRACE, NAMESPACE),
    Step(RedriveEndpoint(endpoint="on-call"), GRACE, NAMESPACE),
    Step(DropEndpoint(endpoint="on-call", reason="the team has moved"), GRACE, NAMESPACE),
    Step(TestEndpoint(endpoint="on-call"), GRACE, NAMESPACE),  # refused: it is not there
)
