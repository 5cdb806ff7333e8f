"""What every message of the domain has in common, and the three answers that are not events."""

from dataclasses import dataclass
from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Message(BaseModel):
    """An immutable fact or wish; the class name is the wire name."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")

    schema_version: ClassVar[int] = 1
    """Raised when the shape changes so that an old record needs an upcaster."""


class Event(Message):
    """A change that stands in the log for ever."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Command(Message):
    """A wish; it becomes one event, one refusal or one confirmation."""


class Refused(Exception):
    """The state forbids the wish: `code` is for programs, `message` for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The wish was already true; `version` names the version it is true of, if any."""

    version: int | None = None
