"""The whole system in this process, in a loop of its own thread, so that tests may block."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Any, TypeVar
from uuid import uuid4

import httpx
import uvloop

from rollbook.command.app import CommandService
from rollbook.command.settings import CommandSettings
from rollbook.eventlog.commands import NAMESPACE_COMMANDS
from rollbook.eventlog.topics import LogAddress
from rollbook.projector.app import ProjectorService
from rollbook.projector.settings import ProjectorSettings
from rollbook.query.app import QueryService
from rollbook.query.settings import QuerySettings

T = TypeVar("T")

SECURING = ("token_secret", "admins", "admin_public_key")
"""Settings that the command service and the query service share."""

DIGEST = "sha256:" + "a" * 64


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Wait for `condition`; fails after `seconds`."""
    deadline = monotonic() + seconds
    while not condition():
        assert monotonic() < deadline, f"not within {seconds} s"
        sleep(0.02)


@dataclass(frozen=True)
class System:
    """Command service, projector and query service of one log."""

    log: LogAddress
    command: CommandService
    projector: ProjectorService
    query: QueryService
    loop: asyncio.AbstractEventLoop

    @property
    def url(self) -> str:
        return self.query.url

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """The result of a coroutine that runs where the services run."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(60)


@contextmanager
def running(log: LogAddress, postgres: str, schema: str, **changes: object) -> Iterator[System]:
    """A system that is ready; `changes` are settings of any of its services."""
    where = {"kafka": log.kafka, "app": log.app}
    tables = {"postgres": postgres, "db_schema": schema}
    shared = {k: changes[k] for k in SECURING if k in changes}
    command = CommandService(CommandSettings.model_validate({**where, **shared}))
    projector = ProjectorService(ProjectorSettings.model_validate({**where, **tables}))
    query = QueryService(QuerySettings.model_validate({**where, **tables, "port": 0, **changes}))
    loop = uvloop.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="system")
    thread.start()
    system = System(log, command, projector, query, loop)
    try:
        for service in (command, projector, query):
            system.run(service.start())
        until(lambda: command.ready and bool(command.group.serving))
        until(lambda: projector.ready and query.ready)
        yield system
    finally:
        for service in (query, projector, command):
            system.run(service.stop())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


class Caller:
    """Somebody who speaks HTTP with one model of a system."""

    def __init__(self, client: httpx.Client, model: str) -> None:
        self.client = client
        self.model = model
        self.namespace = model.partition("/")[0]
        self.path = f"/api/v1/models/{model}"
        self.space = f"/api/v1/namespaces/{self.namespace}"

    def send(self, command: str, body: object, **headers: str) -> httpx.Response:
        """Send a command to the model or its namespace; `headers` with `_` for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        stream = self.space if command in NAMESPACE_COMMANDS else self.path
        return self.client.post(f"{stream}/commands/{command}", json=body, headers=named)

    def done(self, command: str, body: object, **headers: str) -> dict[str, Any]:
        """The answer to a command that must be done."""
        response = self.send(command, body, **headers)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def read(self, path: str = "", **params: Any) -> httpx.Response:
        """Read below the model."""
        return self.client.get(self.path + path, params=params)

    def look(self, path: str = "", **params: Any) -> httpx.Response:
        """Read below the namespace."""
        return self.client.get(self.space + path, params=params)

    def version(self, digest: str = DIGEST) -> dict[str, Any]:
        """Register a version."""
        return self.done("RegisterVersion", {"artifact": {"uri": "s3://b/m", "digest": digest}})


@contextmanager
def calling(system: System) -> Iterator[Caller]:
    """A caller with a model and a namespace of its own, of which nothing is registered yet."""
    with httpx.Client(base_url=system.url, timeout=30) as client:
        yield Caller(client, f"n{uuid4().hex[:10]}/m{uuid4().hex[:10]}")
