"""The service's end of the process of a version: started, asked, watched, and gone at the end."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final, NamedTuple

import orjson

from rollbook.probes import sandbox
from rollbook.serving import frames
from rollbook.serving.frames import HEAD, Kind
from rollbook.serving.worker import WorkerJob

UNREAD: Final = 64 << 20
"""Bytes of requests that the process has not taken yet, beyond which no more are sent."""
LOOKED: Final = 1.0
"""Seconds between two looks at how much memory it uses."""

Seen = Callable[[Mapping[str, Any]], None]
"""Hears inputs and predictions, after the answer."""


class CannotLoad(Exception):
    """The version cannot be loaded; why, in a sentence."""


class Gone(Exception):
    """The process ended while it was asked something."""


class Full(Exception):
    """Too much waits for the version already."""


class Answer(NamedTuple):
    """What came of a request: ANSWERED with a body; WRONG or FAILED with a sentence."""

    kind: Kind
    body: bytes


class Child:
    """One process that holds one version; see `started`."""

    def __init__(self, process: asyncio.subprocess.Process, job: WorkerJob) -> None:
        self._process = process
        self._job = job
        self._number = 0
        self._heard = time.monotonic()
        self._asked: dict[int, asyncio.Future[Answer]] = {}
        self._told: dict[int, Seen] = {}
        self._ready: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._tasks = [
            asyncio.create_task(self._read(), name="worker"),
            asyncio.create_task(self._watch(), name="worker-memory"),
        ]

    @classmethod
    async def started(cls, job: WorkerJob, patience: float) -> "Child":
        """A process in which the version is loaded; `CannotLoad`."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-B", "-m", "rollbook.serving.worker"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=job.scratch,
            env=sandbox.environment(job.scratch),
            start_new_session=True,
        )
        child = cls(process, job)
        try:
            child._write(job.model_dump_json().encode() + b"\n")
            async with asyncio.timeout(patience):
                await child._ready
        except TimeoutError:
            await child.end()
            raise CannotLoad(f"it was not loaded within {patience:g} seconds") from None
        except BaseException:
            await child.end()
            raise
        return child

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    @property
    def gone(self) -> asyncio.Task[None]:
        """Done when the process has ended."""
        return self._tasks[0]

    async def ask(self, identity: str, body: bytes, seen: Seen | None) -> Answer:
        """What the model says; `Gone` when its process ends before it says it, or `Full`."""
        if self.gone.done() or self._process.stdin is None:
            raise Gone
        if self._process.stdin.transport.get_write_buffer_size() > UNREAD:
            raise Full
        self._number = number = (self._number + 1) % (1 << 32)
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._asked[number] = answer
        kind = Kind.ASKED
        if seen is not None:
            kind = Kind.ASKED_AND_TOLD
            self._told[number] = seen
        try:
            self._write(frames.packed(kind, number, frames.asked(identity, body)))
            return await answer
        finally:
            self._asked.pop(number, None)

    def kill_if_silent(self, seconds: float) -> None:
        """Kill the process if it has not said anything for so long: it will not any more."""
        if time.monotonic() - self._heard >= seconds:
            self._kill()

    async def end(self) -> None:
        """End the process, whatever it does."""
        self._kill()
        await self._process.wait()
        self._tasks[1].cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await sandbox.cleared(self._job.scratch)

    def _write(self, frame: bytes) -> None:
        if self._process.stdin is not None:
            with suppress(BrokenPipeError, ConnectionResetError, RuntimeError):
                self._process.stdin.write(frame)  # it ended: whoever reads from it hears that

    async def _read(self) -> None:
        source = self._process.stdout
        if source is None:
            raise RuntimeError("it was started with pipes")
        try:
            while True:
                length, number, kind = HEAD.unpack(await source.readexactly(HEAD.size))
                self._take(Kind(kind), number, await source.readexactly(length))
        except (asyncio.IncompleteReadError, ConnectionResetError, ValueError):
            pass
        finally:
            if not self._ready.done():
                self._ready.set_exception(CannotLoad("it ended the process that loaded it"))
            for asked in self._asked.values():
                if not asked.done():
                    asked.set_exception(Gone())
            self._told.clear()

    def _take(self, kind: Kind, number: int, payload: bytes) -> None:
        self._heard = time.monotonic()
        match kind:
            case Kind.LOADED:
                self._ready.set_result(float(orjson.loads(payload)["seconds"]))
            case Kind.CANNOT:
                self._ready.set_exception(CannotLoad(payload.decode(errors="replace")))
            case Kind.SEEN:
                if (told := self._told.pop(number, None)) is not None:
                    told(orjson.loads(payload))
            case _:
                if kind is not Kind.ANSWERED:
                    self._told.pop(number, None)
                asked = self._asked.get(number)
                if asked is not None and not asked.done():
                    asked.set_result(Answer(kind, payload))

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOKED)
            if sandbox.resident(self._process.pid) > self._job.memory:
                self._kill()

    def _kill(self) -> None:
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
