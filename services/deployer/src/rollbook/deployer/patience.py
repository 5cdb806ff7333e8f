"""How often a move was refused, and when it may be tried again. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from rollbook.deployer.handlers import Move

FIRST_PAUSE: Final = timedelta(seconds=1)
LONGEST_PAUSE: Final = timedelta(minutes=1)
"""After a refusal; doubled with each further one."""


class Patience:
    """Remembers the moves that are due still; forgetting all costs repeats, answered alike."""

    def __init__(self) -> None:
        self._refused: dict[tuple[str, int, int, str], tuple[int, datetime]] = {}
        """Key of a move -> how often it was refused, and until when it rests."""
        self._done: set[tuple[str, int, int, str]] = set()
        """Keys of moves that the tables do not show yet."""

    def timely(self, due: Iterable[Move], now: datetime) -> list[Move]:
        """Those that may be tried now; what is not due any more is forgotten."""
        moves = list(due)
        known = {move.key for move in moves}
        self._refused = {key: held for key, held in self._refused.items() if key in known}
        self._done &= known
        return [
            move
            for move in moves
            if move.key not in self._done and self._refused.get(move.key, (0, now))[1] <= now
        ]

    def attempt(self, move: Move) -> int:
        """As its next id says."""
        return self._refused[move.key][0] if move.key in self._refused else 0

    def done(self, move: Move) -> None:
        """It is in the log."""
        self._done.add(move.key)

    def refused(self, move: Move, at: datetime, now: datetime) -> None:
        """It was refused at a moment; an old refusal, of before a restart, holds nothing back."""
        times = self.attempt(move)
        pause = min(FIRST_PAUSE * 2 ** min(times, 10), LONGEST_PAUSE)
        self._refused[move.key] = times + 1, min(at, now) + pause
