import json

from hypothesis import given, settings
from hypothesis import strategies as st

from rollbook.domain import snapshot
from rollbook.domain.catalog import ModelRegistered
from rollbook.domain.environments import (
    PromoteVersion,
    RollBackVersion,
    VersionPromoted,
    VersionRolledBack,
)
from rollbook.domain.messages import Refused, Unchanged
from rollbook.domain.model import ModelCommand, ModelEvent, decide, evolve
from rollbook.domain.state import Model
from rollbook.domain.versions import RegisterVersion, VersionArchived, VersionRegistered
from rollbook.eventlog.codec import COMMANDS, decode_message, encode_value
from tests.support import spec
from tests.support.commands import COMMANDS as STRATEGIES
from tests.support.commands import commands, histories, live
from tests.unit.domain.examples import ARTIFACT


def answer(state: Model, command: ModelCommand) -> ModelEvent | Unchanged | str:
    try:
        return decide(state, command)
    except Refused as refused:
        return refused.code


def test_every_command_has_a_strategy() -> None:
    assert {cls.__name__ for cls in STRATEGIES} == set(COMMANDS)


@given(histories, commands)
def test_deciding_changes_nothing_and_gives_the_same_twice(
    history: list[ModelCommand], command: ModelCommand
) -> None:
    state, events = live(history)
    assert answer(state, command) == answer(state, command)
    assert state == spec.fold(*events)


@given(histories, commands)
def test_a_wish_that_came_true_is_true(history: list[ModelCommand], command: ModelCommand) -> None:
    state, _ = live(history)
    match command:
        case RegisterVersion(idempotency_key=None) | RollBackVersion(to=None):
            return  # "one more" and "one back" are never already true: command ids make them safe
        case _:
            pass
    decided = answer(state, command)
    if isinstance(decided, str):
        return
    after = state if isinstance(decided, Unchanged) else evolve(state, decided)
    assert isinstance(answer(after, command), Unchanged)


@given(histories)
def test_state_from_replayed_bytes_equals_live_state(history: list[ModelCommand]) -> None:
    state, events = live(history)
    replayed = [decode_message(type(event).__name__, encode_value(event)) for event in events]
    assert replayed == events
    assert spec.fold(*replayed) == state  # type: ignore[arg-type]  # events of a model went in


@given(histories)
def test_a_snapshot_restores_the_model(history: list[ModelCommand]) -> None:
    state, _ = live(history)
    head = json.loads(json.dumps(snapshot.head(state)))
    blocks = json.loads(json.dumps(list(snapshot.blocks(state))))
    assert snapshot.restore(head, blocks) == state


@settings(max_examples=5)
@given(st.integers(0, 3), st.integers(-1, 1))
def test_a_snapshot_of_many_versions_restores_the_model(blocks: int, more: int) -> None:
    count = max(0, blocks * snapshot.BLOCK + more)
    events: list[ModelEvent] = [ModelRegistered()]
    for number in range(1, count + 1):
        key = f"run-{number}" if number % 3 else None
        events.append(
            VersionRegistered(
                version=number, artifact=ARTIFACT, idempotency_key=key, tags={"n": key or ""}
            )
        )
    events += [VersionArchived(version=n, reason="old") for n in range(1, count + 1, 7)]
    state = spec.fold(*events)
    parts = list(snapshot.blocks(state))
    assert [len(part) for part in parts[:-1]] == [snapshot.BLOCK] * (len(parts) - 1)
    assert snapshot.restore(snapshot.head(state), json.loads(json.dumps(parts))) == state


@given(histories)
def test_version_numbers_are_contiguous_from_1(history: list[ModelCommand]) -> None:
    state, events = live(history)
    registered = [event.version for event in events if isinstance(event, VersionRegistered)]
    assert registered == list(range(1, len(registered) + 1))
    assert sorted(state.versions) == registered


@given(histories, commands)
def test_what_a_version_is_never_changes(
    history: list[ModelCommand], command: ModelCommand
) -> None:
    before, _ = live(history)
    after, _ = live([*history, command])
    for number, version in before.versions.items():
        assert after.versions[number].digest == version.digest
        assert after.versions[number].idempotency_key == version.idempotency_key
        assert after.versions[number].archived >= version.archived


@given(histories)
def test_what_serves_was_registered_and_is_not_archived(history: list[ModelCommand]) -> None:
    state, _ = live(history)
    for environment in state.environments:
        serving = state.serving(environment)
        assert serving is not None
        assert not state.versions[serving].archived
    for number in state.aliases.values():
        assert not state.versions[number].archived


@given(histories)
def test_one_version_stands_in_an_environment_and_each_move_says_which_it_replaced(
    history: list[ModelCommand],
) -> None:
    _, events = live(history)
    stands: dict[str, int | None] = {}
    for event in events:
        match event:
            case VersionPromoted():
                assert event.replaced == stands.get(event.environment)
                stands[event.environment] = event.version
            case VersionRolledBack():
                assert event.version == stands[event.environment]
                assert event.restored != event.version
                stands[event.environment] = event.restored
            case _:
                pass
    state, _ = live(history)
    assert {e: state.serving(e) for e in state.environments} == stands


@given(histories, st.sampled_from(["production", "staging"]), st.integers(1, 5))
def test_a_roll_back_undoes_a_promotion(
    history: list[ModelCommand], environment: str, number: int
) -> None:
    before, _ = live(history)
    promotion = answer(before, PromoteVersion(version=number, environment=environment))
    if isinstance(promotion, str | Unchanged):
        return
    rolled_back = answer(
        evolve(before, promotion), RollBackVersion(reason="worse", environment=environment)
    )
    if before.serving(environment) is None:
        assert rolled_back == "nothing_before"
    else:
        assert isinstance(rolled_back, VersionRolledBack)
        assert evolve(evolve(before, promotion), rolled_back) == before
