"""A watcher ends when it is told to, whatever those do that it waits for."""

import asyncio
from contextlib import suppress

import pytest

from rollbook.eventlog.log import Unavailable
from rollbook.readmodel.watching import LETTING_GO, Watcher


class Deaf(Watcher):
    """As with a client of Kafka: who closes it keeps a cancellation to itself, and waits."""

    def __init__(self) -> None:
        super().__init__("deaf")
        self.waits = asyncio.Event()

    async def _session(self) -> None:
        with suppress(asyncio.CancelledError):
            self.waits.set()
            await asyncio.Event().wait()
        await asyncio.Event().wait()


class Quick(Watcher):
    """Keeps a cancellation to itself, and looks again."""

    def __init__(self) -> None:
        super().__init__("quick")
        self.waits = asyncio.Event()

    async def _session(self) -> None:
        while True:
            with suppress(asyncio.CancelledError):
                self.waits.set()
                await asyncio.Event().wait()
            self._has_looked()


class Down(Watcher):
    """What it looks at is down."""

    def __init__(self) -> None:
        super().__init__("down")
        self.waits = asyncio.Event()

    async def _session(self) -> None:
        self.waits.set()
        raise Unavailable("gone")


@pytest.mark.parametrize("kind", [Deaf, Quick, Down])
async def test_it_stops_at_any_moment(kind: type[Deaf | Quick | Down]) -> None:
    watcher = kind()
    await watcher.start()
    await watcher.waits.wait()
    async with asyncio.timeout(10 * LETTING_GO):
        await watcher.stop()
        await watcher.stop()


class Broken(Watcher):
    """Has a fault of its own."""

    async def _session(self) -> None:
        raise ZeroDivisionError


async def test_a_fault_of_its_own_is_not_kept_quiet() -> None:
    watcher = Broken("broken")
    with pytest.raises(ZeroDivisionError):
        await watcher.run()
