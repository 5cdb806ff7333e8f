"""The shell of a service that looks at the tables again and again, whatever is down meanwhile."""

import asyncio
from abc import ABC, abstractmethod
from contextlib import suppress

from rollbook.eventlog.asking import NoAnswer
from rollbook.eventlog.log import Unavailable
from rollbook.observability.logs import logger
from rollbook.readmodel import database

log = logger(__name__)

FIRST_PAUSE = 0.05
LAST_PAUSE = 5.0
"""Seconds before a world that is down is tried again; doubled each time."""

PATIENCE = 10.0
"""Seconds that a look at the tables may take, and the way into Kafka."""

LETTING_GO = 3.0
"""Seconds that connections are given to close before they are told again."""


class Watcher(ABC):
    """Any number may run; what was not done when one stops is done at the next start."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._watching: asyncio.Task[None] | None = None
        self._looked = False

    @property
    def ready(self) -> bool:
        """Whether its last look, and what came of it, went through."""
        return self._looked

    async def start(self) -> None:
        """Begin; what is down is waited for."""
        self._watching = asyncio.create_task(self._watch(), name=self._name)

    async def run(self) -> None:
        """Look until cancelled."""
        await self.start()
        assert self._watching is not None  # noqa: S101  # set by start
        try:
            await asyncio.shield(self._watching)
        finally:
            await self.stop()

    async def stop(self) -> None:
        """Stop, at any moment, whatever does not answer."""
        if self._watching is None:
            return
        while not self._watching.done():
            # Whoever closes a connection may keep a cancellation to itself, and wait for ever.
            self._watching.cancel()
            await asyncio.wait((self._watching,), timeout=LETTING_GO)
        with suppress(asyncio.CancelledError):
            self._watching.result()

    @abstractmethod
    async def _session(self) -> None:
        """Look again and again until something is down, and say `_has_looked` after each look."""

    def _has_looked(self) -> None:
        self._heed()
        self._looked = True

    def _heed(self) -> None:
        # A client of Kafka that is being closed keeps a cancellation to itself, and a group of
        # tasks tells of an error instead.
        if self._watching is not None and self._watching.cancelling():
            raise asyncio.CancelledError

    async def _watch(self) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                await self._session()
            except* (Unavailable, NoAnswer, *database.DOWN) as errors:
                pause = FIRST_PAUSE if self._looked else min(pause * 2, LAST_PAUSE)
                reason = "; ".join(_said(error) for error in errors.exceptions)
                log.warning(
                    "not available: trying again", service=self._name, reason=reason, seconds=pause
                )
            self._looked = False
            self._heed()
            await asyncio.sleep(pause)


def _said(error: BaseException) -> str:
    return repr(error) if str(error) else f"no answer within {PATIENCE:g} s"
