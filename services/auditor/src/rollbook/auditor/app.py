"""Puts the auditor together."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from time import time

from rollbook.audit.checkpoint import Checkpoint
from rollbook.audit.merkle import Tree
from rollbook.auditor import effects
from rollbook.auditor.handlers import Rewritten, check, checkpoints
from rollbook.auditor.overseer import Overseer
from rollbook.auditor.settings import AuditorSettings
from rollbook.auditor.shelf import Away, Shelf
from rollbook.eventlog.log import Unavailable
from rollbook.eventlog.topics import LogAddress
from rollbook.observability import metrics
from rollbook.observability.logs import logger

log = logger(__name__)

FIRST_PAUSE = 0.5
LAST_PAUSE = 60.0
"""Seconds before what is away is tried again; doubled each time."""


class AuditorService:
    """Reads, compares, signs, publishes, rests. It keeps nothing itself: what is kept is published.

    So it may die at any moment. What was signed and not published is signed again, and the same
    key signs the same log in the same words.
    """

    def __init__(self, settings: AuditorSettings) -> None:
        """ValueError where a key cannot be read."""
        self._every = settings.checkpoint_every.total_seconds()
        self._log = LogAddress(settings.kafka, settings.app)
        self._keys = effects.keys(settings.checkpoint_key)
        places = settings.checkpoint_to
        self._shelves = [Shelf(u) for u in places if not u.startswith(("http://", "https://"))]
        self._overseers = [Overseer(u) for u in places if u.startswith(("http://", "https://"))]
        self._working: asyncio.Task[None] | None = None
        self._done = False
        self.refused: str | None = None
        """Why nothing is signed any more; None while the log is what it was."""

    @property
    def ready(self) -> bool:
        """Whether its last round went through, to all that it publishes to."""
        return self._done

    async def start(self) -> None:
        """Begin; what is down is waited for."""
        self._working = asyncio.create_task(self._work(), name="auditor")

    async def run(self) -> None:
        """Work until cancelled."""
        await self.start()
        assert self._working is not None  # noqa: S101  # set by start
        try:
            await asyncio.shield(self._working)
        finally:
            await self.stop()

    async def stop(self) -> None:
        """Stop, at any moment."""
        if self._working is not None:
            self._working.cancel()
            with suppress(asyncio.CancelledError):
                await self._working

    async def _work(self) -> None:
        pause = FIRST_PAUSE
        while True:
            self._done = False
            try:
                self._done = await self._round()
            except Unavailable as error:
                log.warning("the log cannot be read: trying again", reason=str(error))
            except Rewritten as error:
                self._refuse(str(error))
                await asyncio.sleep(self._every)
                continue
            pause = self._every if self._done else min(pause * 2, LAST_PAUSE, self._every)
            await asyncio.sleep(pause)
            pause = FIRST_PAUSE if self._done else pause

    async def _round(self) -> bool:
        """Whether everything that there is to say is said everywhere."""
        trees = await effects.trees(self._log)
        there: dict[Shelf, set[Checkpoint]] = {}
        for shelf in self._shelves:
            try:
                signed = await shelf.signed(self._log.app, [k.verifier for k in self._keys])
            except Away as error:
                self._away(shelf.name, error)
                continue
            check(trees, signed)
            there[shelf] = signed
        if not there:  # nobody says what was signed before
            return False
        self._agreed()
        made = checkpoints(self._log.app, trees)
        complete = len(there) == len(self._shelves)
        for shelf, signed in there.items():
            complete &= await self._publish(shelf, [c for c in made if c not in signed])
        for overseer in self._overseers:
            complete &= await self._show(overseer, made, trees, list(there))
        return complete

    async def _publish(self, shelf: Shelf, made: list[Checkpoint]) -> bool:
        try:
            for checkpoint in made:
                await shelf.add(checkpoint, checkpoint.signed(self._keys), self._keys)
        except Away as error:
            self._away(shelf.name, error)
            return False
        self._published(shelf.name)
        if made:
            log.info("published", to=shelf.name, checkpoints=len(made))
        return True

    async def _show(
        self,
        overseer: Overseer,
        made: list[Checkpoint],
        trees: Mapping[int, Tree],
        shelves: list[Shelf],
    ) -> bool:
        try:
            for checkpoint in made:
                note = checkpoint.signed(self._keys)
                line = await overseer.show(checkpoint, note, trees[checkpoint.partition])
                for shelf in shelves:
                    await shelf.keep(overseer.file_name(checkpoint), f"{note}{line}\n")
        except Away as error:
            self._away(overseer.name, error)
            return False
        self._published(overseer.name)
        return True

    def _agreed(self) -> None:
        if self.refused is not None:
            log.info("the log is again what was signed")
        self.refused = None
        metrics.CHECKPOINT_REFUSED.set(0)

    def _refuse(self, why: str) -> None:
        self.refused = why
        metrics.CHECKPOINT_REFUSED.set(1)
        log.error("NOT SIGNED: THE LOG IS NOT WHAT WAS SIGNED BEFORE", reason=why)

    @staticmethod
    def _published(name: str) -> None:
        metrics.CHECKPOINT_TIME.labels(name).set(time())

    @staticmethod
    def _away(name: str, error: Away) -> None:
        metrics.CHECKPOINTS_LATE.labels(name).inc()
        log.warning("not published: trying again", to=name, reason=str(error))
