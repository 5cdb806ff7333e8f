"""Hypothesis strategies for commands that meet each other: few names, few numbers, many moves."""

from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from rollbook.domain import streams
from rollbook.domain.alarms import (
    AcknowledgeDrift,
    ClearDrift,
    DetectDrift,
    DriftFinding,
    Stretch,
)
from rollbook.domain.aliases import RemoveAlias, SetAlias
from rollbook.domain.cards import Card, Impact, MarkCardStale, ReviewCard, Subgroup, WriteCard
from rollbook.domain.catalog import (
    AssignOwner,
    ClassifyModel,
    DescribeModel,
    RegisterModel,
    RestoreModel,
    RetireModel,
    TagModel,
    UntagModel,
)
from rollbook.domain.collection import RemoveCollection, SetCollection
from rollbook.domain.context import Context
from rollbook.domain.deletions import AnnounceDeletions, Deletion
from rollbook.domain.endpointdocs import Endpoint
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
    RollBackVersion,
)
from rollbook.domain.erasure import ErasePersonalData
from rollbook.domain.evaluations import Evaluation, Measure, RecordEvaluation
from rollbook.domain.findings import ArmCount, MetricFinding, RolloutFinding, conclude
from rollbook.domain.gates import ExpressionGate
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
from rollbook.domain.messages import Refused, Unchanged
from rollbook.domain.model import ModelCommand
from rollbook.domain.namespace import NamespaceCommand
from rollbook.domain.plans import Metric, RolloutPlan, Stage
from rollbook.domain.policies import DropPolicy, Policy, SavePolicy
from rollbook.domain.profiles import NumberColumn, Profile, RecordProfile
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
from rollbook.domain.state import Model
from rollbook.domain.streams import State, StreamCommand, StreamEvent
from rollbook.domain.tenancy import Namespace, Role
from rollbook.domain.validation import GateResult, RecordValidation, StartValidation
from rollbook.domain.versions import (
    ArchiveVersion,
    DescribeVersion,
    LinkDocument,
    RegisterVersion,
    RestoreVersion,
    SetProperties,
    TagVersion,
    UntagVersion,
)
from tests.contracts.step import bundle
from tests.support.spec import NOW

T = TypeVar("T")


def tuples(part: SearchStrategy[T], least: int = 0, most: int = 2) -> SearchStrategy[tuple[T, ...]]:
    return st.lists(part, min_size=least, max_size=most).map(tuple)


numbers = st.sampled_from([1, 2, 3, 4])
_GATE = ExpressionGate(kind="expression", gate="auc", expression="metrics.auc >= 0.9")
_RISKS = st.sampled_from([(), ("high",)])
few = st.sampled_from([1, 2, 3])
words = st.sampled_from(["a", "b", "ü\n", "", '"'])
keys = st.sampled_from(["owner", "ünit", "x"])
tags = st.dictionaries(keys, words, max_size=3)
some_tags = st.dictionaries(keys, words, min_size=1, max_size=3)
some_keys = tuples(keys, 1, 3)
aliases = st.sampled_from(["champion", "challenger"])
environments = st.sampled_from(["production", "staging"])
reasons = st.sampled_from(["worse", "slow"])
people = st.sampled_from(["pia", "rex", "ada", "abe", "eva"])
titles = st.sampled_from(["approver", "product", "legal"])
quorums = st.dictionaries(titles, st.integers(1, 2), max_size=2)
moments = st.integers(-3, 30).map(lambda days: NOW + timedelta(days=days))
later = st.integers(1, 30).map(lambda days: NOW + timedelta(days=days))
digests = st.sampled_from(["a", "b"]).map(lambda digit: f"sha256:{digit * 64}")
floats = st.floats(-1, 1)
uris = st.sampled_from(["s3://data/d", "https://h/x"])
artifacts = st.builds(Artifact, uri=st.just("s3://models/m"), digest=digests)
datasets = st.builds(
    Dataset, uri=uris, digest=st.none() | digests, role=st.sampled_from(["train", "validation"])
)
lineages = st.builds(
    Lineage,
    run_id=st.none() | words,
    datasets=tuples(datasets),
    features=tuples(st.builds(Feature, name=st.just("age"), digest=st.none() | digests), 0, 1),
    parents=tuples(st.builds(Parent, model=st.just("n/m"), version=numbers), 0, 1),
    environment=st.dictionaries(keys, words, max_size=2),
    runtime=st.none()
    | st.builds(
        Runtime,
        started_at=st.none() | moments,
        duration=st.none() | st.timedeltas(timedelta(0), timedelta(days=900)),
    ),
)
specifications = st.dictionaries(keys, st.none() | st.booleans() | words | floats)
bundles = st.sampled_from(["{}", bundle("sha256:" + "a" * 64), bundle("sha256:" + "b" * 64)])
signatures = st.builds(Signature, inputs=tuples(specifications))
scalars = st.sampled_from([True, 1, 1.0, 0, "1", "a", "ü\n", -0.5, 1e22, 2**63 - 1])
properties = st.dictionaries(keys, scalars, max_size=3)
some_properties = st.dictionaries(keys, st.none() | scalars, min_size=1, max_size=3)
terms = st.builds(
    Terms,
    licence=st.none() | st.sampled_from(["MIT", "Apache-2.0"]),
    data_use=tuples(st.just("research"), 0, 1),
    pii=st.none() | st.sampled_from(["none", "personal"]),
)
measures = st.builds(Measure, value=floats) | st.just(
    Measure(value=0.5, low=0.4, high=0.6, confidence=0.95)
)
evaluations = st.builds(
    Evaluation,
    metrics=st.dictionaries(keys, measures, min_size=1, max_size=2),
    kind=st.sampled_from(["offline", "production"]),
    slice=st.dictionaries(keys, words, max_size=1),
    dataset=st.none() | datasets,
    at=st.none() | moments,
    note=words,
)
cards = st.builds(
    Card,
    summary=words,
    limitations=words,
    subgroups=tuples(
        st.just(Subgroup(slice={"country": "DE"}, metrics={"auc": Measure(value=0.5)})), 0, 1
    ),
    environmental_impact=st.none() | st.builds(Impact, co2_kg=st.none() | st.just(1.5)),
    review_by=st.none() | moments,
)
gates = st.builds(
    GateResult,
    gate=st.just("auc"),
    outcome=st.sampled_from(["passed", "passed", "skipped", "failed", "error"]),
    measured=st.dictionaries(keys, floats, max_size=1),
)
changes = st.none() | st.sampled_from(["architecture", "retraining", "tweak"])

_ERRORS = Metric(metric="errors", of="errors", margin=0.01)
plans = st.sampled_from(
    [
        RolloutPlan(steps=(Stage(weight=5), Stage(weight=50)), metrics=(_ERRORS,)),
        RolloutPlan(
            steps=(Stage(weight=5, bake=timedelta(hours=1), approval={"approver": 1}),),
            metrics=(_ERRORS,),
            watch=timedelta(days=1),
        ),
        RolloutPlan(strategy="shadow", steps=(Stage(mirror=100),), metrics=(_ERRORS,)),
        RolloutPlan(
            strategy="ab",
            steps=(Stage(weight=50, samples=10),),
            metrics=(_ERRORS, Metric(metric="clicks", of="value:clicks", role="goal", better="up")),
            watch=timedelta(hours=1),
        ),
    ]
)


def _found(version: int, outcome: str, plan: RolloutPlan, samples: int) -> RolloutFinding:
    metrics = tuple(
        MetricFinding(
            metric=metric.metric,
            role=metric.role,
            outcome=outcome,
            candidate=ArmCount(version=version, n=samples, value=0.25),
        )
        for metric in plan.metrics
    )
    return conclude(metrics, samples, 0, plan.digest())


findings = st.none() | st.builds(
    _found,
    numbers,
    st.sampled_from(["passed", "passed", "inconclusive", "no_data", "breached"]),
    plans,
    st.sampled_from([100, 5]),
)
rollout_numbers = st.none() | st.sampled_from([1, 2])
rollout_steps = st.none() | st.sampled_from([0, 1])
causes = st.sampled_from(["asked", "breached", "deadline"])

profiles = st.builds(
    Profile,
    rows=st.sampled_from([1, 100]),
    features=st.just({"a": NumberColumn(kind="numbers", edges=(0.0, 1.0), counts=(1,))}),
)

MODEL_COMMANDS: dict[type[ModelCommand], SearchStrategy[ModelCommand]] = {
    RegisterModel: st.builds(RegisterModel, description=words, tags=tags),
    DescribeModel: st.builds(DescribeModel, description=words),
    TagModel: st.builds(TagModel, tags=some_tags),
    UntagModel: st.builds(UntagModel, keys=some_keys),
    AssignOwner: st.builds(AssignOwner, owner=people, team=st.none() | st.just("growth")),
    ClassifyModel: st.builds(
        ClassifyModel, risk=st.sampled_from(["minimal", "limited", "high"]), reason=reasons
    ),
    RetireModel: st.builds(RetireModel, reason=reasons),
    RestoreModel: st.builds(RestoreModel, reason=reasons),
    RegisterVersion: st.builds(
        RegisterVersion,
        artifact=artifacts,
        change=changes,
        variants=tuples(
            st.builds(
                Variant,
                uri=uris,
                digest=digests,
                name=st.just("small"),
                kind=st.sampled_from(["quantised", "adapter"]),
            ),
            0,
            1,
        ),
        metrics=st.dictionaries(keys, st.floats(allow_nan=False, allow_infinity=False), max_size=2),
        params=tags,
        tags=tags,
        properties=properties,
        lineage=lineages,
        signature=st.none() | signatures,
        evaluations=tuples(evaluations, 0, 1),
        terms=st.none() | terms,
        description=words,
        idempotency_key=st.none() | st.sampled_from(["run-1", "run-2"]),
        recipe=st.none()
        | st.builds(
            Recipe,
            uri=uris,
            digest=digests,
            program=st.just("fit.py"),
            arguments=st.just(("{train}",)),
        ),
    ),
    DescribeVersion: st.builds(DescribeVersion, version=numbers, description=words),
    TagVersion: st.builds(TagVersion, version=numbers, tags=some_tags),
    UntagVersion: st.builds(UntagVersion, version=numbers, keys=some_keys),
    SetProperties: st.builds(SetProperties, version=numbers, properties=some_properties),
    LinkDocument: st.builds(
        LinkDocument,
        version=numbers,
        kind=st.sampled_from(["fairness", "risk"]),
        title=reasons,
        uri=uris,
        digest=st.none() | digests,
    ),
    ArchiveVersion: st.builds(ArchiveVersion, version=numbers, reason=reasons),
    RestoreVersion: st.builds(RestoreVersion, version=numbers, reason=reasons),
    RecordEvaluation: st.builds(RecordEvaluation, version=numbers, evaluation=evaluations),
    WriteCard: st.builds(WriteCard, version=numbers, card=cards),
    ReviewCard: st.builds(ReviewCard, version=numbers, review_by=moments, note=reasons),
    MarkCardStale: st.builds(MarkCardStale, version=numbers),
    StartValidation: st.builds(StartValidation, version=numbers, policy=st.none() | st.just("p")),
    RecordValidation: st.builds(
        RecordValidation,
        version=numbers,
        gates=tuples(gates, 1, 2),
        bound=st.just({}) | st.dictionaries(st.just("auc"), tuples(environments, 1, 2)),
    ),
    AttachSignature: st.builds(
        AttachSignature,
        version=numbers,
        bundle=bundles,
        variant=st.none() | st.just("small"),
    ),
    HoldVersion: st.builds(HoldVersion, version=numbers, reason=reasons),
    ReleaseVersion: st.builds(ReleaseVersion, version=numbers, reason=reasons),
    RecordProfile: st.builds(RecordProfile, version=numbers, profile=profiles),
    DetectDrift: st.builds(
        DetectDrift,
        version=numbers,
        environment=environments,
        kind=st.sampled_from(["feature", "performance", "serving"]),
        findings=st.just((DriftFinding(subject="feature:a", measure="psi", value=0.5),)),
        window=st.just(
            Stretch(begin=datetime(2026, 3, 1, tzinfo=UTC), end=datetime(2026, 3, 2, tzinfo=UTC))
        ),
    ),
    ClearDrift: st.builds(ClearDrift, alarm=few, reason=reasons),
    AcknowledgeDrift: st.builds(AcknowledgeDrift, alarm=few, note=reasons),
    SetRetraining: st.builds(
        SetRetraining,
        document=st.none()
        | st.builds(RetrainingPolicy, pipeline=st.just("p"), budget=st.sampled_from([1, 4])),
    ),
    RequestRetraining: st.builds(RequestRetraining, reason=reasons, alarm=st.none() | few),
    RecordRetrainingRun: st.builds(
        RecordRetrainingRun, retraining=few, run=st.sampled_from(["run-1", "run-2"])
    ),
    EndRetraining: st.builds(EndRetraining, retraining=few, outcome=st.just("failed"))
    | st.builds(EndRetraining, retraining=few, outcome=st.just("candidate"), version=numbers),
    CancelRetraining: st.builds(CancelRetraining, retraining=few, reason=reasons),
    SetAlias: st.builds(SetAlias, alias=aliases, version=numbers),
    RemoveAlias: st.builds(RemoveAlias, alias=aliases),
    PromoteVersion: st.builds(PromoteVersion, version=numbers, environment=environments),
    RollBackVersion: st.builds(
        RollBackVersion, reason=reasons, environment=environments, to=st.none() | numbers
    ),
    ClearEnvironment: st.builds(ClearEnvironment, environment=environments, reason=reasons),
    RehearseRollback: st.builds(RehearseRollback, environment=environments, note=reasons),
    BreakGlass: st.builds(BreakGlass, version=numbers, environment=environments, reason=reasons),
    ReviewBreakGlass: st.builds(
        ReviewBreakGlass,
        number=few,
        verdict=st.sampled_from(["justified", "unjustified"]),
        note=reasons,
    ),
    StartRollout: st.builds(
        StartRollout,
        version=numbers,
        environment=environments,
        plan=plans,
        challengers=tuples(numbers, 0, 1),
        reason=words,
    ),
    AdvanceRollout: st.builds(
        AdvanceRollout,
        environment=environments,
        rollout=st.sampled_from([1, 2]),
        step=st.sampled_from([0, 1]),
        finding=findings,
    ),
    PauseRollout: st.builds(
        PauseRollout,
        environment=environments,
        rollout=rollout_numbers,
        reason=reasons,
        cause=causes,
        finding=findings,
    ),
    ResumeRollout: st.builds(
        ResumeRollout, environment=environments, rollout=rollout_numbers, reason=reasons
    ),
    ApproveRolloutStep: st.builds(
        ApproveRolloutStep,
        environment=environments,
        rollout=rollout_numbers,
        step=rollout_steps,
        title=st.none() | titles,
        comment=words,
    ),
    SkipRolloutStep: st.builds(
        SkipRolloutStep,
        environment=environments,
        rollout=rollout_numbers,
        step=rollout_steps,
        reason=reasons,
    ),
    PromoteRollout: st.builds(
        PromoteRollout,
        environment=environments,
        rollout=rollout_numbers,
        version=st.none() | numbers,
        reason=reasons,
    ),
    AbortRollout: st.builds(
        AbortRollout,
        environment=environments,
        rollout=rollout_numbers,
        reason=reasons,
        cause=causes,
        finding=findings,
    ),
    FinishRollout: st.builds(
        FinishRollout,
        environment=environments,
        rollout=st.sampled_from([1, 2]),
        finding=findings,
    ),
    RequestPromotion: st.builds(
        RequestPromotion,
        version=numbers,
        environment=environments,
        reason=reasons,
        rollback_plan=words,
        reviewers=quorums,
    ),
    ApprovePromotion: st.builds(
        ApprovePromotion,
        request=few,
        title=st.none() | titles,
        evidence=st.none() | st.none() | digests,
        comment=words,
    ),
    RejectPromotion: st.builds(RejectPromotion, request=few, reason=reasons),
    CommentOnPromotion: st.builds(CommentOnPromotion, request=few, comment=reasons),
    WithdrawPromotion: st.builds(WithdrawPromotion, request=few, reason=reasons),
    EscalatePromotion: st.builds(EscalatePromotion, request=few),
    ExpirePromotion: st.builds(ExpirePromotion, request=few),
}

PUBLIC_KEYS = [urlsafe_b64encode(bytes([n]) * 32).decode().rstrip("=") for n in (1, 2)]

environment_rules = st.builds(
    EnvironmentRule,
    name=st.just("production"),
    protected=st.booleans(),
    after=st.none() | st.just("staging"),
    validated=st.booleans(),
    metadata=st.booleans(),
    card=st.sampled_from([(), ("summary",)]),
    pii=st.none() | st.just("none"),
    licences=st.sampled_from([(), ("MIT",)]),
    approvals=st.dictionaries(st.sampled_from(["minimal", "limited", "high"]), quorums, max_size=2),
)
gentle_rules = st.builds(  # restricts by signatures only: promotions come about more often
    EnvironmentRule,
    name=st.just("production"),
    protected=st.just(True),
    approvals=st.just({})
    | st.just({"limited": {"approver": 2}})
    | st.just({"limited": {"legal": 1}}),
)
rule_sets = st.builds(
    lambda production, **more: Rules(
        environments=(EnvironmentRule(name="staging"), production), **more
    ),
    gentle_rules | environment_rules,
    protected_aliases=st.sampled_from([(), ("champ*",)]),
    naming=st.none() | st.just("[a-z]+"),
    default_risk=st.sampled_from(["minimal", "limited"]),
    request_expires=st.sampled_from([timedelta(days=2), timedelta(days=14)]),
    request_escalates=st.sampled_from([timedelta(hours=24), timedelta(days=30)]),
) | st.just(Rules())
schemas = st.builds(
    MetadataSchema,
    properties=st.sampled_from([{}, {"properties": {"x": {"type": "boolean"}}}]),
    required=st.sampled_from([(), ("run_id",), ("owner", "description")]),
    enforced=st.sampled_from(["registration", "promotion", "promotion"]),
    renamed=st.sampled_from([{}, {"x": "owner"}, {"x": "owner", "owner": "x"}, {"ünit": "x"}]),
)
globs = st.sampled_from(["*", "*", "c*", "other"])
personal = few.map(lambda number: f"personal:{UUID(int=number)}")


def _grants(role: Role) -> SearchStrategy[GrantRole]:
    return st.builds(
        GrantRole,
        subject=people,
        role=st.just(role),
        models=globs,
        environments=globs,
        title=st.none() | titles if role is Role.APPROVER else st.none(),
        until=st.none() | later,
        reason=reasons,
    )


NAMESPACE_COMMANDS: dict[type[NamespaceCommand], SearchStrategy[NamespaceCommand]] = {
    SetRules: st.builds(SetRules, rules=rule_sets),
    SetMetadataSchema: st.builds(SetMetadataSchema, metadata=schemas),
    GrantRole: st.sampled_from(list(Role)).flatmap(_grants),
    RevokeRole: st.builds(RevokeRole, grant=few, reason=reasons),
    IssueKey: st.builds(
        IssueKey,
        account=st.sampled_from(["ci", "bot"]),
        public_key=st.sampled_from(PUBLIC_KEYS),
        until=later,
        roles=tuples(st.sampled_from([Role.PUBLISHER, Role.VIEWER])),
    ),
    RevokeKey: st.builds(
        RevokeKey, key=st.sampled_from([key_id(key) for key in PUBLIC_KEYS]), reason=reasons
    ),
    SetCollection: st.builds(
        SetCollection, collection=aliases, models=tuples(keys, 0, 3), description=words
    ),
    RemoveCollection: st.builds(RemoveCollection, collection=aliases),
    SaveQuery: st.builds(
        SaveQuery,
        query=aliases,
        text=st.sampled_from(["churn", "stage = validated", "not (a or b)", "no query ("]),
        order=st.sampled_from(["", "-metrics.auc"]),
        description=words,
    ),
    DropQuery: st.builds(DropQuery, query=aliases),
    SetSynonyms: st.builds(
        SetSynonyms,
        word=st.sampled_from(["churn", "Attrition"]),
        same=tuples(st.sampled_from(["churn", "lapse", "über"]), 0, 2),
    ),
    SavePolicy: st.builds(
        SavePolicy,
        policy=aliases,
        document=st.builds(Policy, gates=st.just((_GATE,)), risks=_RISKS),
    ),
    DropPolicy: st.builds(DropPolicy, policy=aliases, reason=reasons),
    SetRetention: st.builds(
        SetRetention, retention=st.builds(Retention, keep_last=st.sampled_from([0, 3]))
    ),
    AnnounceDeletions: st.builds(
        AnnounceDeletions,
        deletions=st.just(
            (Deletion(digest="sha256:" + "e" * 64, size=7, reason="no version names it"),)
        ),
    ),
    SetEndpoint: st.builds(
        SetEndpoint,
        endpoint=aliases,
        document=st.builds(Endpoint, kind=st.just("mail"), to=st.just(("owner",))),
    ),
    DropEndpoint: st.builds(DropEndpoint, endpoint=aliases, reason=reasons),
    RotateEndpointSecret: st.builds(RotateEndpointSecret, endpoint=aliases, reason=reasons),
    TestEndpoint: st.builds(TestEndpoint, endpoint=aliases),
    RedriveEndpoint: st.builds(RedriveEndpoint, endpoint=aliases),
    ErasePersonalData: st.builds(
        ErasePersonalData, references=tuples(personal, 1, 2), reason=reasons
    ),
}

commands: SearchStrategy[ModelCommand] = st.one_of(*MODEL_COMMANDS.values())
namespace_commands: SearchStrategy[NamespaceCommand] = st.one_of(*NAMESPACE_COMMANDS.values())

# Most histories begin well, or nearly every command of theirs would be refused.
_beginnings: SearchStrategy[list[ModelCommand]] = st.builds(
    lambda versions: [RegisterModel(), *versions],
    st.lists(MODEL_COMMANDS[RegisterVersion], min_size=1, max_size=4),
)
histories: SearchStrategy[list[ModelCommand]] = st.builds(
    lambda beginning, rest: [*beginning, *rest],
    st.just([]) | _beginnings | _beginnings,
    st.lists(commands, max_size=40),
)
"""Commands to one model, in order."""

command_ids = st.integers(0, 9).map(lambda number: str(UUID(int=number)))

# Worlds: a model and the namespace that governs it


@dataclass(frozen=True)
class Step:
    """Somebody sends a command, some time after the step before."""

    command: StreamCommand
    by: str
    wait: timedelta = timedelta(0)


@dataclass(frozen=True)
class Happened:
    """An event, with all that it was decided on."""

    before: State
    command: StreamCommand
    context: Context
    event: StreamEvent


@dataclass(frozen=True)
class World:
    """Where a history has led to."""

    model: Model
    namespace: Namespace
    time: datetime
    happened: tuple[Happened, ...]

    def context(self, by: str) -> Context:
        """What a decision would know now."""
        return Context(self.time, by, self.namespace, "churn", TITLES.get(by), by == "rex")

    def state(self, command: StreamCommand) -> State:
        """The state of the stream that a command goes to."""
        return self.namespace if type(command) in NAMESPACE_COMMANDS else self.model

    def events(self, state: type[Model] | type[Namespace]) -> list[StreamEvent]:
        """What happened in one of the two streams."""
        return [h.event for h in self.happened if isinstance(h.before, state)]


TITLES = {"ada": frozenset({"product"}), "abe": frozenset({"legal", "product"})}
"""Who may sign in whose name; the others as anybody."""


def live(history: Iterable[Step]) -> World:
    """The world after a history, as writers that run would hold it."""
    world = World(Model(), Namespace(), NOW, ())
    for step in history:
        world = after(world, step)
    return world


def after(world: World, step: Step) -> World:
    """The world after one step more."""
    command = step.command
    world = World(world.model, world.namespace, world.time + step.wait, world.happened)
    before, context = world.state(command), world.context(step.by)
    try:
        decided = streams.decide(before, command, context)
    except Refused:
        return world
    if isinstance(decided, Unchanged):
        return world
    state = streams.evolve(before, decided)
    happened = (*world.happened, Happened(before, command, context, decided))
    if isinstance(state, Model):
        return World(state, world.namespace, world.time, happened)
    return World(world.model, state, world.time, happened)


waits = st.sampled_from(
    [*[timedelta(0)] * 6, timedelta(hours=1), timedelta(days=1, hours=1), timedelta(days=3)]
)


def _told(*commands: SearchStrategy[StreamCommand]) -> SearchStrategy[list[Step]]:
    return st.tuples(*(_step(command) for command in commands)).map(list)


def _step(command: SearchStrategy[StreamCommand]) -> SearchStrategy[Step]:
    return st.builds(Step, command, people, waits)


steps: SearchStrategy[Step] = _step(commands | commands | namespace_commands)


def _promotion(version: int, request: int) -> SearchStrategy[list[Step]]:
    """A version on its way to production, as it mostly goes: asked for, signed by some, let in."""
    asked = RequestPromotion(version=version, reason="better")
    signature = ApprovePromotion(request=request)
    return st.builds(
        lambda first, signers, noise, last: [
            first,
            *(Step(signature, signer) for signer in signers[: 1 + len(signers) // 2]),
            *noise,
            *(Step(signature, signer) for signer in signers[1 + len(signers) // 2 :]),
            last,
        ],
        st.builds(Step, st.just(asked), people),
        st.permutations(["ada", "abe", "eva", "rex", "pia"]).flatmap(
            lambda order: st.integers(0, 4).map(lambda least: order[least:])
        ),
        st.lists(steps, max_size=1),
        st.builds(Step, st.just(PromoteVersion(version=version)), people),
    )


_starts: SearchStrategy[list[Step]] = st.builds(
    lambda governed, versions: [*governed, *versions],
    _told(NAMESPACE_COMMANDS[SetRules]) | st.just([]),
    _beginnings.flatmap(lambda beginning: _told(*map(st.just, beginning))),
)
_stories: SearchStrategy[list[Step]] = (
    st.tuples(_promotion(1, 1), _promotion(2, 2)).map(lambda both: [*both[0], *both[1]])
    | _promotion(1, 1)
    | st.just([])
)
_good: SearchStrategy[list[Step]] = st.builds(
    lambda start, early, story, late: [*start, *early, *story, *late],
    _starts,
    st.lists(steps, max_size=4),
    _stories,
    st.lists(steps, max_size=25),
)
_wild: SearchStrategy[list[Step]] = st.lists(steps, max_size=25)

worlds: SearchStrategy[World] = (
    st.sampled_from([*[_good] * 9, _wild]).flatmap(lambda strategy: strategy).map(live)
)
"""What may have become of one model and the namespace that governs it."""

_signed_for = gentle_rules.map(lambda rule: Rules(environments=(rule,), default_risk="limited"))
governed_worlds: SearchStrategy[World] = st.builds(
    lambda rules, start, one, other, late: live([Step(rules, "eva"), *start, *one, *other, *late]),
    st.builds(SetRules, rules=_signed_for),
    _beginnings.map(lambda beginning: [Step(command, "pia") for command in beginning]),
    _promotion(1, 1),
    st.just([]) | _promotion(2, 2),
    st.lists(steps, max_size=15),
)
"""Worlds in which somebody must sign for production."""
