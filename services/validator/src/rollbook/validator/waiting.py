"""The occasions that wait for their turn, and those that were put off. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from rollbook.validator.handlers import Occasion

FIRST_PAUSE: Final = timedelta(seconds=5)
LONGEST_PAUSE: Final = timedelta(hours=1)
"""After a refusal; doubled with each further one in a row."""


ROOM: Final = 200
"""Occasions that may be looked at; further pages are read when they are fewer."""


class Waiting:
    """Each occasion once, the oldest first; none is given out twice at a time."""

    def __init__(self) -> None:
        self._waiting: dict[Occasion, datetime | None] = {}
        """When it may be tried again; None: now."""
        self._running: set[Occasion] = set()
        self._closed: dict[str, tuple[int, datetime]] = {}
        """Namespace -> how often we were refused there, and until when nothing is tried."""

    def __len__(self) -> int:
        return len(self._waiting) + len(self._running)

    def add(self, found: Iterable[Occasion]) -> None:
        """Take in occasions; those that are known stay where they are."""
        for occasion in found:
            if occasion not in self._running:
                self._waiting.setdefault(occasion, None)

    def begin(self, now: datetime, room: int) -> list[Occasion]:
        """Those that may be looked at now, as many as there is room for."""
        found: list[Occasion] = []
        for occasion, until in self._waiting.items():
            if len(found) >= room:
                break
            if self._may(occasion, until, now):
                found.append(occasion)
        for occasion in found:
            del self._waiting[occasion]
        self._running.update(found)
        return found

    def has_room(self, now: datetime) -> bool:
        """Whether few may be looked at now: those held back must not hide the others."""
        may = (o for o, until in self._waiting.items() if self._may(o, until, now))
        return next(islice(may, ROOM - 1, None), None) is None

    def _may(self, occasion: Occasion, until: datetime | None, now: datetime) -> bool:
        _, closed = self._closed.get(occasion.namespace, (0, now))
        return closed <= now and (until is None or until <= now)

    def over(self, occasion: Occasion) -> None:
        """It had its answer."""
        self._running.discard(occasion)
        self._closed.pop(occasion.namespace, None)

    def put_off(self, occasion: Occasion, until: datetime) -> None:
        """Try it again later."""
        self._running.discard(occasion)
        self._waiting[occasion] = until

    def refused(self, occasion: Occasion, now: datetime) -> None:
        """We may not speak there: roles are granted by namespace, so all of it waits."""
        times, _ = self._closed.get(occasion.namespace, (0, now))
        pause = min(FIRST_PAUSE * 2 ** min(times, 20), LONGEST_PAUSE)
        self._closed[occasion.namespace] = times + 1, now + pause
        self.put_off(occasion, now + pause)
