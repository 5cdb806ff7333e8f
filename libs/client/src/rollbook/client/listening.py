"""Hears at once when a name of a model comes to stand for another version."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from rollbook.client.errors import RegistryError

MOVES: Final = (
    "AliasSet",
    "AliasRemoved",
    "VersionPromoted",
    "VersionRolledBack",
    "EnvironmentCleared",
    "GlassBroken",
)
"""The events after which a name may stand for another version."""


class Listener:
    """Calls `moved` with a model and the position of the move, from a thread of its own."""

    def __init__(self, url: str, token: str | None, moved: Callable[[str, str], None]) -> None:
        self._url, self._token, self._moved = url, token, moved
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._run, name="rollbook-listener", daemon=True)

    def start(self) -> None:
        """Begin to listen; while the registry is away it is tried again and again."""
        self._thread.start()

    def close(self) -> None:
        """Listen no more."""
        if self._loop is not None and self._task is not None:
            self._loop.call_soon_threadsafe(self._task.cancel)

    def _run(self) -> None:
        # Who may not listen looks again from time to time, as everybody does.
        with suppress(RegistryError, asyncio.CancelledError):
            asyncio.run(self._listen())

    async def _listen(self) -> None:
        from rollbook.client.subscribing import subscribe  # noqa: PLC0415  # late: it is heavy

        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        async with subscribe(self._url, types=MOVES, token=self._token) as events:
            async for event in events:
                if event.model is not None:
                    self._moved(event.model, event.position)
