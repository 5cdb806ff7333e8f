"""Kill, pause and race the writers: the log stays one linear history of what was asked."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from rollbook.embedded import Stack
from rollbook.eventlog.topics import LogAddress
from tests.support.checker import check
from tests.support.service import make_topics, processes, serving, until, whole_log
from tests.support.stack import Cluster
from tests.support.traffic import Traffic, traffic


async def test_a_killed_service_loses_and_doubles_nothing(cluster: Cluster, tmp_path: Path) -> None:
    log = cluster.log()
    await make_topics(log)
    async with (
        processes(log, tmp_path, 1, ROLLBOOK_INSTANCE="only", ROLLBOOK_SNAPSHOT_EVERY="200") as (
            it,
        ),
        traffic(log) as flow,
        flow.flowing(),
    ):
        for _ in range(4):
            await flow.answered(150)
            await it.kill()
            await it.start()
        await flow.answered(150)
    assert check(await whole_log(log), flow.asked, flow.acknowledged) == []


async def test_a_paused_owner_that_wakes_up_writes_nothing_under_its_old_claim(
    cluster: Cluster, tmp_path: Path
) -> None:
    log = cluster.log()
    await make_topics(log)
    async with processes(log, tmp_path, 1) as (zombie,), traffic(log) as flow, flow.flowing():
        await flow.answered(50)
        zombie.signal(signal.SIGSTOP)
        async with serving(log) as heir:
            await until(lambda: len(heir.group.serving) == 2, 60)
            await flow.answered(100)
            claims = {p: heir.group.processors[p].state.claim for p in heir.group.serving}  # type: ignore[union-attr]
            served = zombie.output.count('"claimed"')
            zombie.signal(signal.SIGCONT)
            await until(lambda: zombie.output.count('"claimed"') > served, 60)
            await flow.answered(50)
    records = await whole_log(log)
    assert check(records, flow.asked, flow.acknowledged) == []
    for partition, claim in claims.items():
        later = [r for r in records[partition] if r.offset > claim]
        newer = {r.offset for r in later if dict(r.headers)["ce_type"] == b"WriterClaimed"}
        written_under = {int(dict(r.headers)["ce_claim"]) for r in later if r.offset not in newer}
        assert written_under <= {claim} | newer


async def test_instances_that_come_and_go_leave_no_gap(cluster: Cluster, tmp_path: Path) -> None:
    log = cluster.log()
    await make_topics(log, 4)
    async with processes(log, tmp_path, 1) as (first,), traffic(log) as flow, flow.flowing():
        await flow.answered(100)
        async with serving(log) as second:
            await until(lambda: len(second.group.serving) == 2)
            await flow.answered(100)
            async with serving(log) as third:
                await until(lambda: len(third.group.serving) >= 1)
                await flow.answered(100)
        await flow.answered(100)
        assert await first.stop() == 0
        async with serving(log) as last:
            await until(lambda: len(last.group.serving) == 4)
            await flow.answered(100)
            await first.start()
    assert check(await whole_log(log), flow.asked, flow.acknowledged) == []


@asynccontextmanager
async def own_broker(folder: Path) -> AsyncIterator[tuple[Stack, Traffic]]:
    """A broker to be hurt, under traffic; when the block ends the log must be without fault."""
    with Stack(folder / "stack", allow_fallback=False) as stack:
        log = LogAddress(stack.endpoints.kafka)
        await make_topics(log)
        async with (
            processes(log, folder, 1, ROLLBOOK_INSTANCE="only"),
            traffic(log) as flow,
            flow.flowing(),
        ):
            yield stack, flow
        assert stack.endpoints.kafka == log.kafka
        assert check(await whole_log(log), flow.asked, flow.acknowledged) == []


async def test_a_killed_broker_loses_and_doubles_nothing(tmp_path: Path) -> None:
    async with own_broker(tmp_path) as (stack, flow):
        for _ in range(2):
            await flow.answered(100)
            await asyncio.to_thread(stack.kafka.kill)
            await asyncio.to_thread(stack.kafka.start)
        await flow.answered(100)


async def test_a_paused_broker_only_delays(tmp_path: Path) -> None:
    async with own_broker(tmp_path) as (stack, flow):
        await flow.answered(100)
        stack.kafka.pause()
        await asyncio.sleep(5)  # longer than the session
        stack.kafka.resume()
        await flow.answered(100)
