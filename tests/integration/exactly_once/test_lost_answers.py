"""Answers of the broker that come late or never: outcomes equal the log, nothing stands twice."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from rollbook.embedded import Stack
from rollbook.eventlog import fence
from rollbook.eventlog.topics import LogAddress
from tests.support.checker import check
from tests.support.proxy import Proxy
from tests.support.service import make_topics, serving, until, whole_log
from tests.support.traffic import traffic


@asynccontextmanager
async def proxied(folder: Path) -> AsyncIterator[tuple[LogAddress, Proxy]]:
    """A broker that tells every client to come by way of the proxy."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    stack = Stack(folder, allow_fallback=False)
    stack.kafka._properties["advertised.listeners"] = f"BROKER://127.0.0.1:{port}"
    with stack:
        host, _, real = stack.endpoints.kafka.partition(":")
        async with Proxy(port, "-events-") as proxy:
            proxy.target = (host, int(real))
            log = LogAddress(f"127.0.0.1:{port}")
            await make_topics(log)
            yield log, proxy


async def test_cut_answers_to_produce_requests_double_nothing(tmp_path: Path) -> None:
    async with (
        proxied(tmp_path / "stack") as (log, proxy),
        serving(log),
        traffic(log) as flow,
    ):
        async with flow.flowing():
            for _ in range(5):
                await flow.answered(40)
                proxy.cut_answers(2)
                await until(lambda: proxy.cut > 0)
            await flow.answered(40)
        assert proxy.cut >= 5
        assert check(await whole_log(log), flow.asked, flow.acknowledged) == []


async def test_held_answers_make_the_writer_claim_again_and_read_what_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fence, "DELIVERY_TIMEOUT", 1.0)
    async with (
        proxied(tmp_path / "stack") as (log, proxy),
        serving(log) as service,
        traffic(log) as flow,
    ):
        async with flow.flowing():
            await flow.answered(40)
            before = sum(p.state.claim for p in service.group.processors.values() if p.state)
            proxy.hold_answers()
            await until(lambda: proxy.held >= 1)
            await asyncio.sleep(2)  # longer than a delivery may take
            proxy.let_go()
            await flow.answered(80)
        after = sum(p.state.claim for p in service.group.processors.values() if p.state)
        assert after > before, "the writer must have claimed again"
        assert check(await whole_log(log), flow.asked, flow.acknowledged) == []
