"""Around every request: how long it took, by route and status."""

import time
from functools import cache

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rollbook.observability import metrics

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
STREAM = (b"content-type", b"text/event-stream; charset=utf-8")
"""Of an answer without end: how long it took until it began is what counts."""
_seconds = cache(metrics.HTTP_SECONDS.labels)


class Edge:
    """Measures the application inside it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 500
        opened: float | None = None

        async def noting(message: Message) -> None:
            nonlocal status, opened
            if message["type"] == "http.response.start":
                status = message["status"]
                if STREAM in message["headers"]:
                    opened = time.perf_counter() - began
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            # Never what the caller wrote: its variety would be without bound.
            route = getattr(scope.get("route"), "path", "unmatched")
            method = scope["method"] if scope["method"] in METHODS else "other"
            seconds = time.perf_counter() - began if opened is None else opened
            _seconds(method, route, status).observe(seconds)
