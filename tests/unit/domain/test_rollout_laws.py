"""What holds whatever people, looks at the metrics and the clock do to rollouts."""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeAlias

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from rollbook.domain.environments import (
    BreakGlass,
    ClearEnvironment,
    GlassBroken,
    PromoteVersion,
    RollBackVersion,
    VersionPromoted,
    VersionRolledBack,
)
from rollbook.domain.findings import (
    PRECEDENCE,
    ArmCount,
    MetricFinding,
    Result,
    RolloutFinding,
    conclude,
)
from rollbook.domain.model import ModelCommand
from rollbook.domain.rollouts import (
    AbortRollout,
    AdvanceRollout,
    ApproveRolloutStep,
    FinishRollout,
    PauseRollout,
    PromoteRollout,
    ResumeRollout,
    RolloutAborted,
    RolloutAdvanced,
    RolloutFinished,
    RolloutStarted,
    SkipRolloutStep,
    StartRollout,
)
from rollbook.domain.state import Model, Rollout
from rollbook.domain.tenancy import Namespace
from rollbook.domain.versions import ArchiveVersion
from tests.support import spec
from tests.support.commands import MODEL_COMMANDS, Step, World, after, plans
from tests.support.spec import NOW
from tests.unit.domain.examples import THREE_VERSIONS, promoted

Move: TypeAlias = Callable[[World], ModelCommand]
"""Somebody looks at the model, and sends a command."""

KINDS: tuple[type[ModelCommand], ...] = (
    StartRollout,
    PromoteRollout,
    AbortRollout,
    AdvanceRollout,
    PromoteVersion,
    RollBackVersion,
    ClearEnvironment,
    BreakGlass,
    ArchiveVersion,
)


def found(rollout: Rollout, outcome: Result) -> RolloutFinding:
    metrics = tuple(
        MetricFinding(
            metric=metric.metric,
            role=metric.role,
            outcome=outcome,
            candidate=ArmCount(version=arm, n=1000),
        )
        for arm in rollout.arms
        for metric in rollout.plan.metrics
    )
    return conclude(metrics, 1000, rollout.stage.samples, rollout.digest)


def _look(outcome: Result) -> Move:
    """A deployer looks at the rollout in production, whatever comes of it."""

    def move(world: World) -> ModelCommand:
        number, rollout = world.model.live_in("production") or (1, None)
        if rollout is None:
            return AdvanceRollout(rollout=number, step=0)
        if rollout.state == "watching":
            return FinishRollout(rollout=number, finding=found(rollout, outcome))
        return AdvanceRollout(rollout=number, step=rollout.step, finding=found(rollout, outcome))

    return move


def _says(command: ModelCommand) -> Move:
    return lambda _: command


outcomes: SearchStrategy[Result] = st.sampled_from([*PRECEDENCE, *PRECEDENCE[-1:] * 6])
looks = outcomes.map(_look)
starts = st.builds(
    lambda version, plan, rivals: _says(
        StartRollout(
            version=version, plan=plan, challengers=rivals if plan.strategy == "ab" else ()
        )
    ),
    st.sampled_from([2, 3]),
    plans,
    st.sampled_from([(), (1,), (3,)]),
)
simple: SearchStrategy[Move] = st.sampled_from(
    (
        _says(ApproveRolloutStep()),
        _says(SkipRolloutStep(reason="seen elsewhere")),
        _says(PromoteRollout(reason="now")),
        _says(PauseRollout(reason="lunch")),
        _says(ResumeRollout(reason="back")),
        _says(RollBackVersion(reason="worse")),
    )
)
wishes = st.one_of(*(MODEL_COMMANDS[kind].map(_says) for kind in KINDS))
moves: SearchStrategy[list[tuple[Move, str, timedelta]]] = st.lists(
    st.tuples(
        st.sampled_from([starts, starts, looks, looks, looks, simple, simple, wishes]).flatmap(
            lambda strategy: strategy
        ),
        st.sampled_from(["rex", "ada", "abe"]),
        st.sampled_from([timedelta(0), timedelta(hours=2), timedelta(days=2)]),
    ),
    min_size=5,
    max_size=25,
)


def _lived(moves: list[tuple[Move, str, timedelta]]) -> World:
    world = World(spec.fold(*THREE_VERSIONS, promoted(1)), Namespace(), NOW, ())
    for move, by, wait in moves:
        world = after(world, Step(move(world), by, wait))
        _check(world.model)
    return world


lived = moves.map(_lived)


def _check(state: Model) -> None:
    places = [rollout.environment for rollout in state.rollouts.values()]
    assert len(set(places)) == len(places), "at most one is live in an environment"
    for rollout in state.rollouts.values():
        assert 0 < rollout.stage.weight + rollout.stage.mirror <= 100
        assert rollout.plan.strategy != "shadow" or not rollout.stage.weight
        assert not any(state.versions[arm].archived for arm in (*rollout.arms, rollout.baseline))
        if rollout.state == "watching":
            assert state.serving(rollout.environment) == rollout.version
        else:
            assert state.serving(rollout.environment) == rollout.baseline
            assert rollout.baseline not in rollout.arms


@given(lived)
def test_a_rollout_promotes_only_what_passed_or_what_somebody_answers_for(world: World) -> None:
    for happened in world.happened:
        match happened.event:
            case VersionPromoted(rollout=int() as number, finding=finding, override=override):
                assert isinstance(happened.before, Model)
                rollout = happened.before.rollouts[number]
                assert override or (finding is not None and finding.result == "passed")
                assert happened.event.version in rollout.arms
                assert rollout.plan.strategy != "shadow" or override
            case RolloutAdvanced(finding=finding):
                assert finding is not None
                assert finding.result == "passed"
            case _:
                pass


@given(lived)
def test_every_rollout_that_began_is_live_or_ended_once(world: World) -> None:
    live: dict[int, str] = {}
    for event in world.events(Model):
        match event:
            case RolloutStarted(rollout=number, environment=environment):
                live[number] = environment
            case VersionPromoted(rollout=int() as number, watched_until=None):
                del live[number]
            case RolloutAborted(rollout=number) | RolloutFinished(rollout=number):
                del live[number]
            case VersionRolledBack(rollout=int() as number) | GlassBroken(rollout=int() as number):
                del live[number]
            case _:
                number = getattr(event, "rollout", None) or 0
                if type(event).__name__ == "EnvironmentCleared" and number:
                    del live[number]
    assert live == {n: rollout.environment for n, rollout in world.model.rollouts.items()}


@given(lived)
def test_a_live_rollout_can_always_be_taken_back(world: World) -> None:
    for number, rollout in world.model.rollouts.items():
        abort = AbortRollout(rollout=number, environment=rollout.environment, reason="worse")
        ended = after(world, Step(abort, "rex")).model
        assert number not in ended.rollouts
        assert ended.serving(rollout.environment) == rollout.baseline
        back = RollBackVersion(environment=rollout.environment, reason="worse")
        assert number not in after(world, Step(back, "rex")).model.rollouts
