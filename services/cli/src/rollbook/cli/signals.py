"""Ctrl-C, SIGTERM and a closed terminal all mean: stop, in order, once."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _heard() -> list[signal.Signals]:
    # nohup and shells that start us in the background have us ignore some: we keep to it.
    return [
        number
        for number in _ENDING
        if number == signal.SIGTERM or signal.getsignal(number) != signal.SIG_IGN
    ]


def deaf() -> None:
    """Let nothing hurry us: we are stopping already, and our children must be stopped in order."""
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    deaf()
    raise KeyboardInterrupt


@contextmanager
def interruptible() -> Iterator[None]:
    """The first signal raises KeyboardInterrupt in the main thread; later ones change nothing."""
    before = {number: signal.getsignal(number) for number in _ENDING}
    for number in _heard():
        signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def set_on_signal(event: asyncio.Event) -> None:
    """Have the running event loop set the event instead."""
    loop = asyncio.get_running_loop()
    for number in _heard():
        loop.add_signal_handler(number, event.set)
