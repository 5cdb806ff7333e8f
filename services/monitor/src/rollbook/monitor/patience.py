"""What was answered before: nothing is asked twice, and whoever says no is not pestered. Pure."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from rollbook.eventlog.outcomes import CommandRefused, LogMessage
from rollbook.monitor.handlers import Deadline

FIRST_PAUSE: Final = timedelta(seconds=5)
LONGEST_PAUSE: Final = timedelta(hours=1)
"""After a refusal; doubled with each further one."""

MOVED_ON: Final = frozenset({"closed", "unknown_request"})
"""Refusals that no time will change: the tables had not come so far yet."""
FORBIDDEN: Final = "forbidden"
"""Roles are granted by namespace: the rest of it waits, too."""
UNAUTHENTICATED: Final = "unauthenticated"
"""Then nobody is listened to, whatever they ask."""

ROOM: Final = 100
"""Deadlines of a kind that one look acts on."""


class Refusals(NamedTuple):
    """How often a deadline's command was refused, and from when on it is tried again."""

    times: int
    until: datetime


class Patience:
    """Remembers the answers about deadlines that the tables still show, and no others.

    Forgetting all of it, as a restart does, costs nothing but repeats that the log answers alike.
    """

    def __init__(self) -> None:
        self._settled: set[Deadline] = set()
        self._refused: dict[Deadline, Refusals] = {}
        self._namespaces: dict[str, datetime] = {}
        self._everywhere: datetime | None = None
        self._withheld: dict[str, int] = {}

    def room(self, kind: str) -> int:
        """How many rows of a kind to look at: those held back must not hide the others."""
        return ROOM + self._withheld.get(kind, 0)

    def timely(self, found: Sequence[Deadline], now: datetime) -> list[Deadline]:
        """Those that may be asked for now; what is not among `found` any more is forgotten."""
        self._forget(found)
        wanted = sorted(
            (deadline for deadline in found if self.may(deadline, now)),
            key=lambda deadline: (self.attempt(deadline), deadline.due),
        )
        self._withheld = {}
        for deadline in set(found).difference(wanted):
            self._withheld[deadline.kind] = self._withheld.get(deadline.kind, 0) + 1
        return wanted

    def may(self, deadline: Deadline, now: datetime) -> bool:
        """Whether its command may be sent now."""
        waits = [self._everywhere, self._namespaces.get(deadline.namespace)]
        if deadline in self._refused:
            waits.append(self._refused[deadline].until)
        return deadline not in self._settled and all(w is None or w <= now for w in waits)

    def attempt(self, deadline: Deadline) -> int:
        """How often its command was refused, as its next id says."""
        return self._refused[deadline].times if deadline in self._refused else 0

    def heard(self, deadline: Deadline, outcome: LogMessage, at: datetime, now: datetime) -> None:
        """Take in what came of its command, and when the log says that it did (`at`).

        An old refusal, of before a restart, holds nothing back: its pause may be over.
        """
        if not isinstance(outcome, CommandRefused) or outcome.code in MOVED_ON:
            self._settled.add(deadline)
            self._refused.pop(deadline, None)
            return
        before = self._refused.get(deadline, Refusals(0, at))
        # One that was told sooner than it can have been asked for is a new one by a slow clock.
        began = min(at, now) if before.until <= at else now
        until = began + min(FIRST_PAUSE * 2 ** min(before.times, 20), LONGEST_PAUSE)
        self._refused[deadline] = Refusals(before.times + 1, until)
        if outcome.code == FORBIDDEN:
            self._namespaces[deadline.namespace] = until
        elif outcome.code == UNAUTHENTICATED:
            self._everywhere = until

    def _forget(self, found: Collection[Deadline]) -> None:
        known = set(found)
        namespaces = {deadline.namespace for deadline in known}
        self._settled &= known
        self._refused = {d: refusals for d, refusals in self._refused.items() if d in known}
        self._namespaces = {n: until for n, until in self._namespaces.items() if n in namespaces}
