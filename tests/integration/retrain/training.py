"""Retrain services of a system that runs, in its own loop or in processes that can be killed."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from rollbook.retrain.app import RetrainService
from rollbook.retrain.settings import RetrainSettings
from tests.integration.query.system import Caller, System
from tests.support.workers import process

EVERY = "PT0.1S"
TRAINER = Path(__file__).with_name("trainer.py")


class Tables:
    """Where a system's read models stand, as a retrain service is told."""

    def __init__(self, system: System, postgres: str, schema: str, folder: Path) -> None:
        self.system, self._postgres, self._schema, self.folder = system, postgres, schema, folder

    def pipelines(self, **named: dict[str, Any]) -> Path:
        """A file that names pipelines."""
        file = self.folder / "pipelines.yaml"
        file.write_text(json.dumps(named))  # JSON is YAML, too
        return file

    def settings(self, pipelines: Path, **changes: object) -> dict[str, object]:
        """What a retrain service is told."""
        log = self.system.log
        return {
            "kafka": log.kafka,
            "app": log.app,
            "postgres": self._postgres,
            "db_schema": self._schema,
            "retrain_pipelines": str(pipelines),
            "retrain_networks": ("127.0.0.0/8",),
            "retrain_runs": str(self.folder / "runs"),
            "retrain_every": EVERY,
            "retrain_poll": EVERY,
            "retrain_grace": "PT0.5S",
            **changes,
        }

    @contextmanager
    def trained(self, pipelines: Path, **changes: object) -> Iterator[RetrainService]:
        """A retrain service in this process, in the system's loop."""
        given = self.settings(pipelines, **changes)
        service = RetrainService(RetrainSettings.model_validate(given))
        self.system.run(service.start())
        try:
            yield service
        finally:
            self.system.run(service.stop())

    def process(
        self, pipelines: Path, output: Path
    ) -> AbstractContextManager[subprocess.Popen[bytes]]:
        """A retrain service in a process of its own, killed at the end."""
        own = self.settings(pipelines, retrain_networks='["127.0.0.0/8"]')
        told = {name: str(value) for name, value in own.items() if name.startswith("retrain_")}
        log = self.system.log
        return process("rollbook.retrain", log, self._postgres, self._schema, output, **told)


def local(*arguments: str, **more: Any) -> dict[str, Any]:
    """A pipeline that runs a command of this machine."""
    return {"kind": "local", "command": [sys.executable, str(TRAINER), *arguments], **more}


def planned(caller: Caller, pipeline: str, **policy: object) -> None:
    """Let the model be there, with a version and a policy."""
    caller.done("RegisterModel", {})
    caller.version()
    document = {"pipeline": pipeline, "cooldown": "PT0S", "debounce": "PT0S", **policy}
    caller.done("SetRetraining", {"document": document})


def asked(caller: Caller) -> None:
    """Let somebody ask for a retraining."""
    caller.done("RequestRetraining", {"reason": "prices changed"})


def shown(caller: Caller, number: int = 1) -> dict[str, Any]:
    """A retraining as the tables have it; nothing as long as they do not."""
    read = caller.read(f"/retrainings/{number}")
    found: dict[str, Any] = read.json() if read.is_success else {"state": "unknown"}
    return found
