"""What stands in the log beside the streams' events: answers that change nothing, and claims."""

from typing import TypeAlias

from rollbook.domain.messages import Event
from rollbook.domain.streams import StreamEvent


class CommandRefused(Event):
    """The command was not carried out: `code` for programs, `message` for people."""

    command: str
    code: str
    message: str
    dead_letter: bool = False
    """Whether the original bytes stand in `rollbook.dead-letters`."""


class CommandConfirmed(Event):
    """The wish was already true, and nothing changed; `version` is the one it is true of."""

    command: str
    version: int | None = None


class CommandRepeated(Event):
    """The command was carried out before; its outcome stands at `offset` of this partition."""

    offset: int


class WriterClaimed(Event):
    """From here on only `writer` writes this partition; the claim's number is its offset."""

    writer: str


Answer: TypeAlias = CommandRefused | CommandConfirmed | CommandRepeated
LogMessage: TypeAlias = StreamEvent | Answer | WriterClaimed

INVALID = frozenset({"invalid", "malformed", "unknown_type", "misrouted", "no_key", "oversize"})
"""Refusal codes of commands that could never work."""
