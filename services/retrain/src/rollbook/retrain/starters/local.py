"""A command on this machine: a folder of its own for each run, which outlives this service."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field

from rollbook.outbound.asking import Unsent
from rollbook.retrain.starters.shape import Order, Rejected, Run, Shape, Standing, State
from rollbook.retrain.starters.webhook import letter

RUNNER: Final = Path(__file__).with_name("runner.py")
PASSED_ON: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "SSL_CERT_FILE")
"""Of our own environment; the rest may hold secrets of ours."""


class LocalTarget(Shape):
    """A program and its arguments; no shell looks at them."""

    kind: Literal["local"]
    command: Annotated[tuple[str, ...], Field(min_length=1)]
    folder: Path | None = None
    """Where it works; its run's own folder if not named."""
    environment: dict[str, str] = Field(default_factory=dict)
    pass_on: tuple[str, ...] = ()
    """Names of variables of this service's environment that it gets too, such as a token."""


class Local:
    """Runs a command; `ROLLBOOK_RESULT` names the file in which it says what it registered."""

    settle = timedelta(seconds=5)

    def __init__(self, target: LocalTarget, runs: Path) -> None:
        self._target = target
        self._runs = runs

    async def find(self, order: Order) -> Run | None:
        """The run, if its process has begun."""
        return Run(order.key) if (self._folder(order.key) / "begun").exists() else None

    async def start(self, order: Order) -> Run:
        """Whoever makes the folder `begun` runs it: of two processes one ends at once."""
        folder = self._folder(order.key)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "stdin").write_text(json.dumps(letter(order)), encoding="utf-8")
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-I",
                str(RUNNER),
                str(folder),
                str(self._target.folder or folder),
                *self._target.command,
                env=self._environment(order, folder),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            raise Rejected(f"the command cannot be started: {error}") from None
        try:
            async with asyncio.timeout(10):
                await process.wait()  # it hands the command over to a process of its own
        except TimeoutError:
            raise Unsent("this machine is too slow to start the command") from None
        return Run(order.key)

    async def look(self, order: Order, run: str) -> State:
        """By what it left in its folder."""
        del order
        folder = self._folder(run)
        lives = _lives(folder)  # first: it may end right afterwards
        code = _number(folder / "ended")
        if code is None:
            return State(Standing.RUNNING if lives else Standing.GONE)
        if code != 0:
            return State(Standing.FAILED, f"the command ended with {code}: {_last(folder)}")
        return State(Standing.DONE, version=_result(folder / "result"))

    async def stop(self, order: Order, run: str) -> None:
        """The command and all that it started."""
        del order
        folder = self._folder(run)
        process = _number(folder / "process")
        if process is not None and _lives(folder):
            with suppress(ProcessLookupError):
                os.killpg(process, signal.SIGTERM)

    def _folder(self, key: str) -> Path:
        return self._runs / key

    def _environment(self, order: Order, folder: Path) -> Mapping[str, str]:
        own = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        more = {name: os.environ[name] for name in self._target.pass_on if name in os.environ}
        said = {
            "ROLLBOOK_RUN": order.key,
            "ROLLBOOK_MODEL": order.model,
            "ROLLBOOK_RETRAINING": str(order.retraining),
            "ROLLBOOK_RESULT": str(folder / "result"),
        }
        if order.alarm is not None:
            said["ROLLBOOK_ALARM"] = str(order.alarm)
        return {**own, **more, **self._target.environment, **said}


def _lives(folder: Path) -> bool:
    """Whether the process that began the run is there, and no other of its number."""
    process = _number(folder / "process")
    if process is None:
        return (folder / "begun").exists() and not _old(folder / "begun")
    try:
        found = (folder / "birth").read_text()
        return found == birth(process)
    except OSError:
        return False


def birth(process: int) -> str:
    """When a process began, in ticks of the machine; empty where there is none."""
    try:
        line = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return _alive_elsewhere(process)
    after = line[line.rindex(")") + 2 :].split()
    return "" if after[0] == "Z" else after[19]


def _alive_elsewhere(process: int) -> str:
    """On machines without /proc, all that can be asked is whether it is there."""
    if Path("/proc/self").exists():
        return ""
    try:
        os.kill(process, 0)
    except OSError:
        return ""
    return "there"


def _old(path: Path) -> bool:
    """Whether what should have begun to work long ago never did."""
    return time.time() - path.stat().st_mtime > 60


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def _result(path: Path) -> int | None:
    """`7`, or `{"version": 7}`."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    version = found.get("version") if isinstance(found, dict) else found
    return version if type(version) is int and version > 0 else None


def _last(folder: Path) -> str:
    """The end of what it said."""
    try:
        with (folder / "output").open("rb") as output:
            output.seek(max(0, output.seek(0, 2) - 500))
            text = output.read().decode(errors="replace")
    except OSError:
        return ""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
