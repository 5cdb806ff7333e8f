"""A child process in a session of its own that never outlives this process."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from rollbook.embedded import launcher
from rollbook.embedded.launcher import started
from rollbook.embedded.report import StackError

GONE_AFTER = 10.0  # seconds a killed process may take to disappear


def command_for(
    command: Sequence[str],
    *,
    identity: str = "",
    death: signal.Signals = signal.SIGKILL,
    pid_file: Path | None = None,
) -> list[str]:
    """Make the command line that runs `command` (absolute path first) through the launcher.

    `identity` is "" (same user), "namespace" or "uid:gid"; `death` is the signal it gets when the
    thread that starts it ends (Linux only).
    """
    return [
        *(sys.executable, "-I", "-S", launcher.__file__, str(os.getpid()), str(int(death))),
        *(identity, str(pid_file or ""), *command),
    ]


class Child:
    """One running program; its output goes to a log file, its pid to a pid file.

    It has its own session, so that Ctrl-C in the terminal reaches only us, and it gets `death` when
    we die, however we die.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        folder: Path,
        log: Path,
        pid_file: Path,
        environment: Mapping[str, str],
        identity: str = "",
        death: signal.Signals = signal.SIGKILL,
    ) -> None:
        self._command = command_for(command, identity=identity, death=death, pid_file=pid_file)
        self._folder, self._log, self._pid_file = folder, log, pid_file
        self._environment = environment
        self._began = threading.Event()
        self._ended = threading.Event()
        self._pid = 0
        self._error: Exception | None = None
        # The parent-death signal fires when the *thread* that started the child ends. So a thread
        # of its own starts the child and lives exactly as long as it.
        threading.Thread(target=self._live, name=f"child {log.parent.name}", daemon=True).start()
        self._began.wait()
        if self._error:
            raise StackError(f"cannot start {command[0]}: {self._error}") from self._error

    def _live(self) -> None:
        try:
            with self._log.open("ab") as log:
                process = subprocess.Popen(
                    self._command,
                    cwd=self._folder,
                    env=self._environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
        except (OSError, ValueError) as error:  # ValueError: a NUL in a path
            self._error = error
            self._began.set()
            return
        self._pid = process.pid
        self._began.set()
        process.wait()
        # The next start must not take a later process with the same pid for ours.
        self._pid_file.unlink(missing_ok=True)
        self._ended.set()

    @property
    def pid(self) -> int:
        """Of the program: the launcher becomes it."""
        return self._pid

    @property
    def running(self) -> bool:
        """Whether it has not ended; a paused one runs."""
        return not self._ended.is_set()

    def send(self, number: signal.Signals) -> None:
        """Send the signal to the process and to all its descendants; no error if it is gone."""
        if self.running:
            for pid in tree(self.pid):
                with suppress(ProcessLookupError):
                    os.kill(pid, number)

    def stop(self, number: signal.Signals, patience: float) -> None:
        """Ask with the signal, kill after `patience` seconds; return when it is gone."""
        if self.running:
            self.send(signal.SIGCONT)  # a paused process would not hear us
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)
            if not self._ended.wait(patience):
                self.kill()

    def kill(self) -> None:
        """SIGKILL to it and its descendants; return when they are gone."""
        self.send(signal.SIGKILL)
        if not self._ended.wait(GONE_AFTER):
            raise StackError(f"process {self.pid} does not end, even by SIGKILL")


def tree(pid: int) -> list[int]:
    """List the process and its descendants, parents first."""
    children: dict[int, list[int]] = {}
    for child, parent in _parents():
        children.setdefault(parent, []).append(child)
    found = [pid]
    for each in found:
        found.extend(children.get(each, ()))
    return found


def _parents() -> list[tuple[int, int]]:
    pairs = []
    if Path("/proc/self/stat").exists():
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with suppress(OSError):
                    stat = (entry / "stat").read_bytes().rpartition(b")")[2].split()
                    pairs.append((int(entry.name), int(stat[1])))
    else:
        listing = subprocess.run(["/bin/ps", "-axo", "pid=,ppid="], capture_output=True, check=True)
        pairs = [(int(a), int(b)) for a, b in map(bytes.split, listing.stdout.splitlines())]
    return pairs


def end_stale(pid_file: Path) -> int | None:
    """Kill what an earlier owner of the folder left running. Returns its pid, None if nothing.

    Call it only as the owner of the folder: it does not ask whether somebody still wants it.
    """
    try:
        note = json.loads(pid_file.read_text())
        pid, since = int(note["pid"]), note["started"]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    if started(pid) != since or since is None:
        pid_file.unlink(missing_ok=True)
        return None
    doomed = [(each, started(each)) for each in tree(pid)]
    for each, _ in doomed:
        with suppress(ProcessLookupError):
            os.kill(each, signal.SIGKILL)
    deadline = time.monotonic() + GONE_AFTER
    while any(began is not None and started(each) == began for each, began in doomed):
        if time.monotonic() > deadline:
            raise StackError(f"process {pid}, left by an earlier run, does not end: kill it")
        time.sleep(0.02)
    pid_file.unlink(missing_ok=True)
    return pid
