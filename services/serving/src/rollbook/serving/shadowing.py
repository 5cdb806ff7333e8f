"""Copies of requests for versions that only see them: after the answer, and bounded."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from rollbook.observability import metrics
from rollbook.serving.child import Full

GRACE: Final = 1.0
"""Seconds that copies on their way may take at the end."""


class Shadows:
    """Sends copies; what is too much is dropped and counted."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._going: set[asyncio.Task[None]] = set()

    def send(self, asking: Callable[[], Awaitable[None]]) -> None:
        """Begin one, unless too many are on their way."""
        if len(self._going) >= self._most:
            metrics.SERVING_SHADOWED.labels("dropped").inc()
            return
        task = asyncio.create_task(self._one(asking), name="shadow")
        self._going.add(task)
        task.add_done_callback(self._going.discard)

    async def _one(self, asking: Callable[[], Awaitable[None]]) -> None:
        try:
            await asking()
            metrics.SERVING_SHADOWED.labels("done").inc()
        except (Full, TimeoutError):
            metrics.SERVING_SHADOWED.labels("dropped").inc()

    async def stop(self) -> None:
        """Let go of those on their way."""
        if self._going:
            await asyncio.wait(self._going, timeout=GRACE)
        for task in self._going:
            task.cancel()
