"""Kafka and Postgres for `rollbook up`: embedded, or the real clusters that are named."""

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path

from rollbook.embedded import Kafka, Postgres, Report, Stack, StackError
from rollbook.embedded.installation import runtime
from rollbook.embedded.kafka import Runtime

LOOK_EVERY = 1.0
"""Seconds between two looks whether the embedded children still live."""

RESTARTS = 5
"""How often a child that ended by itself is started again before we give up."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where both listen; `durable` is False on the in-process stand-in for Kafka."""

    kafka: str
    postgres: str
    durable: bool = True


class Storage:
    """What ROLLBOOK_KAFKA and ROLLBOOK_POSTGRES do not name is started here, below `folder`."""

    def __init__(self, folder: Path, report: Report) -> None:
        self._report = report
        self._kafka = os.environ.get("ROLLBOOK_KAFKA")
        self._postgres = os.environ.get("ROLLBOOK_POSTGRES")
        self._stack: Stack | None = None
        self._children: dict[str, Kafka | Postgres] = {}
        if not self._kafka and not self._postgres:
            self._stack = Stack(folder, report=report)
        elif not self._kafka:
            # No stand-in beside a real Postgres: its tables would outlive the log.
            self._children["Kafka"] = Kafka(folder / "kafka", self._runtime, report=report)
        elif not self._postgres:
            self._children["Postgres"] = Postgres(folder / "postgres", report=report)

    def start(self) -> Addresses:
        """Return when both answer. Raises StackError; nothing is left running then."""
        if self._stack:
            found = self._stack.start()
            self._children["Postgres"] = self._stack.postgres
            if found.durable:
                self._children["Kafka"] = self._stack.kafka
            return Addresses(found.kafka, found.postgres, found.durable)
        for child in self._children.values():
            child.start()
        kafka, postgres = self._children.get("Kafka"), self._children.get("Postgres")
        return Addresses(
            kafka.address if kafka else self._kafka or "",
            postgres.address if postgres else self._postgres or "",
        )

    async def keep(self) -> None:
        """Start again what ends by itself; raises StackError when it does not stay up."""
        for _ in range(RESTARTS):
            ended = await self._next_end()
            child = self._children[ended]
            self._report(f"{ended} ended by itself (its log: {child.folder / 'log'}): starting it")
            await asyncio.to_thread(child.start)
        raise StackError(f"{await self._next_end()} has ended {RESTARTS + 1} times: giving up")

    async def _next_end(self) -> str:
        while True:
            for name, child in self._children.items():
                if not child.running:
                    return name
            await asyncio.sleep(LOOK_EVERY)

    def stop(self) -> None:
        """Stop what runs; more than once does no harm."""
        if self._stack:
            self._stack.stop()
        else:
            for child in self._children.values():
                child.stop()

    def _runtime(self) -> Runtime:
        return runtime(self._report)
