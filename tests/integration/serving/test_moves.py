"""From a command to moved traffic: by the command service alone, and with nobody there at all."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from rollbook.domain.catalog import RegisterModel
from rollbook.domain.environments import PromoteVersion, RollBackVersion
from rollbook.domain.lineage import Artifact
from rollbook.domain.plans import Metric, RolloutPlan, Stage
from rollbook.domain.rollouts import AbortRollout, StartRollout
from rollbook.domain.streams import StreamCommand
from rollbook.domain.versions import RegisterVersion
from rollbook.embedded import Stack
from rollbook.eventlog import topics
from rollbook.eventlog.asking import Asker
from rollbook.eventlog.outcomes import CommandRefused
from rollbook.eventlog.topics import LogAddress
from tests.integration.serving.world import MODEL, Board, Client, Models, serving, settings
from tests.support import service
from tests.support.service import until
from tests.support.stack import Cluster
from tests.support.traffic import envelope

PLAN = RolloutPlan(
    steps=(Stage(weight=50),), metrics=(Metric(metric="errors", of="errors", margin=0.01),)
)


async def answered(client: Client, versions: set[int]) -> bool:
    return {await client.answers(f"unit-{n}") for n in range(20)} == versions


@asynccontextmanager
async def asking(log: LogAddress) -> AsyncIterator[Asker]:
    async with service.serving(log), Asker(log) as asker:
        yield asker


async def done(asker: Asker, command: StreamCommand) -> None:
    outcome = await asker.ask(envelope(command, MODEL))
    assert not isinstance(outcome.message, CommandRefused), outcome.message


async def test_a_rollout_its_abort_and_a_roll_back_move_traffic_without_a_database(
    cluster: Cluster, models: Models, tmp_path: Path
) -> None:
    log = cluster.log()
    async with asking(log) as asker:
        await done(asker, RegisterModel())
        for number in (1, 2):
            served = models.version(number)
            artifact = Artifact(uri=served["uri"], digest=served["digest"], format="onnx")
            await done(asker, RegisterVersion(artifact=artifact))
        await done(asker, PromoteVersion(version=1))
        async with serving(settings(log, tmp_path, models.folder)) as (_, client):
            await until(lambda: answered(client, {1}))
            await done(asker, StartRollout(version=2, plan=PLAN))
            await until(lambda: answered(client, {1, 2}))
            await done(asker, AbortRollout(rollout=1, reason="worse"))
            await until(lambda: answered(client, {1}))
            await done(asker, PromoteVersion(version=2))
            await until(lambda: answered(client, {2}))
            await done(asker, RollBackVersion(reason="worse"))
            await until(lambda: answered(client, {1}))


async def test_it_goes_on_without_kafka_also_after_a_restart_and_follows_again_later(
    models: Models, tmp_path: Path
) -> None:
    with Stack(tmp_path / "stack", allow_fallback=False) as stack:
        log = LogAddress(stack.endpoints.kafka)
        await topics.ensure(log, 1)
        board = Board(log, models)
        await board.start()
        await board.stands(1)
        told = settings(log, tmp_path / "kept", models.folder)
        async with serving(told) as (running, client):
            await until(lambda: answered(client, {1}))
            await board.stop()
            await asyncio.to_thread(stack.kafka.kill)
            assert await answered(client, {1})
            await until(lambda: bool(running.keeper.good))
        async with serving(told) as (_, client):
            await until(lambda: answered(client, {1}))
            ready = await client.http.get("/v2/health/ready")
            assert ready.status_code == 200
            assert ready.json()["stale"] > 0
            await asyncio.to_thread(stack.kafka.start)
            again = Board(log, models)
            again.offset = 10
            await again.start()
            await again.stands(2, before=1)
            await until(lambda: answered(client, {2}), 60)
            await again.stop()
