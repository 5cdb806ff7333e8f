import json
from collections import defaultdict
from itertools import pairwise
from typing import get_args

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rollbook.domain import model, namespace, snapshot, streams
from rollbook.domain.access import Principal, held
from rollbook.domain.cards import CardWritten
from rollbook.domain.catalog import ModelRegistered
from rollbook.domain.context import Context
from rollbook.domain.deletions import AnnounceDeletions
from rollbook.domain.endpoints import RedriveEndpoint, RotateEndpointSecret, TestEndpoint
from rollbook.domain.environments import (
    EnvironmentCleared,
    GlassBroken,
    PromoteVersion,
    RehearseRollback,
    RollBackVersion,
    VersionPromoted,
    VersionRolledBack,
)
from rollbook.domain.erasure import ErasePersonalData
from rollbook.domain.evaluations import EvaluationRecorded
from rollbook.domain.evidence import evidence_of
from rollbook.domain.grants import KeyIssued, KeyRevoked, RoleGranted, RoleRevoked
from rollbook.domain.messages import Refused, Unchanged
from rollbook.domain.model import ModelEvent
from rollbook.domain.requests import (
    CommentOnPromotion,
    PromotionApproved,
    PromotionExpired,
    PromotionRejected,
    PromotionRequested,
    PromotionWithdrawn,
    RejectPromotion,
    WithdrawPromotion,
)
from rollbook.domain.rollouts import PromoteRollout, RolloutStarted, SkipRolloutStep
from rollbook.domain.rules import MetadataSchemaSet, RulesSet
from rollbook.domain.state import KEPT_PLACES, Model
from rollbook.domain.streams import State, StreamCommand, StreamEvent
from rollbook.domain.tenancy import Namespace
from rollbook.domain.validation import VersionRejected, VersionValidated
from rollbook.domain.versions import RegisterVersion, VersionArchived, VersionRegistered
from tests.support import spec
from tests.support.commands import (
    MODEL_COMMANDS,
    NAMESPACE_COMMANDS,
    Happened,
    Step,
    World,
    after,
    commands,
    governed_worlds,
    namespace_commands,
    people,
    steps,
    worlds,
)
from tests.unit.domain.examples import ARTIFACT


def answer(
    state: State, command: StreamCommand, context: Context
) -> StreamEvent | Unchanged | Refused:
    try:
        return streams.decide(state, command, context)
    except Refused as refused:
        return refused


def replayed(event: StreamEvent) -> StreamEvent:
    """The event as a reader gets it, who reads the bytes that the log holds."""
    value = event.__pydantic_serializer__.to_json(event, exclude_none=True)
    return type(event).__pydantic_validator__.validate_json(value, extra="ignore")  # type: ignore[no-any-return]


def promotions(world: World) -> list[tuple[Happened, VersionPromoted]]:
    return [(h, h.event) for h in world.happened if isinstance(h.event, VersionPromoted)]


def test_every_command_has_a_strategy() -> None:
    assert set(MODEL_COMMANDS) == set(get_args(model.ModelCommand))
    assert set(NAMESPACE_COMMANDS) == set(get_args(namespace.NamespaceCommand))


# Deciding


@given(commands | namespace_commands)
def test_a_command_survives_the_wire(command: StreamCommand) -> None:
    text = command.model_dump_json(exclude_defaults=True)
    assert type(command).model_validate_json(text) == command


@given(worlds, steps)
def test_deciding_changes_nothing_and_gives_the_same_twice(world: World, step: Step) -> None:
    state, context = world.state(step.command), world.context(step.by)
    one, other = answer(state, step.command, context), answer(state, step.command, context)
    if isinstance(one, Refused):
        assert isinstance(other, Refused)
        assert (one.code, one.message) == (other.code, other.message)
    else:
        assert one == other
    assert streams_of(world) == (world.model, world.namespace)


def streams_of(world: World) -> tuple[State, State]:
    """Both streams, folded anew."""
    folded: list[State] = []
    for kind in (Model, Namespace):
        state: State = kind()
        for event in world.events(kind):
            state = streams.evolve(state, event)
        folded.append(state)
    return folded[0], folded[1]


@given(worlds, steps)
def test_a_wish_that_came_true_is_true(world: World, step: Step) -> None:
    match step.command:
        case (
            RegisterVersion(idempotency_key=None)
            | RollBackVersion(to=None)
            | RehearseRollback()
            | CommentOnPromotion()
            | ErasePersonalData()
            | RotateEndpointSecret()
            | TestEndpoint()
            | RedriveEndpoint()
            | AnnounceDeletions()
            | SkipRolloutStep(step=None)
        ):
            return  # "one more" and "one back" are never already true: command ids make them safe
        case RejectPromotion() | WithdrawPromotion() | PromoteRollout():
            return  # what is closed may have been closed by something else
        case _:
            pass
    state, context = world.state(step.command), world.context(step.by)
    decided = answer(state, step.command, context)
    if isinstance(decided, Refused):
        return
    if not isinstance(decided, Unchanged):
        state = streams.evolve(state, decided)
    assert isinstance(answer(state, step.command, context), Unchanged)


# State


@given(worlds)
def test_state_from_replayed_bytes_equals_live_state(world: World) -> None:
    for kind, live in ((Model, world.model), (Namespace, world.namespace)):
        state: State = kind()
        for event in world.events(kind):
            assert replayed(event) == event
            state = streams.evolve(state, replayed(event))
        assert state == live


@given(worlds)
def test_a_snapshot_restores_model_and_namespace(world: World) -> None:
    head = json.loads(json.dumps(snapshot.head(world.model)))
    blocks = json.loads(json.dumps(list(snapshot.blocks(world.model))))
    assert snapshot.restore(head, blocks) == world.model
    governed = json.loads(json.dumps(snapshot.namespace_head(world.namespace)))
    assert snapshot.restore_namespace(governed) == world.namespace


@given(worlds, steps)
def test_who_decides_on_a_restored_state_decides_the_same(world: World, step: Step) -> None:
    parts = json.loads(json.dumps(list(snapshot.blocks(world.model))))
    restored = World(
        snapshot.restore(json.loads(json.dumps(snapshot.head(world.model))), parts),
        snapshot.restore_namespace(
            json.loads(json.dumps(snapshot.namespace_head(world.namespace)))
        ),
        world.time,
        (),
    )
    one = answer(world.state(step.command), step.command, world.context(step.by))
    other = answer(restored.state(step.command), step.command, restored.context(step.by))
    assert repr(one) == repr(other)


@settings(max_examples=5)
@given(st.integers(0, 3), st.integers(-1, 1))
def test_a_snapshot_of_many_versions_restores_the_model(blocks: int, more: int) -> None:
    count = max(0, blocks * snapshot.BLOCK + more)
    events: list[ModelEvent] = [ModelRegistered()]
    for number in range(1, count + 1):
        key = f"run-{number}" if number % 3 else None
        events.append(
            VersionRegistered(
                version=number,
                registered_by="pia",
                artifact=ARTIFACT,
                idempotency_key=key,
                tags={"n": key or ""},
            )
        )
    events += [VersionArchived(version=n, reason="old") for n in range(1, count + 1, 7)]
    state = spec.fold(*events)
    parts = list(snapshot.blocks(state))
    assert [len(part) for part in parts[:-1]] == [snapshot.BLOCK] * (len(parts) - 1)
    assert snapshot.restore(snapshot.head(state), json.loads(json.dumps(parts))) == state


# Numbers and names


@given(worlds)
def test_whatever_is_counted_is_counted_from_1_without_a_gap(world: World) -> None:
    counted: dict[object, list[int]] = defaultdict(list)
    for happened in world.happened:
        match happened.event:
            case VersionRegistered(version=number):
                counted["versions"].append(number)
            case PromotionRequested(request=number):
                counted["requests"].append(number)
            case RolloutStarted(rollout=number):
                counted["rollouts"].append(number)
            case GlassBroken(number=number):
                counted["breaks"].append(number)
            case EvaluationRecorded(version=version, number=number):
                counted["evaluations", version].append(number)
            case CardWritten(version=version, revision=number):
                counted["revisions", version].append(number)
            case RoleGranted(grant=number):
                counted["grants"].append(number)
            case RulesSet(version=number):
                counted["rules"].append(number)
            case MetadataSchemaSet(version=number):
                counted["schemas"].append(number)
            case _:
                pass
    for what, numbers in counted.items():
        assert numbers == list(range(1, len(numbers) + 1)), what
    assert sorted(world.model.versions) == counted["versions"]
    assert len(world.namespace.adapters) == world.namespace.schema_version


@given(worlds)
def test_labels_only_rise(world: World) -> None:
    labels = [e.label for e in world.events(Model) if isinstance(e, VersionRegistered) and e.label]
    parts = [tuple(map(int, label.split("."))) for label in labels]
    assert all(one < other for one, other in pairwise(parts))
    assert dict(world.model.labels) == {
        version.label: number for number, version in world.model.versions.items() if version.label
    }


@given(worlds, steps)
def test_what_a_version_is_never_changes(world: World, step: Step) -> None:
    later = after(world, step)
    for number, version in world.model.versions.items():
        then = later.model.versions[number]
        for fact in ("digest", "idempotency_key", "label", "registered_by", "recorded", "terms"):
            assert getattr(then, fact) == getattr(version, fact)


# Where versions stand


@given(worlds)
def test_what_serves_was_registered_and_is_not_archived(world: World) -> None:
    state = world.model
    for environment, places in state.environments.items():
        assert 0 < len(places) <= KEPT_PLACES
        serving = state.serving(environment)
        assert serving is not None
        assert not state.versions[serving].archived
    for number in state.aliases.values():
        assert not state.versions[number].archived
    assert not (state.retired and (state.environments or state.aliases))


@given(worlds)
def test_one_version_stands_in_an_environment_and_each_move_says_which_it_replaced(
    world: World,
) -> None:
    stands: dict[str, int] = {}
    for event in world.events(Model):
        match event:
            case VersionPromoted() | GlassBroken():
                assert event.replaced == stands.get(event.environment)
                stands[event.environment] = event.version
            case VersionRolledBack():
                assert event.version == stands[event.environment]
                assert event.restored != event.version
                stands[event.environment] = event.restored
            case EnvironmentCleared():
                assert event.version == stands.pop(event.environment)
            case _:
                pass
    assert {e: world.model.serving(e) for e in world.model.environments} == stands


@given(worlds, st.sampled_from(["production", "staging"]), st.integers(1, 4))
def test_a_roll_back_undoes_a_promotion(world: World, environment: str, number: int) -> None:
    before, context = world.model, world.context("rex")
    promotion = answer(before, PromoteVersion(version=number, environment=environment), context)
    assume(isinstance(promotion, VersionPromoted))
    assert isinstance(promotion, VersionPromoted)
    promoted = streams.evolve(before, promotion)
    back = RollBackVersion(reason="worse", environment=environment)
    rolled_back = answer(promoted, back, context)
    if before.serving(environment) is None:
        assert isinstance(rolled_back, Refused)
        assert rolled_back.code == "nothing_before"
    else:
        assert isinstance(rolled_back, VersionRolledBack)
        undone = streams.evolve(promoted, rolled_back)
        assert isinstance(undone, Model)
        assert undone.environments == before.environments
        assert undone._replace(environments=before.environments, requests=before.requests) == before


# Who let them stand there


@given(worlds | governed_worlds)
def test_nobody_counts_twice(world: World) -> None:
    for request in world.model.requests.values():
        signers = [approval.by for approval in request.approvals]
        assert len(set(signers)) == len(signers)
        assert request.requested_by not in signers
        assert world.model.versions[request.version].registered_by not in signers
    for _, promotion in promotions(world):
        assert len(set(promotion.approved_by)) == len(promotion.approved_by)


@given(governed_worlds)
def test_no_promotion_without_as_many_people_as_the_rules_ask_for(world: World) -> None:
    entries: list[tuple[Happened, VersionPromoted | RolloutStarted]] = [*promotions(world)]
    entries += [(h, h.event) for h in world.happened if isinstance(h.event, RolloutStarted)]
    for happened, promotion in entries:
        state, context = happened.before, happened.context
        assert isinstance(state, Model)
        rule = context.namespace.rules.environment(promotion.environment)
        if rule is None:
            continue
        if isinstance(promotion, VersionPromoted) and promotion.rollout is not None:
            continue  # its rollout was signed for when it started
        granted = (
            promotion.request
            if isinstance(promotion, VersionPromoted)
            else next(iter(promotion.requests), None)
        )
        risk = state.risk or context.namespace.rules.default_risk
        wanted = sum(rule.quorum(risk).values())  # type: ignore[arg-type]  # checked when it was set
        if not wanted:
            continue
        now = evidence_of(state, promotion.version, promotion.environment)
        assert promotion.evidence == now
        asked = next(
            e
            for e in world.events(Model)
            if isinstance(e, PromotionRequested) and e.request == granted
        )
        assert context.time < asked.expires_at
        barred = {asked.requested_by, state.versions[promotion.version].registered_by}
        signed = {
            e.approved_by
            for e in world.events(Model)
            if isinstance(e, PromotionApproved) and (e.request, e.evidence) == (granted, now)
        }
        assert set(promotion.approved_by) <= signed - barred
        assert len(set(promotion.approved_by)) >= wanted


@given(worlds | governed_worlds)
def test_a_request_is_closed_once(world: World) -> None:
    open_: set[int] = set()
    for event in world.events(Model):
        match event:
            case PromotionRequested(request=number):
                open_.add(number)
            case PromotionRejected() | PromotionWithdrawn() | PromotionExpired():
                open_.remove(event.request)
            case VersionPromoted(request=int() as number):
                open_.remove(number)
            case RolloutStarted(requests=numbers):
                open_.difference_update(numbers)
            case PromotionApproved(request=number):
                assert number in open_
            case _:
                pass
    assert set(world.model.requests) <= open_
    asked = [(r.version, r.environment) for r in world.model.requests.values()]
    assert len(set(asked)) == len(asked)


@given(worlds)
def test_what_the_gates_rejected_is_promoted_by_nobody(world: World) -> None:
    rejected: set[int] = set()
    for event in world.events(Model):
        match event:
            case VersionRejected(version=number):
                rejected.add(number)
            case VersionValidated(version=number):
                rejected.discard(number)
            case VersionPromoted(version=number):
                assert number not in rejected
            case _:
                pass


@given(worlds)
def test_a_promotion_keeps_the_order_and_the_gates_of_the_rules(world: World) -> None:
    for happened, promotion in promotions(world):
        state, rules = happened.before, happened.context.namespace.rules
        assert isinstance(state, Model)
        rule = rules.environment(promotion.environment)
        assert rule is not None or not rules.environments
        if rule is None:
            continue
        if rule.validated:
            assert state.versions[promotion.version].review.stage == "validated"
        if rule.after is not None:
            assert promotion.version in state.environments[rule.after]


@given(worlds)
def test_a_broken_glass_waits_for_somebody_else(world: World) -> None:
    for happened in world.happened:
        before = happened.before
        if isinstance(before, Model) and type(happened.event).__name__ == "BreakGlassReviewed":
            broken = before.breaks[happened.event.number]  # type: ignore[union-attr]
            assert broken.broken_by != happened.context.actor


# Who holds what


@given(worlds, people)
def test_what_was_revoked_or_is_over_never_holds(world: World, person: str) -> None:
    granted: dict[int, RoleGranted] = {}
    keys: dict[str, KeyIssued] = {}
    for event in world.events(Namespace):
        match event:
            case RoleGranted(grant=number):
                granted[number] = event
            case RoleRevoked(grant=number):
                del granted[number]
            case KeyIssued(key=key):
                keys[key] = event
            case KeyRevoked(key=key):
                del keys[key]
            case _:
                pass
    assert set(world.namespace.grants) == set(granted)
    assert {k: v.until for k, v in world.namespace.keys.items()} == {
        k: v.until for k, v in keys.items()
    }
    assert not world.namespace.revoked & set(keys)
    holds = sorted(
        (grant.role, grant.models, grant.environments)
        for grant in held(Principal(person), (world.namespace,), "churn", world.time)
    )
    assert holds == sorted(
        (event.role, event.models, event.environments)
        for event in granted.values()
        if event.subject == person
        and event.models in ("*", "c*")
        and (event.until is None or world.time < event.until)
    )
