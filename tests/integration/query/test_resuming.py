"""A subscriber loses nothing and gets nothing twice while what it reads from is killed."""

import asyncio
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from rollbook.cli.ports import from_
from rollbook.client import Received, Registry, subscribe
from rollbook.embedded import Stack
from rollbook.eventlog.topics import LogAddress
from tests.integration.query.system import System, running
from tests.support.service import whole_log


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("resuming"), allow_fallback=False) as started:
        yield started


@pytest.fixture(scope="module")
def system(stack: Stack) -> Iterator[System]:
    log = LogAddress(stack.endpoints.kafka, "resuming")
    with running(log, stack.endpoints.postgres, "resuming") as started:
        yield started


def register(system: System, prefix: str, number: int) -> None:
    with Registry(system.url, timeout=60) as registry:
        for n in range(number):
            registry.register_model(f"{prefix}/m{n}")


async def follow(url: str, namespace: str, into: list[Received]) -> None:
    async with subscribe(url, from_="start", namespace=namespace) as events:
        async for event in events:
            into.append(event)  # noqa: PERF401  # looked at meanwhile


async def whole(found: list[Received], number: int) -> None:
    """Every event once, in the order of its partition."""
    end = monotonic() + 60
    while len(found) < number and monotonic() < end:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.5)
    positions = [event.position for event in found]
    assert len(positions) == len(set(positions)) == number
    for partition in {p.split(":")[0] for p in positions}:
        offsets = [int(p.split(":")[1]) for p in positions if p.split(":")[0] == partition]
        assert offsets == sorted(offsets)


async def test_through_kills_of_the_query_service(system: System, tmp_path: Path) -> None:
    port = from_(18_431)
    settings = system.query._settings
    env = {
        **os.environ,
        "ROLLBOOK_KAFKA": settings.kafka,
        "ROLLBOOK_APP": settings.app,
        "ROLLBOOK_POSTGRES": settings.postgres.get_secret_value(),
        "ROLLBOOK_SCHEMA": settings.db_schema,
        "ROLLBOOK_PORT": str(port),
    }
    found: list[Received] = []
    following = asyncio.create_task(follow(f"http://127.0.0.1:{port}", "killed", found))
    writing = asyncio.create_task(asyncio.to_thread(register, system, "killed", 600))
    kills = 0
    try:
        while not writing.done() or kills < 3:
            with (tmp_path / "query.log").open("ab") as out:
                process = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "rollbook.query", env=env, stdout=out, stderr=out
                )
            try:
                before, end = len(found), monotonic() + 20
                while len(found) < min(before + 40, 600) and monotonic() < end:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
                if writing.done() and kills >= 3:
                    await whole(found, 600)
            finally:
                process.kill()
                await process.wait()
                kills += 1
        with (tmp_path / "query.log").open("ab") as out:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "rollbook.query", env=env, stdout=out, stderr=out
            )
        try:
            await whole(found, 600)
        finally:
            process.kill()
            await process.wait()
    finally:
        following.cancel()
        await asyncio.gather(following, writing, return_exceptions=True)


async def test_through_kills_of_kafka(system: System, stack: Stack) -> None:
    found: list[Received] = []
    following = asyncio.create_task(follow(system.url, "broker", found))
    writing = asyncio.create_task(asyncio.to_thread(register, system, "broker", 300))
    try:
        while len(found) < 100:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        await asyncio.to_thread(stack.kafka.kill)
        await asyncio.to_thread(stack.kafka.start)
        await writing
        # A command whose answer was lost is repeated, and that is an event, too.
        log = await whole_log(system.log)
        keys = [r.key or b"" for records in log.values() for r in records]
        await whole(found, sum(key.startswith(b"broker/") for key in keys))
    finally:
        following.cancel()
        await asyncio.gather(following, writing, return_exceptions=True)
