"""Notifiers of a system that runs, in its own loop or in processes that can be killed."""

import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from rollbook.notifier.app import NotifierService
from rollbook.notifier.settings import NotifierSettings
from tests.integration.query.system import Caller, System, until
from tests.support.workers import process

MASTER = "0123456789abcdef0123456789abcdef"


class Tables:
    """Where a system's read models stand, as a notifier is told."""

    def __init__(self, system: System, postgres: str, schema: str) -> None:
        self.system, self._postgres, self._schema = system, postgres, schema

    @contextmanager
    def notified(self, **changes: object) -> Iterator[NotifierService]:
        """A notifier in this process, in the system's loop, that has looked once."""
        given = {
            "postgres": self._postgres,
            "db_schema": self._schema,
            "notifier_secret": MASTER,
            "notifier_networks": ("127.0.0.0/8",),
            "notifier_every": "PT0.1S",
            "notifier_first_pause": "PT0.1S",
            "notifier_smtp_tls": "none",
            **changes,
        }
        service = NotifierService(NotifierSettings.model_validate(given))
        self.system.run(service.start())
        try:
            until(lambda: service.ready)
            yield service
        finally:
            self.system.run(service.stop())

    def process(self, output: Path) -> AbstractContextManager[subprocess.Popen[bytes]]:
        """A notifier in a process of its own, killed at the end."""
        log = self.system.log
        told = {
            "notifier_secret": MASTER,
            "notifier_networks": '["127.0.0.0/8"]',
            "notifier_every": "PT0.1S",
            "notifier_first_pause": "PT0.1S",
            "notifier_patience": "PT1S",
        }
        return process("rollbook.notifier", log, self._postgres, self._schema, output, **told)


def set_endpoint(caller: Caller, **document: Any) -> None:
    """Let an endpoint be there, and the model."""
    caller.done("SetEndpoint", {"endpoint": "hook", "document": document})
    position = caller.done("RegisterModel", {})["position"]
    assert caller.look("/endpoints/hook", min_position=position).is_success


def deliveries(caller: Caller, state: str | None = None) -> list[dict[str, Any]]:
    """What was sent to it, or is to be, oldest first."""
    params = {"state": state} if state else {}
    items: list[dict[str, Any]] = caller.look("/endpoints/hook/deliveries", **params).json()[
        "items"
    ]
    return items[::-1]
