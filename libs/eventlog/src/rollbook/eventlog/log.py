"""What the exactly-once processor needs of a log; Kafka's and the in-memory one provide it."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from rollbook.eventlog.envelope import Outgoing, Record


class Fenced(Exception):
    """Another writer has claimed the partition: nothing of ours was appended after its claim."""


class Unavailable(Exception):
    """The log cannot be reached, or did not say what became of a record."""


class PartitionLog(Protocol):
    """One partition of events and of snapshots, written by one claim at a time."""

    @property
    def commands(self) -> str:
        """The topic that the commands come from; dead letters name it."""

    async def claim(self, record: Outgoing) -> int:
        """Fence every older writer, append the claim, and return its offset."""

    def events(self, start: int, stop: int) -> AsyncIterator[Sequence[Record]]:
        """The records from offset `start` up to, not including, `stop`."""

    def snapshots(self) -> AsyncIterator[Sequence[Record]]:
        """The partition's snapshot records, oldest first; read after `claim`."""

    async def append(self, outcomes: Sequence[Outgoing]) -> int:
        """Append in order and return the first offset; all stand in the log then, or it raises."""

    async def save(self, parts: Sequence[Outgoing]) -> None:
        """Append snapshot records in order."""

    async def govern(self, states: Sequence[Outgoing]) -> None:
        """Append the newest states of namespaces."""

    async def direct(self, pointings: Sequence[Outgoing]) -> None:
        """Append what stands at environments and aliases now."""

    async def bury(self, letters: Sequence[Outgoing]) -> None:
        """Append dead letters."""

    async def release(self) -> None:
        """Let go of the claim and of every connection."""


class Intake(Protocol):
    """The commands of one partition."""

    async def resume(self, offset: int) -> None:
        """Hand out commands from `offset` on."""

    async def take(self, most: int) -> Sequence[Record]:
        """What is there, up to `most` commands; nothing when none came for a while."""
