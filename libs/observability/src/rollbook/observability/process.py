"""How a process of ours runs: its loop, its logs, its traces, and its end by a signal."""

import asyncio
import gc
import os
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

import uvloop
from prometheus_client import start_http_server

from rollbook.observability import logs, tracing

COLLECT_EVERY = 50_000
"""Allocations between two collections: states are large, long-lived and seldom cyclic."""


def collect_seldom() -> None:
    """Set the garbage collector as every process of ours has it."""
    gc.set_threshold(COLLECT_EVERY, 20, 50)


@contextmanager
def prepared(name: str, log: TextIO | None = None) -> Iterator[None]:
    """Logs to `log` (standard error by default), traces, metrics and memory for a service.

    ROLLBOOK_METRICS_PORT names a port for Prometheus, on every interface; the query service needs
    none, since it has `/metrics` among its routes.
    """
    logs.configure(stream=log)
    provider = tracing.configure(f"rollbook-{name}")
    collect_seldom()
    if port := os.environ.get("ROLLBOOK_METRICS_PORT"):
        start_http_server(int(port))
    try:
        yield
    finally:
        if provider is not None:
            provider.shutdown()


def run(name: str, serve: Callable[[], Coroutine[None, None, None]]) -> None:
    """Serve until SIGINT or SIGTERM."""
    with prepared(name):
        uvloop.run(until_told(serve()))


async def until_told(serving: Coroutine[None, None, None]) -> None:
    """Await `serving`; a signal cancels it, which ends it in order."""
    task = asyncio.ensure_future(serving)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    with suppress(asyncio.CancelledError):
        await task
