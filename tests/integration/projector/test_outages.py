"""Postgres or Kafka goes away in the middle: the projector waits, goes on, and loses nothing."""

import asyncio
from collections.abc import Iterator

import pytest

from rollbook.embedded import Stack
from rollbook.eventlog.topics import LogAddress
from rollbook.projector.app import ProjectorService
from tests.integration.projector.world import projecting, world
from tests.support.service import serving, until
from tests.support.stack import Cluster
from tests.support.traffic import Traffic, traffic


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that may be killed."""
    with Stack(tmp_path_factory.mktemp("own"), allow_fallback=False) as stack:
        yield stack


async def replaced(stack: Stack, flow: Traffic, part: str) -> None:
    """Kill a part of the stack under load and start it again."""
    server = getattr(stack, part)
    await flow.answered(100)
    await asyncio.to_thread(server.kill)
    await asyncio.to_thread(server.start)
    await flow.answered(100)


@pytest.mark.parametrize("part", ["postgres", "kafka"])
async def test_a_killed_server_costs_nothing_but_time(own: Stack, part: str) -> None:
    cluster = Cluster(own.endpoints.kafka, own.endpoints.postgres)
    log: LogAddress = cluster.log()
    async with (
        world(log, cluster.postgres, cluster.schema()) as it,
        serving(log),
        projecting(it) as projector,
        traffic(log) as flow,
    ):
        for _ in range(2):
            async with flow.flowing():
                await replaced(own, flow, part)
            await it.caught_up()
        await until(lambda: projector.ready)
        assert await it.faults() == []


async def test_rows_that_a_crash_took_come_back_though_nothing_new_is_written(own: Stack) -> None:
    cluster = Cluster(own.endpoints.kafka, own.endpoints.postgres)
    log = cluster.log()
    async with (
        world(log, cluster.postgres, cluster.schema()) as it,
        serving(log),
        projecting(it),
        traffic(log) as flow,
    ):
        for _ in range(3):  # Postgres flushes every 200 ms: one of the kills comes before it
            async with flow.flowing():
                await flow.answered(30)
            await it.caught_up()
            await asyncio.to_thread(own.postgres.kill)
            await asyncio.to_thread(own.postgres.start)
            await it.caught_up(20)
        assert await it.faults() == []


async def test_a_projector_may_start_before_postgres(own: Stack) -> None:
    cluster = Cluster(own.endpoints.kafka, own.endpoints.postgres)
    log = cluster.log()
    async with serving(log), traffic(log) as flow, flow.flowing():
        await flow.answered(20)
        await asyncio.to_thread(own.postgres.stop)
        async with world(log, cluster.postgres, cluster.schema()) as it:
            service = ProjectorService(it.settings())
            await service.start()
            try:
                await flow.answered(20)
                assert not service.ready
                await asyncio.to_thread(own.postgres.start)
                await until(lambda: service.ready)
            finally:
                await service.stop()


async def test_a_projector_may_start_before_the_log_is_made(own: Stack) -> None:
    cluster = Cluster(own.endpoints.kafka, own.endpoints.postgres)
    log = cluster.log()
    async with world(log, cluster.postgres, cluster.schema()) as it:
        service = ProjectorService(it.settings())
        await service.start()
        try:
            async with serving(log), traffic(log) as flow:
                async with flow.flowing():
                    await flow.answered(20)
                await until(lambda: service.ready)
                await it.caught_up()
                assert await it.faults() == []
        finally:
            await service.stop()
