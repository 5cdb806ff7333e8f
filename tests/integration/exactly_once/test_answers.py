"""A command's sender is told what came of it, and nobody else can answer in its place."""

import asyncio
from uuid import uuid4

from aiokafka import AIOKafkaProducer

from rollbook.domain.catalog import DescribeModel, ModelDescribed, ModelRegistered, RegisterModel
from rollbook.eventlog.asking import Asker
from rollbook.eventlog.commands import encode_command
from rollbook.eventlog.outcomes import CommandRefused
from rollbook.eventlog.routing import partition_for
from tests.support.service import make_topics, serving
from tests.support.stack import Cluster
from tests.support.traffic import envelope


async def test_nobody_can_answer_a_command_in_flight_by_using_its_id(cluster: Cluster) -> None:
    log = cluster.log()
    await make_topics(log)
    mine = envelope(RegisterModel(description="mine"), actor="ada")
    wrong = mine._replace(command=DescribeModel(description="eve's"), actor="eve")
    key, value, headers = encode_command(wrong)
    home = partition_for(key, 2)
    async with Asker(log) as asker, AIOKafkaProducer(bootstrap_servers=log.kafka) as eve:

        async def interfere(key_: bytes | None, partition: int) -> None:
            await eve.send_and_wait(log.commands, value, key_, partition=partition, headers=headers)

        for key_, partition in [(key, home), (key, 1 - home), (None, home), (b"other/x", home)]:
            await interfere(key_, partition)
        asking = asyncio.create_task(asker.ask(mine))
        await asyncio.sleep(0.5)
        await interfere(key, home)
        async with serving(log):
            outcome = await asking
            assert outcome.message == ModelRegistered(description="mine")
            assert outcome.actor == "ada"
            again = await asker.ask(mine)
            assert again == outcome
            hers = await asker.ask(wrong)
            assert isinstance(hers.message, CommandRefused), "it came before the model did"
            assert hers.actor == "eve"


async def test_the_same_command_asked_for_many_times_at_once_has_one_answer(
    cluster: Cluster,
) -> None:
    log = cluster.log()
    await make_topics(log)
    wanted = envelope(RegisterModel())
    async with serving(log), Asker(log) as asker, Asker(log) as other:
        asked = [asker.ask(wanted) for _ in range(5)] + [other.ask(wanted) for _ in range(5)]
        first, *rest = await asyncio.gather(*asked)
        assert isinstance(first.message, ModelRegistered)
        assert all(answer == first for answer in rest)
        described = await asker.ask(envelope(DescribeModel(description="x")))
        assert isinstance(described.message, ModelDescribed)


async def test_what_could_never_work_is_answered_all_the_same(cluster: Cluster) -> None:
    log = cluster.log()
    await make_topics(log)
    long = RegisterModel.model_construct(description="x" * 1_500_000)
    bad = {
        "oversize": envelope(long),
        "invalid": envelope(RegisterModel.model_construct(description="\0")),
        "no_key": envelope(RegisterModel(), "no such key"),
    }
    async with serving(log), Asker(log) as asker:
        for code, wanted in bad.items():
            outcome = await asker.ask(wanted)
            assert isinstance(outcome.message, CommandRefused)
            assert (outcome.message.code, outcome.command_id) == (code, wanted.id)
        upper = envelope(RegisterModel())._replace(id=str(uuid4()).upper())
        assert (await asker.ask(upper)).seq == 1
