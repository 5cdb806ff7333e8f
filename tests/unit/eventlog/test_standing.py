"""What stands where: as the models' streams say, in the end, whatever fails in between."""

import json

import pytest

from rollbook.domain.aliases import RemoveAlias, SetAlias
from rollbook.domain.catalog import RegisterModel
from rollbook.domain.environments import ClearEnvironment, PromoteVersion, RollBackVersion
from rollbook.domain.streams import StreamCommand
from rollbook.domain.traffic import Pointing, Served
from rollbook.domain.versions import RegisterVersion
from rollbook.eventlog.memory import Fault, MemoryBroker, Stored
from rollbook.eventlog.standing import Standing, as_record, key_of
from tests.unit.domain.examples import ARTIFACT
from tests.unit.eventlog.running import (
    MODEL,
    directed,
    envelope,
    kinds,
    processor,
    serve,
    stands,
)

VERSION = RegisterVersion(artifact=ARTIFACT)
KEY = f"{MODEL}@production"


def send(broker: MemoryBroker, *commands: StreamCommand) -> None:
    for command in commands:
        broker.send(envelope(command, len(broker.places[0].commands) + 1))


@pytest.fixture
def broker() -> MemoryBroker:
    broker = MemoryBroker()
    send(broker, RegisterModel(), VERSION, VERSION, PromoteVersion(version=1))
    return broker


async def test_every_move_is_copied_and_nothing_else(broker: MemoryBroker) -> None:
    worker = processor(batch=1)
    await serve(broker, worker)
    assert [record.key for record in broker.serving] == [KEY.encode()]
    send(broker, SetAlias(alias="champion", version=2), PromoteVersion(version=2))
    send(broker, RollBackVersion(reason="worse"), VERSION, RemoveAlias(alias="champion"))
    before = len(broker.serving)
    await serve(broker, worker)
    ends = [(record.key or b"").removeprefix(MODEL.encode()) for record in broker.serving]
    assert ends[before + 1 :] == [b":champion", b"@production", b"@production", b":champion"]
    assert ends[before] == b"@production", "the claim's own copy of what the last one moved"
    assert broker.serving[-1].value is None, "an alias that is gone leaves a tombstone"
    assert directed(broker) == stands(broker)
    assert set(directed(broker)) == {KEY}


async def test_a_record_says_as_of_which_position_it_holds(broker: MemoryBroker) -> None:
    await serve(broker, processor())
    (record,) = broker.serving
    assert json.loads(record.value or b"")["position"] == f"0:{broker.places[0].events[-1].offset}"


@pytest.mark.parametrize("fault", [f for f in Fault if f is not Fault.NONE])
async def test_a_crash_between_outcome_and_copy_is_healed_by_the_next_claim(
    broker: MemoryBroker, fault: Fault
) -> None:
    await serve(broker, processor())
    send(
        broker,
        SetAlias(alias="champion", version=2),
        ClearEnvironment(reason="r", environment="production"),
    )
    broker.fail("direct", Fault.NONE, fault)  # the claim's own copy, and then the batch's
    await serve(broker, processor())  # it stops: no command is left
    assert kinds(broker)[-1] == "EnvironmentCleared"
    if fault is Fault.LOST:
        assert set(directed(broker)) == {KEY}, "who follows does not know it yet"
    send(broker, RegisterModel())
    await serve(broker, processor())
    assert directed(broker) == stands(broker)
    assert set(directed(broker)) == {f"{MODEL}:champion"}


async def test_what_a_snapshot_holds_is_not_copied_again(broker: MemoryBroker) -> None:
    await serve(broker, processor(snapshot_every=1))
    copied = len(broker.serving)
    send(broker, VERSION)
    await serve(broker, processor())
    assert len(broker.serving) == copied
    send(broker, PromoteVersion(version=2))
    await serve(broker, processor())
    assert directed(broker) == stands(broker)


async def test_a_copy_that_failed_before_a_snapshot_stands_after_it(broker: MemoryBroker) -> None:
    broker.fail("direct", Fault.LOST)
    worker = processor(snapshot_every=1)
    await serve(broker, worker)
    send(broker, VERSION)
    await serve(broker, worker)
    assert directed(broker) == stands(broker)


# Whoever follows


def at(position: str, version: int = 1) -> Pointing:
    served = Served(version=version, digest=ARTIFACT.digest, uri=ARTIFACT.uri, format="onnx")
    return Pointing(
        schema=1,
        model=MODEL,
        environment="production",
        alias=None,
        position=position,
        serves=served,
        before=None,
        rollout=None,
    )


def stored(pointing: Pointing | None, key: str = KEY) -> Stored:
    return Stored(0, key.encode(), as_record(key, "", pointing).value, (), 0)


def test_the_highest_position_stays(broker: MemoryBroker) -> None:
    standing = Standing()
    for pointing in (at("1:9", 2), at("1:8", 1)):
        standing.take(stored(pointing))
    assert standing.known == {KEY: at("1:9", 2)}


def test_only_what_is_another_now_is_told() -> None:
    told: list[str] = []
    standing = Standing({}, told.append)
    for pointing in (at("1:1"), at("1:2"), at("1:3", 2), None, None):
        standing.take(stored(pointing))
    assert told == [KEY, KEY, KEY], "the first one, the other version, and the tombstone"


def test_reading_the_topic_anew_moves_nothing_until_its_end_is_reached() -> None:
    told: list[str] = []
    gone = f"{MODEL}:gone"
    standing = Standing({KEY: at("1:9", 3), gone: at("1:1")}, told.append)
    standing.begin()
    for pointing in (at("1:1", 1), at("1:5", 2), at("1:9", 3)):
        standing.take(stored(pointing))
    assert told == []
    standing.caught_up()
    assert told == [gone]
    assert standing.known == {KEY: at("1:9", 3)}


def test_a_topic_that_was_made_anew_takes_nothing_out_of_service() -> None:
    standing = Standing({KEY: at("1:9")})
    standing.begin()
    standing.take(Stored(0, b"claim/0", b"null", (), 0))
    standing.caught_up()
    assert standing.known == {KEY: at("1:9")}


@pytest.mark.parametrize(
    "value",
    [b"", b"{}", b"[]", b"\xff", b'{"schema": 2}', as_record(MODEL, "", at("x")).value],
)
def test_a_record_that_cannot_be_read_changes_nothing(value: bytes) -> None:
    standing = Standing({KEY: at("1:9")})
    standing.take(Stored(0, KEY.encode(), value, (), 0))
    standing.take(Stored(0, b"\xff", value, (), 0))
    standing.take(stored(at("1:10"), key="other/model@production"))
    assert standing.known == {KEY: at("1:9")}


def test_a_model_of_a_namespace_named_claim_is_no_mark() -> None:
    pointing = at("1:1") | {"model": "claim/0"}
    standing = Standing()
    standing.take(stored(pointing, key=key_of(pointing)))
    assert set(standing.known) == {"claim/0@production"}
