"""Waiting for whichever happens first."""

import asyncio
import threading
from collections.abc import Callable, Coroutine


async def first(*waits: Coroutine[object, object, object]) -> int:
    """Which of them ended first, by its place in the list; raises what it raised, ends the rest."""
    tasks = [asyncio.create_task(wait) for wait in waits]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        number = next(n for n, task in enumerate(tasks) if task in done)
        tasks[number].result()
        return number
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def in_daemon(work: Callable[[], None]) -> None:
    """Run it in a thread that nobody waits for when the process ends; raises what it raised."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def settle(error: BaseException | None) -> None:
        if done.done():
            return
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)

    def run() -> None:
        error = None
        try:
            work()
        except BaseException as raised:  # noqa: BLE001  # it is raised again where it is awaited
            error = raised
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, error)

    threading.Thread(target=run, name="story", daemon=True).start()
    await done
