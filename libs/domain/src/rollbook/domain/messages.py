"""What every message of the domain has in common, and the three answers that are not events."""

from dataclasses import dataclass
from typing import Any, ClassVar, Final, Self

from pydantic import BaseModel, ConfigDict

_set: Final = object.__setattr__  # frozen models have none of their own


class Message(BaseModel):
    """An immutable fact or wish; the class name is the wire name."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")

    schema_version: ClassVar[int] = 1
    """Raised when the shape changes so that an old record needs an upcaster."""


class Event(Message):
    """A change that stands in the log for ever."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    @classmethod
    def of(cls, **parts: Any) -> Self:
        """The event of all its fields, which a command has validated: pydantic looks at none again.

        For the hottest paths: it takes half the time, where `model_construct` takes twice.
        """
        made = cls.__new__(cls)
        _set(made, "__dict__", parts)
        _set(made, "__pydantic_fields_set__", set(parts))
        _set(made, "__pydantic_extra__", None)
        _set(made, "__pydantic_private__", None)
        return made


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
