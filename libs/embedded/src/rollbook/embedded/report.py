"""What the stack tells people: a line per step, numbers for a bar, errors that say what to do."""

from collections.abc import Callable
from typing import Self

Report = Callable[[str], None]
"""Takes one line for a human per step; a line that is a `Progress` carries numbers as well."""


class Progress(str):
    """A line about a running download: `done` of `total` bytes. Redraw it in place, or print it."""

    done: int
    total: int

    def __new__(cls, text: str, done: int, total: int) -> Self:
        """Take the text for people and both numbers, in bytes."""
        line = super().__new__(cls, text)
        line.done, line.total = done, total
        return line


class StackError(Exception):
    """The stack cannot run; the message says what is wrong and what to do about it."""


class Unavailable(StackError):
    """Something that real Kafka needs (Java, its jars) cannot be had here and now."""


def silent(line: str) -> None:
    """Be a `Report` for nobody."""
