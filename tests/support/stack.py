"""One real Kafka and one real Postgres for a whole test run: containers where Docker answers."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from uuid import uuid4

from rollbook.embedded import Stack
from rollbook.eventlog.topics import LogAddress


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where the real Kafka and the real Postgres of this run listen."""

    kafka: str
    postgres: str

    def log(self) -> LogAddress:
        """A log of its own for one test: fresh topic names on the shared broker."""
        return LogAddress(self.kafka, f"t{uuid4().hex[:12]}")

    def schema(self) -> str:
        """A Postgres schema name of its own for one test."""
        return f"t{uuid4().hex[:12]}"


def docker_answers() -> bool:
    """Whether a Docker engine is there, and not only its client."""
    if which("docker") is None:
        return False
    return subprocess.run(["docker", "info"], capture_output=True, check=False).returncode == 0


@contextmanager
def running_cluster(folder: Path) -> Iterator[Cluster]:
    """ROLLBOOK_TEST_KAFKA and ROLLBOOK_TEST_POSTGRES, else containers, else the embedded stack."""
    kafka, postgres = (os.environ.get(f"ROLLBOOK_TEST_{n}") for n in ("KAFKA", "POSTGRES"))
    if kafka and postgres:
        yield Cluster(kafka, postgres)
        return
    with ExitStack() as stack:
        if docker_answers():
            from testcontainers.kafka import KafkaContainer
            from testcontainers.postgres import PostgresContainer

            broker = stack.enter_context(KafkaContainer("apache/kafka:4.0.0"))
            database = stack.enter_context(PostgresContainer("postgres:17", driver=None))
            yield Cluster(broker.get_bootstrap_server(), database.get_connection_url())
        else:
            # A guarantee is never tested on the stand-in broker.
            endpoints = stack.enter_context(Stack(folder, allow_fallback=False)).endpoints
            yield Cluster(endpoints.kafka, endpoints.postgres)
