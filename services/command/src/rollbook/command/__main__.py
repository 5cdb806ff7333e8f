"""`python -m rollbook.command`: one command-service process."""

import asyncio
import signal
from contextlib import suppress

import uvloop

from rollbook.command.app import CommandService
from rollbook.command.settings import CommandSettings
from rollbook.observability import logs


async def serve() -> None:
    """Serve until SIGINT or SIGTERM."""
    task = asyncio.ensure_future(CommandService(CommandSettings()).run())
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    with suppress(asyncio.CancelledError):
        await task


def main() -> None:
    """Run one process."""
    logs.configure()
    uvloop.run(serve())


if __name__ == "__main__":
    main()
