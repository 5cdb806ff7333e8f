"""What a call can raise."""

from collections.abc import Sequence

from rollbook.client.results import FieldError


class RegistryError(Exception):
    """Any answer that is not the one that was asked for."""


class Refused(RegistryError):
    """The registry says no: `code` is for programs, `message` for people."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        position: str | None = None,
        command_id: str | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.position = position
        """Where the refusal stands in the log; None when it never came that far."""
        self.command_id = command_id


class Invalid(RegistryError):
    """Fields break rules; nothing was done."""

    def __init__(
        self, message: str, errors: Sequence[FieldError] = (), *, column: int | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.errors = tuple(errors)
        self.column = column
        """Of a query's text, from 1: where it cannot be read; None where it is no query."""


class Unavailable(RegistryError):
    """No answer in time; a command may yet be carried out: ask again with the same id."""

    def __init__(self, message: str, *, code: str = "", command_id: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        """Why, in the registry's words, such as `behind`; empty where none were heard."""
        self.command_id = command_id


class Corrupt(RegistryError, ValueError):
    """What was fetched is not what it should be; nothing of it was kept."""
