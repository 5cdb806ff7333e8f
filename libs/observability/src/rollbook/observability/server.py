"""uvicorn as a guest in a loop that others share: no signal handlers, no log of its own."""

import asyncio
import socket
from collections.abc import Generator
from contextlib import contextmanager, suppress

import uvicorn
from starlette.types import ASGIApp

GRACE = 5
"""Seconds that requests in flight may take to finish at the end."""


KEEP_ALIVE = 75
"""Seconds that an idle connection is kept: longer than clients keep theirs."""

UNTAKEN = 60_000
"""Milliseconds that what was sent may wait for its receiver."""


class _Guest(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Signals belong to the process, not to one of its services."""
        yield


class Server:
    """Listens as soon as it is made; serves between `start` and `stop`."""

    def __init__(self, app: ASGIApp, host: str, port: int) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.create_server((host, port), family=family, backlog=2048)
        # Accepted connections inherit it; an answer never waits for a second packet.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # a peer that takes nothing is cut off
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNTAKEN)
        config = uvicorn.Config(
            app,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            ws="none",
            backlog=2048,
            timeout_keep_alive=KEEP_ALIVE,
            timeout_graceful_shutdown=GRACE,
        )
        self._guest = _Guest(config)
        self._serving: asyncio.Task[None] | None = None
        self.host = host
        self.port: int = self._socket.getsockname()[1]

    def start(self) -> asyncio.Task[None]:
        """Begin to serve; the task ends when serving does."""
        self._serving = asyncio.create_task(self._guest.serve([self._socket]), name="http")
        return self._serving

    async def stop(self) -> None:
        """Answer what is in flight and close."""
        self._guest.should_exit = True
        if self._serving is not None:
            with suppress(asyncio.CancelledError):
                await self._serving
        self._socket.close()
