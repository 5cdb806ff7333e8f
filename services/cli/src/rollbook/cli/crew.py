"""Several services side by side: ready together, and down together when one falls."""

import asyncio
from collections.abc import Mapping
from typing import Protocol

from rollbook.observability.logs import logger

LOOK_EVERY = 0.02
"""Seconds between two looks whether all are ready."""

PATIENCE = 20.0
"""Seconds that a service may take to stop."""

log = logger(__name__)


class Service(Protocol):
    """What all services have in common."""

    @property
    def ready(self) -> bool:
        """Whether it does its work now."""

    async def run(self) -> None:
        """Serve until cancelled."""


class Crashed(Exception):
    """A service ended by itself."""

    def __init__(self, name: str, error: BaseException | None) -> None:
        why = f"{type(error).__name__}: {error}" if error else "it ended without saying why"
        super().__init__(f"the {name} service stopped: {why}")


class Crew:
    """The services of one process; started in the order given, stopped in the reverse."""

    def __init__(self, services: Mapping[str, Service]) -> None:
        self.services = services
        self._tasks = {
            name: asyncio.create_task(service.run(), name=name)
            for name, service in services.items()
        }

    @property
    def waiting_for(self) -> list[str]:
        """The services that are not ready."""
        return [name for name, service in self.services.items() if not service.ready]

    async def ready(self) -> None:
        """Return when all are ready."""
        while self.waiting_for:  # noqa: ASYNC110  # services tell no event
            await asyncio.sleep(LOOK_EVERY)

    async def crash(self) -> None:
        """Wait until one ends by itself, and raise Crashed."""
        done, _ = await asyncio.wait(self._tasks.values(), return_when=asyncio.FIRST_COMPLETED)
        task = done.pop()
        error = None if task.cancelled() else task.exception()
        log.error("service crashed", service=task.get_name(), exc_info=error)
        raise Crashed(task.get_name(), error)

    async def stop(self) -> list[str]:
        """End all, the last one first; returns those that did not end in time."""
        late = []
        for name, task in reversed(self._tasks.items()):
            task.cancel()
            done, _ = await asyncio.wait([task], timeout=PATIENCE)
            if not done:
                late.append(name)
            elif not task.cancelled() and (error := task.exception()):
                log.warning("service ended badly", service=name, exc_info=error)
        return late
