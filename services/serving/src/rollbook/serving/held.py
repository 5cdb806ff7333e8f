"""A version that is held: fetched, loaded in its own process, and loaded anew when that dies."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from rollbook.domain.traffic import Served
from rollbook.observability import metrics
from rollbook.observability.logs import logger
from rollbook.probes import sandbox
from rollbook.serving.child import Answer, CannotLoad, Child, Full, Gone, Seen
from rollbook.serving.fetching import Fetcher, Unfetched
from rollbook.serving.frames import Kind
from rollbook.serving.names import name_of
from rollbook.serving.settings import ServingSettings
from rollbook.serving.worker import WorkerJob

log = logger(__name__)

FIRST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 30.0
"""Seconds before it is tried again."""
STEADY: Final = 10.0
"""Seconds after which a process that ends is no sign that the next one will."""
TRIES: Final = 2
"""Processes that one request may bring down."""


class State(StrEnum):
    """How far a version is."""

    LOADING = "loading"
    READY = "ready"
    FAILED = "failed"
    """It could not be had or loaded; that is tried again."""


@dataclass(frozen=True)
class Means:
    """What holding versions takes."""

    settings: ServingSettings
    fetcher: Fetcher
    loading: asyncio.Semaphore
    """How many may be loaded side by side."""


class Held:
    """One version of a model; `changed` hears each time it becomes ready or fails."""

    def __init__(
        self, model: str, served: Served, means: Means, changed: Callable[[], None]
    ) -> None:
        self.model = model
        self.served = served
        self.state = State.LOADING
        self.why = ""
        """Why it failed."""
        self.waiting = 0
        """Requests that it has not answered yet."""
        self._means = means
        self._changed = changed
        self._child: Child | None = None
        self._ready = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._life = asyncio.create_task(self._live(), name=f"held {model} {served['version']}")

    @property
    def version(self) -> int:
        """Its number."""
        return self.served["version"]

    @property
    def ready(self) -> bool:
        """Whether it answers now."""
        return self._ready.is_set()

    @property
    def pid(self) -> int | None:
        """Of its process."""
        return self._child.pid if self._child is not None else None

    async def ask(self, identity: str, body: bytes, seen: Seen | None) -> Answer:
        """What it says; a process that dies on the way is replaced, and asked again.

        `Full`; TimeoutError after the patience that the settings give.
        """
        if self.waiting >= self._means.settings.serving_waiting:
            raise Full
        self.waiting += 1
        self._idle.clear()
        patience = self._means.settings.serving_patience.total_seconds()
        try:
            async with asyncio.timeout(patience):
                for _ in range(TRIES):
                    await self._ready.wait()
                    child = self._child
                    try:
                        if child is not None:
                            return await child.ask(identity, body, seen)
                    except Gone:
                        if self._child is child:
                            self._ready.clear()
            return Answer(Kind.FAILED, b"its process ended while it answered")
        except TimeoutError:
            if self._child is not None:
                self._child.kill_if_silent(patience)
            raise
        finally:
            self.waiting -= 1
            if not self.waiting:
                self._idle.set()

    async def retire(self) -> None:
        """Answer what waits, and end."""
        try:
            async with asyncio.timeout(self._means.settings.serving_patience.total_seconds()):
                await self._idle.wait()
        except TimeoutError:
            log.warning("version ended with requests", model=self.model, version=self.version)
        await self.end()

    async def end(self) -> None:
        """End at once."""
        self._life.cancel()
        await asyncio.gather(self._life, return_exceptions=True)

    async def _live(self) -> None:
        pause = FIRST_PAUSE
        while True:
            began = time.monotonic()
            try:
                async with self._means.loading:
                    self._child = await self._loaded()
                self._to(State.READY)
                loaded = time.monotonic()
                await asyncio.wait([self._child.gone])
                metrics.SERVING_CRASHES.labels(self.model).inc()
                log.warning("process of a version ended", model=self.model, version=self.version)
                if time.monotonic() - loaded > STEADY:
                    pause = FIRST_PAUSE
                self._to(State.LOADING)
            except (Unfetched, CannotLoad) as error:
                log.warning(
                    "version cannot be held",
                    model=self.model,
                    version=self.version,
                    reason=str(error),
                    seconds=round(time.monotonic() - began, 3),
                )
                self._to(State.FAILED, str(error))
            finally:
                await self._let_go()
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _loaded(self) -> Child:
        settings, served = self._means.settings, self.served
        began = time.perf_counter()
        path = await self._means.fetcher.path(self.model, served)
        job = WorkerJob(
            name=name_of(self.model),
            version=self.version,
            path=path,
            format=served["format"],
            scratch=sandbox.scratch_folder(),
            memory=settings.serving_memory,
            needed=settings.serving_walls,
        )
        child = await Child.started(job, settings.serving_loading.total_seconds())
        seconds = time.perf_counter() - began
        metrics.SERVING_LOAD_SECONDS.observe(seconds)
        log.info(
            "version is held", model=self.model, version=self.version, seconds=round(seconds, 3)
        )
        return child

    async def _let_go(self) -> None:
        child, self._child = self._child, None
        self._ready.clear()
        if child is not None:
            await asyncio.shield(child.end())

    def _to(self, state: State, why: str = "") -> None:
        self.state, self.why = state, why
        if state is State.READY:
            self._ready.set()
        else:
            self._ready.clear()
        self._changed()
