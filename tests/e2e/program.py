"""The `rollbook` command as a process of its own, watched line by line."""

import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil

PATIENCE = 60.0
"""Seconds for anything that a quiet machine does in five."""


class Program:
    """One run of `rollbook`; standard output is kept, standard error goes to a file."""

    def __init__(self, folder: Path, *arguments: str, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self.lines: list[str] = []
        self._errors = folder / f"stderr-{time.monotonic_ns()}"
        self._new: queue.Queue[str | None] = queue.Queue()
        with self._errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "rollbook.cli", *arguments],
                cwd=folder,
                env={**clean_environment(), **environment},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._new.put(line.rstrip("\n"))
        self._new.put(None)

    @property
    def errors(self) -> str:
        return self._errors.read_text()

    @property
    def out(self) -> str:
        return "\n".join(self.lines)

    def wait_for(self, pattern: str) -> re.Match[str]:
        """The first line, from here on, that matches."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                line = self._new.get(timeout=max(deadline - time.monotonic(), 0.01))
            except queue.Empty:
                raise AssertionError(
                    f"no {pattern!r} in time:\n{self.out}\n{self.errors}"
                ) from None
            assert line is not None, f"ended without {pattern!r}:\n{self.out}\n{self.errors}"
            self.lines.append(line)
            if found := re.search(pattern, line):
                return found

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def ended(self, patience: float = PATIENCE) -> int:
        """The exit code, when it has ended by itself; everything it said is in `lines` then."""
        code = self.process.wait(patience)
        while (line := self._new.get(timeout=PATIENCE)) is not None:
            self.lines.append(line)
        return code

    def kill(self) -> None:
        """SIGKILL; nothing is left running soon after."""
        self.process.kill()
        self.process.wait(PATIENCE)


@contextmanager
def started(
    folder: Path, *arguments: str, environment: Mapping[str, str] | None = None
) -> Iterator[Program]:
    """A program that is gone afterwards, however the test ends."""
    program = Program(folder, *arguments, environment=environment or {})
    try:
        yield program
    finally:
        if program.process.poll() is None:
            program.kill()


def clean_environment() -> dict[str, str]:
    """Ours, with nothing about Rollbook but where its downloads are cached."""
    kept = {"ROLLBOOK_CACHE", "ROLLBOOK_MAVEN"}
    return {
        key: value
        for key, value in os.environ.items()
        if key in kept or not (key.startswith("ROLLBOOK_") or key == "CI")
    }


def running_below(folder: Path) -> list[str]:
    """Processes whose working directory lies in the folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if Path(process.cwd()).is_relative_to(folder) and process.status() != "zombie":
                found.append(f"{process.pid} {process.name()}")
        except psutil.Error:
            continue
    return found


def nothing_runs_below(folder: Path) -> None:
    """Return when nothing does; children of a killed process need a moment to follow it."""
    deadline = time.monotonic() + PATIENCE
    while left := running_below(folder):
        assert time.monotonic() < deadline, f"still running: {left}"
        time.sleep(0.05)
