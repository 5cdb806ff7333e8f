"""Monitors of a system that runs, in its own loop or in processes that can be killed."""

import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, TopicPartition

from rollbook.eventlog import topics
from rollbook.eventlog.topics import LogAddress
from rollbook.monitor.app import MonitorService
from rollbook.monitor.settings import MonitorSettings
from tests.integration.query.system import Caller, System
from tests.support.service import whole_log
from tests.support.workers import process

EVERY = "PT0.2S"
SPAN = timedelta(seconds=1)
RULES = {
    "environments": [{"name": "production", "protected": True}],
    "request_escalates": "PT1S",
    "request_expires": "PT2S",
    "escalate_to": "head-of-ml",
}


class Tables:
    """Where a system's read models stand, as a monitor is told."""

    def __init__(self, system: System, postgres: str, schema: str) -> None:
        self.system, self._postgres, self._schema = system, postgres, schema

    @property
    def where(self) -> tuple[str, str]:
        """DSN and schema of the read models."""
        return self._postgres, self._schema

    def settings(self, **changes: object) -> MonitorSettings:
        log = self.system.log
        given = {
            "kafka": log.kafka,
            "app": log.app,
            "postgres": self._postgres,
            "db_schema": self._schema,
            "monitor_every": EVERY,
        }
        return MonitorSettings.model_validate({**given, **changes})

    @contextmanager
    def watched(self, **changes: object) -> Iterator[MonitorService]:
        """A monitor in this process, in the system's loop."""
        monitor = MonitorService(self.settings(**changes))
        self.system.run(monitor.start())
        try:
            yield monitor
        finally:
            self.system.run(monitor.stop())

    def process(self, output: Path) -> AbstractContextManager[subprocess.Popen[bytes]]:
        """A monitor in a process of its own, killed at the end."""
        where = self.system.log, self._postgres, self._schema
        return process("rollbook.monitor", *where, output, monitor_every=EVERY)


def soon(span: timedelta = SPAN) -> str:
    """A moment that is over before long."""
    return (datetime.now(UTC) + span).isoformat()


def registered(caller: Caller) -> None:
    """Let the model be there, with one version more."""
    caller.done("RegisterModel", {})
    caller.version(f"sha256:{uuid4().hex * 2}")


def asked(caller: Caller, **rules: object) -> None:
    """Let somebody ask for a promotion that nobody decides on."""
    caller.done("SetRules", {"rules": {**RULES, **rules}})
    registered(caller)
    caller.done("RequestPromotion", {"version": 1, "reason": "better"}, X_Actor="ann")


def carded(caller: Caller, span: timedelta = SPAN) -> None:
    """Write a card that must be reviewed soon."""
    registered(caller)
    caller.done("WriteCard", {"version": 1, "card": {"summary": "x", "review_by": soon(span)}})


def events(caller: Caller, kind: str) -> list[dict[str, Any]]:
    """What the model's history holds of a type."""
    read = caller.read("/history", limit=500)
    items: list[dict[str, Any]] = read.json()["items"] if read.is_success else []
    return [item for item in items if item["type"] == kind]


def outcomes(system: System) -> Counter[str]:
    """How many records of each type the log holds."""
    found = system.run(whole_log(system.log))
    types = [dict(record.headers)["ce_type"] for batch in found.values() for record in batch]
    return Counter(kind.decode() for kind in types)


async def commands(log: LogAddress) -> int:
    """How many commands were published."""
    consumer = AIOKafkaConsumer(bootstrap_servers=log.kafka)
    await consumer.start()
    try:
        places = [TopicPartition(log.commands, n) for n in range(await topics.count(log))]
        return sum((await consumer.end_offsets(places)).values())
    finally:
        await consumer.stop()
