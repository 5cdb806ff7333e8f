"""Deployers of a system that runs, in its own loop or in processes that can be killed."""

import asyncio
import multiprocessing
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from time import time
from typing import Any

from rollbook.deployer.app import DeployerService
from rollbook.deployer.settings import DeployerSettings
from rollbook.readmodel import database, presence, tallies
from rollbook.readmodel.database import Connection
from rollbook.telemetry.messages import Presence, Served
from tests.integration.query.system import Caller, System, until
from tests.unit.deployer.tallies import errors

EVERY = "PT0.05S"
STEP = {"weight": 50}
ERRORS = {"metric": "errors", "of": "errors", "margin": 0.02}

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload([__name__])


def _deploy(settings: dict[str, object]) -> None:
    asyncio.run(DeployerService(DeployerSettings.model_validate(settings)).run())


class Tables:
    """Where a system's read models stand, as a deployer is told."""

    def __init__(self, system: System, postgres: str, schema: str) -> None:
        self.system, self.postgres, self._schema = system, postgres, schema

    def told(self, **changes: object) -> dict[str, object]:
        """The settings of a deployer."""
        return {
            "kafka": self.system.log.kafka,
            "app": self.system.log.app,
            "postgres": self.postgres,
            "db_schema": self._schema,
            "deployer_every": EVERY,
            **changes,
        }

    @contextmanager
    def watched(self, **changes: object) -> Iterator[DeployerService]:
        """A deployer in this process, in the system's loop."""
        service = DeployerService(DeployerSettings.model_validate(self.told(**changes)))
        self.system.run(service.start())
        try:
            yield service
        finally:
            self.system.run(service.stop())

    def count(self, model: str, step: int, old: float, new: float, rows: int = 5000) -> None:
        """Requests of a step, as the monitor would have counted them: a share of them failed."""
        rows_ = [
            errors(version, rows, rate, step=step, model=model)
            for version, rate in ((1, old), (2, new))
        ]

        self._write(lambda db: tallies.put(db, rows_))

    def serve(self, model: str, *versions: int, source: str = "a") -> None:
        """A server says which versions it serves in production, as the monitor would take it in."""
        serves = [
            Served(model, "production", number, f"sha256:{number:064x}") for number in versions
        ]
        said = Presence(source=source, sent=0, target="local", serves=serves)
        now = round(time() * 1000)
        self._write(lambda db: presence.save(db, [(said, now)]))

    def _write(self, write: Callable[[Connection], Awaitable[None]]) -> None:
        async def written() -> None:
            db = await database.connection(self.postgres, self._schema)
            try:
                await write(db)
            finally:
                await db.close()

        self.system.run(written())


@contextmanager
def forked(settings: dict[str, object]) -> Iterator[BaseProcess]:
    """A deployer in a process of its own, SIGKILLed at the end."""
    process = FORKS.Process(target=_deploy, args=(settings,), daemon=True)
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join()


def start(caller: Caller, *steps: dict[str, Any], **plan: Any) -> None:
    """Version 1 serves, and a rollout of version 2 begins."""
    for number in (1, 2):
        caller.version(f"sha256:{number:064x}")
    caller.done("PromoteVersion", {"version": 1})
    document = {"steps": list(steps) or [STEP], "metrics": [ERRORS], **plan}
    caller.done("StartRollout", {"version": 2, "plan": document})


def story(caller: Caller) -> dict[str, Any]:
    """The caller's first rollout, with its steps; {} before the tables have it."""
    read = caller.read("/rollouts/1")
    return read.json() if read.is_success else {}


def state(caller: Caller) -> str | None:
    """Of the caller's first rollout."""
    found: str | None = story(caller).get("rollout", {}).get("state")
    return found


def ends(caller: Caller, wanted: str) -> dict[str, Any]:
    """The story, when the rollout has come to a state."""
    until(lambda: state(caller) == wanted)
    return story(caller)


def happened(found: dict[str, Any]) -> list[str]:
    """The types of what happened to a rollout."""
    return [step["type"] for step in found["steps"]]
