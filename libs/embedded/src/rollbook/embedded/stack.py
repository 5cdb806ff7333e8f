"""Kafka and Postgres together in one folder."""

import fcntl
import shutil
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from rollbook.embedded import installation
from rollbook.embedded.fallback import WARNING, Broker
from rollbook.embedded.kafka import Kafka, Runtime
from rollbook.embedded.postgres import Postgres
from rollbook.embedded.report import Report, StackError, Unavailable, silent


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where the services listen: `kafka` is "host:port", `postgres` a DSN with the password.

    `durable` is False with the in-process broker: then nothing outlives the stack.
    """

    kafka: str
    postgres: str
    durable: bool


class Stack:
    """One Kafka and one Postgres, all their data below `folder`; a context manager.

    One process at a time owns a folder. Children end with their owner, however it ends.
    `kafka_properties` override the broker's settings. `allow_fallback=False` insists on real Kafka.
    """

    kafka: Kafka
    postgres: Postgres

    def __init__(
        self,
        folder: Path,
        *,
        report: Report = silent,
        kafka_properties: Mapping[str, str] | None = None,
        allow_fallback: bool = True,
    ) -> None:
        self.folder = folder.absolute()
        self._report, self._allow_fallback = report, allow_fallback
        self._owned: IO[str] | None = None
        self._broker: Broker | None = None
        self._runtime: Runtime | None = None
        self.kafka = Kafka(
            self.folder / "kafka",
            self._prepared,
            properties=kafka_properties,
            report=report,
        )
        self.postgres = Postgres(self.folder / "postgres", report=report)

    @property
    def endpoints(self) -> Endpoints:
        """Raises StackError before `start`. Ports may change where a service is started anew."""
        if not self._owned:
            raise StackError("the stack is not running: start it first")
        address = self._broker.address if self._broker else self.kafka.address
        return Endpoints(address, self.postgres.address, durable=self._broker is None)

    def start(self) -> Endpoints:
        """Start both in parallel and return when both answer.

        Raises StackError, also where another process owns the folder. Then, as by Ctrl-C, nothing
        is left running.
        """
        self._own()
        try:
            try:
                self._start_real()
            except Unavailable as reason:
                # Never beside a durable log: it would look as if everything in it were lost.
                if not self._allow_fallback or self.kafka.holds_data:
                    raise
                self._start_fallback(reason)
            return self.endpoints
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop what runs, in order, and let go of the folder; more than once does no harm."""
        try:
            with ThreadPoolExecutor(1) as pool:
                postgres = pool.submit(self.postgres.stop)
                self.kafka.stop()
                postgres.result()
            if self._broker:
                self._broker.stop()
        finally:
            self._broker = None
            if self._owned:
                self._owned.close()
                self._owned = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _own(self) -> None:
        if self._owned:
            raise StackError("the stack is running already")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = (self.folder / "lock").open("w")
        except OSError as error:
            raise StackError(f"cannot write to {self.folder}: {error}") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise StackError(
                f"another process is running a stack in {self.folder}: "
                "use its endpoints, stop it, or take another folder"
            ) from None
        self._owned = lock

    def _prepared(self) -> Runtime:
        if not self._runtime:
            self._runtime = installation.runtime(self._report)
        return self._runtime

    def _start_real(self) -> None:
        self._prepared()  # first, so that a fallback finds nothing started yet
        with ThreadPoolExecutor(1) as pool:
            postgres = pool.submit(self.postgres.start)
            self.kafka.start()
            postgres.result()

    def _start_fallback(self, reason: Unavailable) -> None:
        for line in (*WARNING.splitlines(), *str(reason).splitlines()):
            self._report(line)
        # Tables made from a log that vanishes must vanish with it.
        passing = self.folder / "not-durable"
        shutil.rmtree(passing, ignore_errors=True)
        self.postgres = Postgres(passing / "postgres", report=self._report)
        self.postgres.start()
        self._broker = Broker()
        self._report(f"the in-process broker is ready on {self._broker.address}")
