"""One durable Kafka node (KRaft, broker and controller in one process) in a folder."""

import base64
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rollbook.embedded.ports import HOST, remembered
from rollbook.embedded.process import Child, command_for, end_stale
from rollbook.embedded.report import Report, StackError, silent

PATIENCE = 60.0  # seconds until a starting broker must answer
ATTEMPTS = 3  # a port may be taken between our look and its bind

PROPERTIES: Mapping[str, str] = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "listener.security.protocol.map": "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "inter.broker.listener.name": "BROKER",
    "controller.listener.names": "CONTROLLER",
    # The log is the truth of the registry: nothing goes unless a topic says so itself.
    "log.retention.ms": "-1",
    "auto.create.topics.enable": "false",
    "default.replication.factor": "1",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    # Groups of one machine are complete at once, and small ones may notice a death quickly.
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    # A killed broker may register again only when its session has expired. It asks at growing
    # intervals, the sixth time after 3.1 s: a session a little shorter makes that one succeed.
    "broker.session.timeout.ms": "2500",
    "broker.heartbeat.interval.ms": "1000",
    "message.max.bytes": str(8 << 20),
    # The default, 128 MB, would be allocated at once and is half of the heap.
    "log.cleaner.dedupe.buffer.size": str(8 << 20),
    "num.network.threads": "2",
    "num.io.threads": "4",
    "background.threads": "4",
}

JVM = (
    "-Xms32m",
    "-Xmx256m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:+ExitOnOutOfMemoryError",
    "-Djava.awt.headless=true",
    "-Dlog4j2.configurationFile=log4j2.properties",
)

LOGGING = """\
status = error
rootLogger.level = WARN
rootLogger.appenderRef.out.ref = out
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d %p %m (%c)%n
"""


@dataclass(frozen=True, slots=True)
class Runtime:
    """What it takes to run a class of Kafka: executable, class path, further JVM flags."""

    java: Path
    classpath: str
    flags: tuple[str, ...]

    def command(self, main: str, *arguments: str) -> list[str]:
        """Make the command line of that class."""
        return [str(self.java), *JVM, *self.flags, "-cp", self.classpath, main, *arguments]


class Kafka:
    """A broker on 127.0.0.1 whose data, log and ports live in `folder`.

    It answers PLAINTEXT without authentication: whoever may connect to this machine's loopback may
    read and write. A SIGKILL loses nothing that was acknowledged; a power cut may, since Kafka
    leaves the flushing to the operating system.
    """

    def __init__(
        self,
        folder: Path,
        runtime: Callable[[], Runtime],
        *,
        properties: Mapping[str, str] | None = None,
        report: Report = silent,
    ) -> None:
        self.folder = folder
        self._runtime, self._report = runtime, report
        self._properties = dict(properties or {})
        self._child: Child | None = None
        self._port = 0

    @property
    def holds_data(self) -> bool:
        """Whether the folder was ever used by a broker."""
        return (self.folder / "data").exists()

    @property
    def running(self) -> bool:
        """Whether there is a process; a paused one counts."""
        return self._child is not None and self._child.running

    @property
    def pid(self) -> int:
        """Of the JVM. Raises StackError where it does not run."""
        return self._running().pid

    @property
    def address(self) -> str:
        """The bootstrap server, "127.0.0.1:<port>"; valid after the first start."""
        return f"{HOST}:{self._port}"

    def start(self) -> None:
        """Return when the broker answers requests; do nothing if it runs. Raises StackError."""
        if self.running:
            return
        began = time.monotonic()
        runtime = self._runtime()
        self.folder.mkdir(parents=True, exist_ok=True)
        if stale := end_stale(self.folder / "pid"):
            self._report(f"Kafka: ended process {stale}, left over from an earlier run")
        (self.folder / "log4j2.properties").write_text(LOGGING)
        for attempt in range(1, ATTEMPTS + 1):
            self._port, controller = remembered(self.folder / "ports", 2)
            if not self.holds_data:
                self._format(runtime, controller)
            self._configure("server.properties", "data", controller)
            try:
                self._launch(runtime)
                break
            except StackError as failure:
                if "Address already in use" not in str(failure) or attempt == ATTEMPTS:
                    raise
                (self.folder / "ports").unlink()
        self._report(f"Kafka is ready on {self.address} ({time.monotonic() - began:.1f} s)")

    def stop(self) -> None:
        """Stop it orderly; return when the process is gone."""
        if self._child:
            self._child.stop(signal.SIGTERM, patience=60.0)

    def kill(self) -> None:
        """Send SIGKILL; return when the process is gone."""
        self._running().kill()

    def pause(self) -> None:
        """Send SIGSTOP: connections stay open, nothing answers."""
        self._running().send(signal.SIGSTOP)

    def resume(self) -> None:
        """Send SIGCONT."""
        self._running().send(signal.SIGCONT)

    def _running(self) -> Child:
        if not self._child or not self._child.running:
            raise StackError("Kafka is not running: start it first")
        return self._child

    def _configure(self, file: str, data: str, controller: int) -> None:
        listeners = f"BROKER://{self.address},CONTROLLER://{HOST}:{controller}"
        properties = {
            **PROPERTIES,
            "listeners": listeners,
            "advertised.listeners": listeners,
            "controller.quorum.bootstrap.servers": f"{HOST}:{controller}",
            # Relative to the folder, so that no space or comma in a path ever matters.
            "log.dirs": data,
            **self._properties,
        }
        text = "".join(f"{key}={value}\n" for key, value in properties.items())
        (self.folder / file).write_text(text.replace("\\", "\\\\"))

    def _format(self, runtime: Runtime, controller: int) -> None:
        # Beside its final place and then renamed: a kill on the way leaves nothing half-formatted.
        shutil.rmtree(self.folder / "data.new", ignore_errors=True)
        self._configure("format.properties", "data.new", controller)
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
        command = runtime.command(
            "kafka.tools.StorageTool",
            *("format", "--standalone", "--ignore-formatted"),
            *(f"--cluster-id={cluster}", "--config=format.properties"),
        )
        run = subprocess.run(
            command_for(command),
            cwd=self.folder,
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
            start_new_session=True,
        )
        if run.returncode != 0:
            said = (run.stdout + run.stderr).strip()[-1500:]
            raise StackError(f"Kafka's storage could not be formatted in {self.folder}:\n{said}")
        (self.folder / "data.new").rename(self.folder / "data")

    def _launch(self, runtime: Runtime) -> None:
        log = self.folder / "log"
        if log.exists():
            log.replace(self.folder / "log.previous")
        child = self._child = Child(
            runtime.command("kafka.Kafka", "server.properties"),
            folder=self.folder,
            log=log,
            pid_file=self.folder / "pid",
            environment=environment(),
        )
        deadline = time.monotonic() + PATIENCE
        while not answers(self._port):
            if not child.running or time.monotonic() > deadline:
                child.kill()
                tail = log.read_text(errors="replace")[-1500:]
                raise StackError(f"Kafka did not start; the end of {log}:\n{tail}")
            time.sleep(0.02)


def environment() -> dict[str, str]:
    """Copy ours without what would change the JVM; make it UTF-8."""
    foreign = re.compile(r"(JAVA_TOOL_OPTIONS|JDK_JAVA_OPTIONS|_JAVA_OPTIONS|CLASSPATH|KAFKA_.*)$")
    kept = {key: value for key, value in os.environ.items() if not foreign.match(key)}
    return {**kept, "LC_ALL": "C.UTF-8"}


def answers(port: int) -> bool:
    """Tell whether a broker there answers ApiVersions (key 18, version 0) without error."""
    request = b"\0\x12" + b"\0\0" + b"\0\0\0\x01" + b"\xff\xff"  # key, version, id, no client id
    try:
        with socket.create_connection((HOST, port), timeout=1) as connection:
            connection.sendall(len(request).to_bytes(4, "big") + request)
            answer = b""
            while len(answer) < 10 and (part := connection.recv(10 - len(answer))):
                answer += part
    except OSError:
        return False
    return answer[4:10] == b"\0\0\0\x01\0\0"  # the same id, error code 0
