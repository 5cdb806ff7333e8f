"""Closed loops: clients that each ask again as soon as they have their answer."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from statistics import median
from typing import Self

Ask = Callable[[int], Awaitable[None]]
"""One request; the number is that of the client."""

WARM_UP = 0.5
"""Seconds of each loop that are not counted."""


@dataclass(frozen=True, slots=True)
class Latency:
    """What one round of loops saw: milliseconds and answers a second."""

    p50: float
    p99: float
    per_s: float

    @classmethod
    def of(cls, milliseconds: list[float], seconds: float) -> Self:
        """The figures of one round."""
        ordered = sorted(milliseconds)
        last = len(ordered) - 1
        return cls(ordered[last // 2], ordered[last * 99 // 100], len(ordered) / seconds)

    @classmethod
    def middle(cls, rounds: list["Latency"]) -> Self:
        """The median of each figure over the rounds."""
        return cls(
            median(r.p50 for r in rounds),
            median(r.p99 for r in rounds),
            median(r.per_s for r in rounds),
        )


async def closed_loops(ask: Ask, clients: int, seconds: float) -> Latency:
    """Let `clients` ask for `seconds` after a warm-up."""
    begin = time.perf_counter() + WARM_UP
    end = begin + seconds
    taken: list[float] = []

    async def client(number: int) -> None:
        while (asked := time.perf_counter()) < end:
            await ask(number)
            if asked >= begin:
                taken.append((time.perf_counter() - asked) * 1000)

    async with asyncio.TaskGroup() as group:
        for number in range(clients):
            group.create_task(client(number))
    return Latency.of(taken, seconds)
