"""Events as a stream: from any place, by filter, each once, for many at the cost of one."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from time import monotonic
from uuid import uuid4

import asyncpg
import httpx
import pytest

from rollbook.client import Invalid, Received, Registry, Subscription, subscribe
from rollbook.domain.catalog import ModelRegistered
from rollbook.domain.versions import VersionRegistered
from rollbook.query.app import QueryService
from tests.integration.query.system import Caller, System, running, until
from tests.support.service import until as soon
from tests.support.stack import Cluster

STREAM = "/api/v1/events/stream"


async def taken(subscription: Subscription, number: int, seconds: float = 20) -> list[Received]:
    """The next events; fails when they do not come."""
    async with asyncio.timeout(seconds):
        return [await anext(subscription) for _ in range(number)]


def models(system: System, number: int, namespace: str) -> list[str]:
    names = [f"{namespace}/m{n}" for n in range(number)]
    with Registry(system.url, actor="ann") as registry:
        for name in names:
            registry.register_model(name)
    return names


@pytest.fixture
def namespace() -> str:
    return f"n{uuid4().hex[:10]}"


async def test_whoever_begins_at_the_start_gets_everything_and_what_comes(
    system: System, namespace: str
) -> None:
    before = await asyncio.to_thread(models, system, 5, namespace)
    async with subscribe(system.url, from_="start", namespace=namespace) as events:
        past = await taken(events, 5)
        assert {event.model for event in past} == set(before)
        assert all(isinstance(event.message, ModelRegistered) for event in past)
        with Registry(system.url) as registry:
            made = await asyncio.to_thread(registry.register_model, f"{namespace}/late")
        (last,) = await taken(events, 1)
    assert (last.model, last.position) == (f"{namespace}/late", made.position)


async def test_an_event_reads_the_same_from_the_tail_and_from_the_tables(
    system: System, namespace: str, caller: Caller
) -> None:
    async with subscribe(system.url, from_="now", namespace=caller.namespace) as live:
        asking = asyncio.create_task(taken(live, 3))
        await until_open(system)
        await asyncio.to_thread(caller.done, "RegisterModel", {"tags": {"a": "é"}})
        await asyncio.to_thread(caller.version)
        refused = await asyncio.to_thread(caller.send, "SetAlias", {"alias": "a", "version": 9})
        assert refused.status_code == 404
        new = await asking
    async with (
        running_again(system) as other,
        subscribe(other, from_="start", namespace=caller.namespace) as behind,
    ):
        old = await taken(behind, 3)
    assert [plain(event) for event in old] == [plain(event) for event in new]
    assert new[2].type == "CommandRefused"
    assert new[2].message is None


def plain(event: Received) -> Received:
    """Without its place among other partitions, which is the reader's own."""
    return replace(event, cursor="")


async def until_open(system: System, number: int = 1) -> None:
    """Return when streams are open, and stand at their beginning."""
    await soon(lambda: system.query.streams.number >= number)
    await asyncio.sleep(0.1)


@asynccontextmanager
async def running_again(system: System, **changes: object) -> AsyncIterator[str]:
    """Another query service over the same log: its tail has nothing of what was before."""
    settings = system.query._settings.model_copy(update={"port": 0, **changes})
    other = QueryService(settings)
    await other.start()
    try:
        await soon(lambda: other.ready)
        yield other.url
    finally:
        await other.stop()


async def test_a_filter_lets_through_what_was_asked_for(system: System, caller: Caller) -> None:
    await asyncio.to_thread(caller.done, "RegisterModel", {})
    for _ in range(2):
        await asyncio.to_thread(caller.version)
    await asyncio.to_thread(caller.done, "SetAlias", {"alias": "best", "version": 1})
    async with subscribe(
        system.url, from_="start", types=[VersionRegistered, "AliasSet"], model=caller.model
    ) as events:
        found = await taken(events, 3)
    assert [event.type for event in found] == ["VersionRegistered"] * 2 + ["AliasSet"]
    async with subscribe(
        system.url, from_="start", types=[VersionRegistered], model=f"{caller.namespace}/*"
    ) as events:
        assert [event.seq for event in await taken(events, 2)] == [2, 3]


async def test_a_subscriber_goes_on_where_it_was(system: System, namespace: str) -> None:
    await asyncio.to_thread(models, system, 9, namespace)
    seen: list[str] = []
    cursor = "start"
    while len(seen) < 9:  # one event for each connection
        async with subscribe(system.url, from_=cursor, namespace=namespace) as events:
            (event,) = await taken(events, 1)
            seen.append(event.position)
            cursor = event.cursor
    assert len(set(seen)) == 9


async def test_a_time_is_a_place_to_begin(system: System, namespace: str) -> None:
    await asyncio.to_thread(models, system, 3, namespace)
    moment = datetime.now(UTC)
    with Registry(system.url) as registry:
        await asyncio.to_thread(registry.register_model, f"{namespace}/after")
    async with subscribe(system.url, from_=moment, namespace=namespace) as events:
        (event,) = await taken(events, 1)
    assert event.model == f"{namespace}/after"


@pytest.mark.parametrize(
    ("params", "status", "code"),
    [
        ({"from": "yesterday"}, 422, "invalid"),
        ({"from": "99:1"}, 422, "invalid"),
        ({"from": "0:999999999"}, 409, "ahead"),
        ({"type": "ModelExploded"}, 422, "invalid"),
        ({"type": "WriterClaimed"}, 422, "invalid"),
        ({"namespace": "No/Such"}, 422, "invalid"),
    ],
)
def test_what_cannot_be_is_said(
    caller: Caller, params: dict[str, str], status: int, code: str
) -> None:
    answer = caller.client.get(STREAM, params=params)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_wrong_filter_raises(system: System) -> None:
    with pytest.raises(Invalid, match="ModelExploded"):
        await anext(subscribe(system.url, types=["ModelExploded"]))


async def test_events_of_a_parked_stream_are_read_from_the_log(
    system: System, namespace: str
) -> None:
    with Registry(system.url) as registry:
        made = await asyncio.to_thread(registry.register_model, f"{namespace}/parked")
        await asyncio.to_thread(registry.register_model, f"{namespace}/other")
    partition, offset = map(int, made.position.split(":"))
    dsn = system.query._settings.postgres.get_secret_value()
    schema = system.query._settings.db_schema
    db = await asyncpg.connect(dsn, server_settings={"search_path": schema})
    try:
        key = f"{namespace}/parked"
        await db.execute(
            "INSERT INTO parked VALUES ($1, $2, $3, now(), 'test')", key, partition, offset
        )
        # As a projector leaves it that could not read the event.
        await db.execute("DELETE FROM history WHERE model = $1", key)
        async with (
            running_again(system) as other,
            subscribe(other, from_="start", namespace=namespace) as events,
        ):
            found = await taken(events, 2)
    finally:
        await db.execute("DELETE FROM parked WHERE model = $1", key)
        await db.close()
    assert {event.model for event in found} == {key, f"{namespace}/other"}


# What a browser does


@dataclass
class Reader:
    """Lines of a stream, as they come."""

    lines: list[str] = field(default_factory=list)

    def said(self, text: str) -> bool:
        return any(text in line for line in self.lines)


def read_for(client: httpx.Client, seconds: float, **params: str) -> Reader:
    reader = Reader()
    end = monotonic() + seconds
    with client.stream("GET", STREAM, params=params, timeout=seconds) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        try:
            for line in response.iter_lines():
                reader.lines.append(line)
                if monotonic() > end:
                    break
        except httpx.ReadTimeout:
            pass
    return reader


@pytest.fixture(scope="module")
def quick(cluster: Cluster) -> Iterator[System]:
    """A system with short times and few streams."""
    with running(
        cluster.log(),
        cluster.postgres,
        cluster.schema(),
        heartbeat="PT0.2S",
        stalled="PT1S",
        streams=600,
    ) as started:
        yield started


def test_a_silent_stream_says_that_it_is_still_there_and_where(quick: System) -> None:
    models(quick, 2, "quiet")
    with httpx.Client(base_url=quick.url) as client:
        reader = read_for(client, 1.0, namespace="nobody", **{"from": "start"})
    assert reader.said(": still here")
    places = [line for line in reader.lines if line.startswith("id: ")]
    assert places[-1] != places[0], "it moves on behind what was not wanted"


def test_a_stream_is_counted_and_measured_until_it_begins(quick: System) -> None:
    with httpx.Client(base_url=quick.url) as client:
        read_for(client, 1.0)
        until(lambda: "rollbook_streams 0.0" in client.get("/metrics").text)
        metrics = client.get("/metrics").text
    series = 'method="GET",route="/api/v1/events/stream",status="200"'
    (taken_,) = (line for line in metrics.splitlines() if f"http_seconds_sum{{{series}}}" in line)
    assert float(taken_.split()[-1]) < 0.9 * read_streams(metrics, series)


def read_streams(metrics: str, series: str) -> float:
    (line,) = (x for x in metrics.splitlines() if f"http_seconds_count{{{series}}}" in x)
    return float(line.split()[-1])


async def test_many_subscribers_are_one_reader_of_kafka(system: System) -> None:
    number = 500
    limits = httpx.Limits(max_connections=None)
    got: list[list[str]] = [[] for _ in range(number)]

    async def follow(client: httpx.AsyncClient, mine: list[str]) -> None:
        async with client.stream("GET", STREAM, params={"namespace": "crowd"}) as response:
            async for line in response.aiter_lines():
                if line.startswith("data: "):
                    mine.append(json.loads(line.removeprefix("data: "))["model"])
                    if len(mine) == 10:
                        return

    async with httpx.AsyncClient(base_url=system.url, timeout=60, limits=limits) as client:
        tasks = [asyncio.create_task(follow(client, mine)) for mine in got]
        await until_open(system, number)
        readers = [t for t in asyncio.all_tasks(system.loop) if t.get_name() == "outcomes"]
        wanted = await asyncio.to_thread(models, system, 10, "crowd")
        async with asyncio.timeout(60):
            await asyncio.gather(*tasks)
    assert len(readers) == 1
    assert all(sorted(mine) == sorted(wanted) for mine in got)


def test_a_subscriber_that_takes_nothing_is_let_go(quick: System) -> None:
    host, port = quick.url.removeprefix("http://").split(":")
    with Registry(quick.url) as registry:
        for number in range(20):
            registry.register_model(f"long/m{number}", description="x" * 90_000)
    with socket.create_connection((host, int(port))) as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.sendall(f"GET {STREAM}?from=start HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        until(lambda: quick.query.streams.number == 1)
        with Registry(quick.url) as registry:
            for number in range(60):
                registry.register_model(f"long/n{number}", description="x" * 90_000)
        until(lambda: quick.query.streams.number == 0, 60)
    with httpx.Client(base_url=quick.url) as client:
        assert client.get("/readyz").status_code == 200


async def test_a_service_that_stops_says_so_and_the_subscriber_goes_on_elsewhere(
    system: System, namespace: str
) -> None:
    await asyncio.to_thread(models, system, 3, namespace)
    lines: list[str] = []

    async def follow(url: str) -> None:
        async with (
            httpx.AsyncClient(timeout=30) as client,
            client.stream("GET", url + STREAM, params={"from": "start"}) as response,
        ):
            async for line in response.aiter_lines():
                lines.append(line)  # noqa: PERF401  # looked at meanwhile

    async with running_again(system) as other:
        task = asyncio.create_task(follow(other))
        await soon(lambda: any(line.startswith("data: ") for line in lines))
        began = monotonic()
    await task
    assert monotonic() - began < 5
    assert "event: end" in lines
    assert any('"code":"closing"' in line for line in lines)


async def test_there_are_no_more_streams_than_allowed(system: System) -> None:
    async with (
        running_again(system, streams=1) as other,
        httpx.AsyncClient(base_url=other) as client,
        client.stream("GET", STREAM) as first,
    ):
        assert first.status_code == 200
        await anext(first.aiter_lines())
        second = await client.get(STREAM)
    assert (second.status_code, second.json()["code"]) == (429, "too_many_streams")
