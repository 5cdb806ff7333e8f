"""Shows how a start goes: a spinner and a bar on a terminal, plain lines anywhere else."""

import sys
import time
from typing import TYPE_CHECKING

from rollbook.cli.output import console, plain
from rollbook.embedded.report import Progress

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.status import Status

QUARTERS = 4
"""How often a download reports on a stream that nobody watches."""


class Screen:
    """Takes lines from any thread."""

    def __init__(self) -> None:
        self.console = console()
        self._status: Status | None = None
        self._began = time.monotonic()
        self._quarter = -1

    @property
    def elapsed(self) -> float:
        """Seconds since the command began."""
        return time.monotonic() - self._began

    @property
    def watched(self) -> bool:
        """Whether a person sees this on a terminal."""
        return self.console.is_terminal

    def busy(self, text: str) -> None:
        """Say what goes on; on a terminal with a spinner, until the next line of this kind."""
        if not self.watched:
            self.say(text)
        elif self._status is None:
            self._status = self.console.status(text)
            self._status.start()
        else:
            self._status.update(text)

    def done(self) -> None:
        """Take the spinner away."""
        if self._status is not None:
            self._status.stop()
            self._status = None

    def say(self, text: "RenderableType") -> None:
        """Write a line; rich markup is understood."""
        self.console.print(text)
        sys.stdout.flush()

    def report(self, line: str) -> None:
        """Take a line of the embedded stack; be its `Report`."""
        if isinstance(line, Progress):
            self._progress(line)
        elif line.startswith("!!!"):
            self.say(f"[bold red]{plain(line)}[/]")
        else:
            self.say(f"[dim]{self.elapsed:5.1f} s[/]  {plain(line)}")

    def _progress(self, line: Progress) -> None:
        if self.watched:
            self.busy(plain(line))
            return
        quarter = line.done * QUARTERS // max(line.total, 1)
        if quarter != self._quarter:
            self._quarter = quarter
            self.say(f"{self.elapsed:5.1f} s  {plain(line)}")
