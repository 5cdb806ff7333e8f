"""What this server knew and served last, on disk: it goes on from there when nobody answers."""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from pydantic import TypeAdapter, ValidationError

from rollbook.client import lastknown
from rollbook.domain.traffic import Pointing, Served
from rollbook.eventlog.following import Follower
from rollbook.observability import metrics
from rollbook.observability.logs import logger

log = logger(__name__)

REST: Final = 0.2
"""Seconds between two times that it is written, at least."""


class _Kept(NamedTuple):
    standing: dict[str, Pointing]
    good: dict[str, Served]


Now = Callable[[], tuple[dict[str, Pointing], dict[str, Served]]]
"""What stands where, and what answers for each model."""

KEPT: Final[TypeAdapter[_Kept]] = TypeAdapter(_Kept)


class LastKnown:
    """The file of one environment."""

    def __init__(self, folder: Path, app: str, environment: str) -> None:
        self._file = folder / f"{app}-{environment}.json"
        self._due = asyncio.Event()
        self._writing: asyncio.Task[None] | None = None

    def read(self) -> tuple[dict[str, Pointing], dict[str, Served]]:
        """What stood where, and what served each model; nothing where the file is damaged."""
        try:
            found = lastknown.read(self._file)
            kept = KEPT.validate_python(found) if found is not None else _Kept({}, {})
        except (lastknown.Damaged, ValidationError) as error:
            log.error("what was known last cannot be read", file=str(self._file), reason=str(error))
            return {}, {}
        return kept.standing, kept.good

    def start(self, now: Now) -> None:
        """Write what is so, whenever something has changed."""
        self._writing = asyncio.create_task(self._write_again(now), name="last-known")

    def changed(self) -> None:
        """Something has."""
        self._due.set()

    async def stop(self) -> None:
        """Write no more."""
        if self._writing is not None:
            self._writing.cancel()
            with suppress(asyncio.CancelledError):
                await self._writing

    async def _write_again(self, now: Now) -> None:
        while True:
            await self._due.wait()
            self._due.clear()
            began = time.monotonic()
            try:
                await asyncio.to_thread(lastknown.write, self._file, list(now()))
            except OSError as error:
                log.warning("what is known cannot be written", reason=str(error))
            # Where there is much of it, it is written less often.
            await asyncio.sleep(max(REST, 20 * (time.monotonic() - began)))


class Health:
    """Whether what is served is what stands now, as far as anybody can know."""

    def __init__(self, follower: Follower, known: Mapping[str, Pointing]) -> None:
        self._follower = follower
        self._known = known
        self._since = time.monotonic()
        self._followed = False
        metrics.SERVING_STALE.set_function(lambda: self.stale)

    @property
    def begun(self) -> bool:
        """Whether it is known what stands: from the topic, or from the disk."""
        self._followed = self._followed or self._follower.connected
        return self._followed or bool(self._known)

    @property
    def stale(self) -> float:
        """Seconds since the topic was last seen to be followed; 0 while it is."""
        if self._follower.connected:
            self._since = time.monotonic()
            return 0.0
        return round(time.monotonic() - self._since, 3)
