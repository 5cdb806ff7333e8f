"""Validators of a system that runs, in its own loop or in processes that can be killed."""

import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from rollbook.artifacts.folders import hash_file, of_file
from rollbook.validator.app import ValidatorService
from rollbook.validator.settings import ValidatorSettings
from tests.integration.query.system import Caller, System, until
from tests.support.workers import process

EVERY = "PT0.1S"
VERDICTS = ("VersionValidated", "VersionRejected")
ACCURATE = {"gate": "accurate", "kind": "metric", "metric": "accuracy", "least": 0.9}


class Tables:
    """Where a system's read models stand, as a validator is told."""

    def __init__(self, system: System, postgres: str, schema: str, models: Path) -> None:
        self.system, self._postgres, self._schema = system, postgres, schema
        self.models = models
        """A folder whose files it may read."""

    def told(self, **changes: object) -> dict[str, object]:
        """The settings of a validator."""
        return {
            "kafka": self.system.log.kafka,
            "app": self.system.log.app,
            "postgres": self._postgres,
            "db_schema": self._schema,
            "validator_every": EVERY,
            "validator_folders": (self.models,),
            **changes,
        }

    @contextmanager
    def watched(self, **changes: object) -> Iterator[ValidatorService]:
        """A validator in this process, in the system's loop."""
        service = ValidatorService(ValidatorSettings.model_validate(self.told(**changes)))
        self.system.run(service.start())
        try:
            yield service
        finally:
            self.system.run(service.stop())

    def process(self, output: Path) -> AbstractContextManager[subprocess.Popen[bytes]]:
        """A validator in a process of its own, killed at the end."""
        where = self.system.log, self._postgres, self._schema
        return process("rollbook.validator", *where, output, validator_every=EVERY)


def save(caller: Caller, *gates: dict[str, Any], name: str = "release", **more: Any) -> None:
    """Put a policy in force in the caller's namespace."""
    caller.done("SavePolicy", {"policy": name, "document": {"gates": list(gates), **more}})


def register(caller: Caller, number: int = 1, accuracy: float = 0.95, **more: Any) -> None:
    """Register a version of which there are no bytes, unless `more` says where they are."""
    digest = f"sha256:{number:064x}"
    body = {
        "artifact": {"uri": "s3://bucket/model", "digest": digest},
        "metrics": {"accuracy": accuracy},
        **more,
    }
    caller.done("RegisterVersion", body)


def artifact(file: Path, format_: str | None = None) -> dict[str, Any]:
    """A file of this machine as an artifact."""
    hashed = hash_file(file, file.parent)
    said = {"uri": file.as_uri(), "digest": of_file(hashed), "size": hashed.size}
    return said | ({"format": format_} if format_ else {})


def verdicts(caller: Caller) -> list[dict[str, Any]]:
    """All verdicts about the caller's model, the oldest first."""
    read = caller.read("/history", limit=500)
    items: list[dict[str, Any]] = read.json()["items"] if read.is_success else []
    found = [item for item in items if item["type"] in VERDICTS]
    return sorted(found, key=lambda item: int(str(item["position"]).rpartition(":")[2]))


def settled(caller: Caller, count: int = 1, seconds: float = 60) -> list[dict[str, Any]]:
    """Wait for so many verdicts."""
    until(lambda: len(verdicts(caller)) >= count, seconds)
    return verdicts(caller)


def outcomes(verdict: dict[str, Any]) -> dict[str, str]:
    """Gate -> what it made of the version."""
    return {gate["gate"]: gate["outcome"] for gate in verdict["data"]["gates"]}


def reasons(verdict: dict[str, Any]) -> dict[str, str]:
    """Gate -> why."""
    return {gate["gate"]: gate["reason"] for gate in verdict["data"]["gates"]}
