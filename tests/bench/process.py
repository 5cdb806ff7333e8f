"""Services in processes of their own, as they run where they matter."""

import asyncio
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path


class Failed(Exception):
    """A process ended before it should, or something did not come about in time."""


@asynccontextmanager
async def running(
    command: Sequence[str], env: Mapping[str, str], output: Path
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process while the block runs; SIGTERM ends it, SIGKILL if that takes too long."""
    with output.open("ab") as out:
        process = await asyncio.create_subprocess_exec(
            *command, env=dict(env), stdin=asyncio.subprocess.DEVNULL, stdout=out, stderr=out
        )
    try:
        yield process
    except Failed as failed:
        said = output.read_text()[-2000:]  # noqa: ASYNC240  # nothing else runs any more
        failed.add_note(f"{' '.join(command)} said last:\n{said}")
        raise
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(30):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()


def python(module: str, *arguments: str) -> list[str]:
    """The command line of a module of ours."""
    return [sys.executable, "-m", module, *arguments]


async def answer(command: Sequence[str], env: Mapping[str, str]) -> str:
    """Run to the end and return what it printed."""
    process = await asyncio.create_subprocess_exec(
        *command, env=dict(env), stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await process.communicate()
    if process.returncode:
        raise Failed(f"{' '.join(command)} ended with {process.returncode}")
    return printed.decode()


async def until(
    condition: Callable[[], Awaitable[bool]], *, seconds: float = 60, every: float = 0.02
) -> None:
    """Wait for `condition`; `Failed` when it does not hold after `seconds`."""
    deadline = time.monotonic() + seconds
    while not await condition():
        if time.monotonic() > deadline:
            raise Failed(f"still waiting after {seconds:g} s")
        await asyncio.sleep(every)
