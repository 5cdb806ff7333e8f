"""Sends the service's commands; they are seldom, so in between nothing of ours reads the log."""

import asyncio

from rollbook.domain.streams import StreamCommand
from rollbook.eventlog.asking import Asker
from rollbook.eventlog.outcomes import CommandRefused
from rollbook.eventlog.topics import LogAddress
from rollbook.eventlog.voice import Voice
from rollbook.observability.logs import logger
from rollbook.readmodel.watching import PATIENCE

log = logger(__name__)


class Speaker:
    """One command at a time; `NoAnswer` or `Unavailable` as `Asker.ask`."""

    def __init__(self, address: LogAddress, voice: Voice) -> None:
        self._address = address
        self._voice = voice
        self._turn = asyncio.Lock()

    async def say(self, id_: str, model: str, command: StreamCommand) -> bool:
        """Whether a command was not refused; a refusal is told in the log of the service."""
        async with self._turn:
            asker = Asker(self._address)
            try:
                async with asyncio.timeout(PATIENCE):
                    await asker.start()
                outcome = await self._voice.ask(asker, id_, model, command)
            finally:
                await asker.stop()
        about = {"model": model, "command": type(command).__name__}
        match outcome.message:
            case CommandRefused(code=code, message=message):
                log.warning("refused", code=code, reason=message, **about)
                return False
            case _:
                log.info("said", position=str(outcome.position), **about)
                return True
