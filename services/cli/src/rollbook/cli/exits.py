"""How a command ends: its exit code, and the one line that says why."""

from collections.abc import Callable, Mapping
from enum import IntEnum


class Exit(IntEnum):
    """Exit codes; scripts may rely on them."""

    DONE = 0
    ERROR = 1
    USAGE = 2
    REFUSED = 3
    UNAVAILABLE = 4
    INTERRUPTED = 130


class Failure(Exception):
    """Ends the command: `message` says what is wrong, `advice` what to do about it."""

    def __init__(
        self, exit_code: Exit, message: str, *, advice: str = "", code: str = "error"
    ) -> None:
        super().__init__(message)
        self.exit_code = exit_code
        self.message = message
        self.advice = advice
        self.code = code


class Told(Exception):
    """Ends the command early, with something to tell that is no failure."""

    def __init__(
        self, exit_code: Exit, document: Mapping[str, object], say: Callable[[], None]
    ) -> None:
        super().__init__()
        self.exit_code = exit_code
        self.document = document
        """For programs."""
        self.say = say
        """Writes it for people."""
