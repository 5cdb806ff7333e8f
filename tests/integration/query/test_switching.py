"""Reads over HTTP while tables are made again and switched: no error, and never a mix."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest

from rollbook.projector.replay import rebuild
from rollbook.readmodel import database
from rollbook.readmodel.changes import EVERY
from tests.integration.projector.old import aged
from tests.integration.query.system import Caller, System, calling, running, until
from tests.support.stack import Cluster


@pytest.fixture
def own(cluster: Cluster) -> Iterator[tuple[System, str]]:
    """A system whose tables may be switched, and its schema."""
    schema = cluster.schema()
    with running(cluster.log(), cluster.postgres, schema) as started:
        yield started, schema


class Readers:
    """Threads that do something over and over; what fails in one fails the test."""

    def __init__(self) -> None:
        self.rounds = 0
        self._failed: list[BaseException] = []
        self._stopping = threading.Event()

    @contextmanager
    def doing(self, *jobs: Callable[[], None]) -> Iterator[None]:
        threads = [threading.Thread(target=self._repeat, args=(job,)) for job in jobs]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stopping.set()
            for thread in threads:
                thread.join()
            if self._failed:
                raise self._failed[0]

    def _repeat(self, job: Callable[[], None]) -> None:
        try:
            while not self._stopping.is_set() and not self._failed:
                job()
                self.rounds += 1
        except BaseException as error:  # noqa: BLE001  # raised again by `doing`
            self._failed.append(error)


def test_reads_go_on_during_switches_and_show_neither_less_nor_a_mix(
    own: tuple[System, str], cluster: Cluster
) -> None:
    system, schema = own
    with calling(system) as caller:
        caller.done("RegisterModel", {})
        assert caller.read(min_position=caller.version()["position"]).status_code == 200
        readers = Readers()
        seen = threading.local()

        def write_and_read_it() -> None:
            number = caller.version(f"sha256:{readers.rounds:064x}")["event"]["data"]["version"]
            done = caller.done("SetAlias", {"alias": "newest", "version": number})
            shown = caller.read("/aliases/newest", min_position=done["position"])
            assert shown.status_code == 200, shown.text
            assert shown.json()["version"] == number

        def read_on() -> None:
            found = caller.read()
            assert found.status_code == 200, found.text
            assert found.json()["seq"] >= getattr(seen, "seq", 0)
            seen.seq = found.json()["seq"]
            listed = caller.read("/versions", limit=1, order="newest")
            assert listed.status_code == 200, listed.text

        def look_at_one_moment() -> None:
            asyncio.run(_fits(cluster, schema, caller.model))

        with readers.doing(write_and_read_it, read_on, read_on, look_at_one_moment):
            for views in (EVERY, ["versions", "aliases"], ["models"], ["history"], EVERY):
                found = system.run(
                    rebuild(system.log, cluster.postgres, schema, views, report=lambda _: None)
                )
                assert found.identical, found.different
        assert readers.rounds > 20


async def _fits(cluster: Cluster, schema: str, model: str) -> None:
    """Several tables at one moment, with pauses in which they may be switched."""
    db = await database.connection(cluster.postgres, schema)
    try:
        for _ in range(5):
            async with database.one_moment(db):
                row = await db.fetchrow("SELECT versions, seq FROM models WHERE key = $1", model)
                assert row is not None
                await asyncio.sleep(0.03)
                rows = await db.fetchval("SELECT count(*) FROM versions WHERE model = $1", model)
                await asyncio.sleep(0.03)
                last = await db.fetchval("SELECT max(seq) FROM history WHERE model = $1", model)
                newest = await db.fetchval("SELECT version FROM aliases WHERE model = $1", model)
            assert (rows, last) == (row["versions"], row["seq"])
            assert newest is None or newest in {rows, rows - 1}
    finally:
        await db.close()


def test_what_is_not_made_yet_is_not_shown_as_empty(
    own: tuple[System, str], cluster: Cluster
) -> None:
    before, schema = own
    with calling(before) as caller:
        caller.done("RegisterModel", {})
        position = caller.version()["position"]
        assert caller.read("/versions", min_position=position).status_code == 200
        model = caller.model
    old = asyncio.run(aged(cluster, schema))
    log = before.log
    with running(log, cluster.postgres, old) as upgraded, _client(upgraded) as client:
        search = client.get("/api/v1/search")
        assert search.status_code == 503, search.text
        assert search.json()["code"] == "view_not_built"
        assert "rollbook rebuild" in search.json()["detail"]
        ready = client.get("/readyz").json()
        assert ready["ready"]
        assert "search" in ready["unbuilt"]
        caller = Caller(client, model)
        position = caller.version("sha256:" + "b" * 64)["position"]
        assert caller.read(min_position=position).json()["versions"] == 2
        views = ready["unbuilt"]
        upgraded.run(rebuild(log, cluster.postgres, old, views, report=lambda _: None))
        until(lambda: client.get("/readyz").json()["unbuilt"] == [])
        assert len(client.get("/api/v1/search").json()["items"]) == 2


@contextmanager
def _client(system: System) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=system.url, timeout=30) as client:
        yield client
