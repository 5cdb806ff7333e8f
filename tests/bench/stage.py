"""Where a bench runs: one embedded stack that is started when a figure first needs it."""

import os
import shutil
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, cast
from uuid import uuid4

from rollbook.embedded import Endpoints, Stack
from rollbook.eventlog.topics import LogAddress
from tests.bench.figure import say

Made = TypeVar("Made")

FOLDER = Path(".bench")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How much a run measures."""

    rounds: int = 3
    commands: int = 60_000
    """Commands of one round of commands.bulk, and records of the recorded log."""
    models: int = 300
    seconds: float = 3.0
    """One round of one closed loop."""
    many_versions: int = 100_000
    many_events: int = 1_025_000
    """Half an interval of snapshots more than a million, as a crash finds it on average."""
    versions: int = 1_000_000
    """Versions in the tables that are searched, a fifth of them in one model."""
    portfolio: int = 10_000
    """Models that have them."""
    searches: int = 200
    """Searches of each kind."""
    artifact: int = 1 << 30
    """Bytes of an artifact."""
    idle: float = 20.0
    """Seconds for which an idle system is watched."""


FULL = Sizes()
QUICK = Sizes(
    rounds=1,
    commands=8_000,
    models=50,
    seconds=0.7,
    many_versions=20_000,
    many_events=75_000,
    versions=40_000,
    portfolio=400,
    searches=20,
    artifact=64 << 20,
    idle=5.0,
)


class Stage:
    """The stack, the sizes, and which figures were asked for."""

    def __init__(self, folder: Path, sizes: Sizes, prefix: str, life: ExitStack) -> None:
        self.folder = folder
        self.sizes = sizes
        self._prefix = prefix
        self._life = life
        self._endpoints: Endpoints | None = None
        self._made: dict[object, object] = {}

    def wants(self, name: str) -> bool:
        """Whether the figure was asked for."""
        return name.startswith(self._prefix)

    @property
    def endpoints(self) -> Endpoints:
        """The running stack; real Kafka or nothing."""
        if self._endpoints is None:
            say("starting the embedded stack")
            stack = Stack(self.folder / "stack", report=say, allow_fallback=False)
            self._endpoints = self._life.enter_context(stack).endpoints
        return self._endpoints

    async def once(self, make: Callable[["Stage"], Awaitable[Made]]) -> Made:
        """What `make` makes, the same for all who ask."""
        if make not in self._made:
            self._made[make] = await make(self)
        return cast(Made, self._made[make])

    def log(self) -> LogAddress:
        """A log that nobody else uses."""
        return LogAddress(self.endpoints.kafka, f"b{uuid4().hex[:12]}")

    def schema(self) -> str:
        """The name of a Postgres schema that nobody else uses."""
        return f"b{uuid4().hex[:12]}"

    def env(self, log: LogAddress, **more: str) -> dict[str, str]:
        """The environment of a service that works on `log`."""
        own = {"ROLLBOOK_KAFKA": log.kafka, "ROLLBOOK_APP": log.app}
        return inherited() | own | {f"ROLLBOOK_{k.upper()}": v for k, v in more.items()}


def inherited() -> dict[str, str]:
    """Our environment without what it says to services, and with bytecode kept as usual."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("ROLLBOOK_") and name != "PYTHONDONTWRITEBYTECODE"
    }


@contextmanager
def prepared(sizes: Sizes, prefix: str, folder: Path = FOLDER) -> Iterator[Stage]:
    """An empty folder and a stage in it; both are gone afterwards."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        with ExitStack() as life:
            yield Stage(folder, sizes, prefix, life)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
