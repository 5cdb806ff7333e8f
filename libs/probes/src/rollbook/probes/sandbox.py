"""Runs a job in a process of its own, watches it, and makes an answer of whatever happens to it."""

import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rollbook.probes.jobs import LONGEST, Job, Told
from rollbook.probes.walls import Wall

LOOKED: Final = 0.02
"""Seconds between two looks at how much memory it uses."""
STARTING: Final = 60.0
"""Seconds until its libraries are there: no fault of the model, so its own do not count yet."""


@dataclass(frozen=True)
class Limits:
    """What a walled process may use."""

    memory: int = 2_000_000_000
    """Bytes that are resident at once."""
    seconds: float = 60.0
    """From when its libraries are there to its end."""
    needed: frozenset[Wall] = frozenset(Wall)
    """Without these walls nothing is loaded."""

    @property
    def processor(self) -> int:
        """Seconds of processor time: two cores' worth."""
        return int(2 * self.seconds) + 2


@dataclass(frozen=True)
class Ended:
    """How a walled process ended without an answer."""

    said: str
    begun: bool = True
    """Whether its libraries were there: before that, it says nothing about the model."""


def scratch_folder() -> Path:
    """A new empty folder that only we may enter."""
    return Path(tempfile.mkdtemp(prefix="rollbook-probe-"))


async def run(job: Job, limits: Limits) -> Told | Ended:
    """The answer to `job`; its scratch folder is gone afterwards, and so is the process."""
    try:
        return await answered(job, limits)
    finally:
        await cleared(job.scratch)


async def cleared(scratch: Path) -> None:
    """The folder is gone."""
    # Not by Python: folders in folders in folders overflow its stack.
    gone = await asyncio.create_subprocess_exec(
        *("rm", "-rf", "--", scratch), stderr=asyncio.subprocess.DEVNULL
    )
    await gone.wait()


async def answered(job: Job, limits: Limits) -> Told | Ended:
    """The answer to `job`; the process is gone afterwards, and its scratch folder is there."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-B", "-m", "rollbook.probes.child"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=job.scratch,
        env=environment(job.scratch),
        start_new_session=True,
        limit=LONGEST,
    )
    begun = asyncio.Event()
    watch = asyncio.create_task(watched(child.pid, limits, begun))
    talk = asyncio.create_task(_talk(child, job.model_dump_json().encode(), begun))
    try:
        await asyncio.wait({watch, talk}, return_when=asyncio.FIRST_COMPLETED)
        answer = _answer(job, *talk.result()) if talk.done() else watch.result()
        return answer if isinstance(answer, Told) else Ended(answer, begun.is_set())
    finally:
        _kill(child)
        for task in (watch, talk):
            task.cancel()
        await asyncio.gather(watch, talk, return_exceptions=True)
        await child.wait()


async def _talk(
    child: asyncio.subprocess.Process, job: bytes, begun: asyncio.Event
) -> tuple[bytes, int]:
    if child.stdin is None or child.stdout is None:
        raise RuntimeError("it was started with pipes")
    try:
        child.stdin.write(job)
        await child.stdin.drain()
        child.stdin.close()
    except (BrokenPipeError, ConnectionResetError):
        pass  # it ended at once; how it ended says more
    answer = bytearray()
    while piece := await child.stdout.read(1 << 16):
        begun.set()
        answer += piece
        if len(answer) > LONGEST:
            _kill(child)
    return bytes(answer), await child.wait()


async def watched(pid: int, limits: Limits, begun: asyncio.Event) -> str:
    """Says why it must end; looks as often as it can afford."""
    until, counting = time.monotonic() + STARTING, False
    while time.monotonic() < until:
        if begun.is_set() and not counting:
            until, counting = time.monotonic() + limits.seconds, True
        if resident(pid) > limits.memory:
            return f"it took more than the {limits.memory:,} bytes of memory that it may use"
        await asyncio.sleep(LOOKED)
    if not counting:
        return f"its libraries were not there within {STARTING:g} seconds"
    return f"it did not come to an end within {limits.seconds:g} seconds"


def resident(pid: int) -> int:
    """Bytes of memory that a process has in use; 0 when it is gone."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _kill(child: asyncio.subprocess.Process) -> None:
    if child.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)


def _answer(job: Job, said: bytes, code: int) -> Told | str:
    if code == -signal.SIGXCPU:
        return "it used more processor time than it may"
    if code < 0:
        return f"it crashed the process that loaded it ({_name(-code)})"
    if code == 0 and len(said) <= LONGEST:
        try:
            return job.answer(said)
        except ValueError:
            pass
    return "it ended the process that loaded it, without an answer that can be read"


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def environment(scratch: Path) -> Mapping[str, str]:
    """None of ours: it may hold secrets."""
    threads = dict.fromkeys(
        ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "LOKY_MAX_CPU_COUNT"), "1"
    )
    return {
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "LANG": "C.UTF-8",
        "PATH": os.defpath,
        "JOBLIB_MULTIPROCESSING": "0",
        **threads,
    }
