"""How fast a model answers, and how much memory it takes."""

import time
from collections.abc import Callable
from pathlib import Path

WARM = 5
"""Calls that do not count: caches fill."""


def timed(call: Callable[[], object], calls: int, batch: int) -> dict[str, float]:
    """Percentiles in milliseconds, and rows a second."""
    for _ in range(WARM):
        call()
    durations = []
    for _ in range(calls):
        began = time.perf_counter()
        call()
        durations.append(time.perf_counter() - began)
    durations.sort()
    whole = sum(durations)
    return {
        "p50": 1000 * durations[_place(calls, 50)],
        "p95": 1000 * durations[_place(calls, 95)],
        "p99": 1000 * durations[_place(calls, 99)],
        "throughput": calls * batch / max(whole, 1e-9),
    }


def _place(count: int, percent: int) -> int:
    """Of the nearest rank."""
    return max(0, -(-count * percent // 100) - 1)


def peak() -> float:
    """Bytes that this process had resident at most."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return 1024.0 * int(line.split()[1])
    return 0.0
