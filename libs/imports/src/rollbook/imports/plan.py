"""What an import is to do: commands in order, each with where and when it first happened."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Final, TypeAlias, TypeVar
from urllib.parse import urlencode
from uuid import UUID, uuid5

from pydantic import TypeAdapter, ValidationError

from rollbook.domain.model import ModelCommand
from rollbook.domain.names import ModelKey
from rollbook.domain.versions import RegisterVersion

_IDS: Final = UUID("5b0c44b0-8a0f-5f3e-9a4e-7d6a1c7e2f10")
T = TypeVar("T")

BY: Final = "imported.by"
"""The tag that says who registered a version there."""


@dataclass(frozen=True)
class Plan:
    """A command to send; always the same id for the same thing of the same source."""

    model: str
    """`namespace/name`."""
    command: ModelCommand
    origin: str
    """URI of what it was read from, for `ce_origin`."""
    origin_time: datetime | None = None
    """When it happened there, for `ce_origintime`."""
    version: str | None = None
    """What the source calls the version that the command makes or is about.

    The number in the command is the one it gets in a model that is new; `about` puts in the real
    one.
    """

    identity: str | None = None
    """What tells it from others of the same kind, where that is not its origin."""

    by: str | None = None
    """Who did it there, by a name that must not be sent as it is: see `people`."""

    @cached_property
    def command_id(self) -> str:
        """A UUIDv5 of the source's identity: sent again, it happens once."""
        identity = self.identity or self.origin
        return command_id(self.model, type(self.command).__name__, identity, self.version or "")

    def about(self, number: int) -> "Plan":
        """The same for the version that the registry numbered so."""
        if getattr(self.command, "version", number) == number:
            return self
        return replace(self, command=self.command.model_copy(update={"version": number}))

    def said_by(self, name: str) -> "Plan":
        """The same with who did it there: in a tag of a version, else in the origin."""
        if isinstance(self.command, RegisterVersion):
            tags = self.command.tags | {BY: name}
            return replace(self, command=self.command.model_copy(update={"tags": tags}))
        more = ("&" if "?" in self.origin else "?") + urlencode({"by": name})
        return replace(self, origin=self.origin + more, identity=self.identity or self.origin)


@dataclass(frozen=True)
class Skipped:
    """Something of the source that is not imported, and why."""

    model: str
    what: str
    reason: str


Entry: TypeAlias = Plan | Skipped


def command_id(*identity: str) -> str:
    """The UUID of what these name."""
    return str(uuid5(_IDS, "\n".join(identity)))


_KEY: Final[TypeAdapter[str]] = TypeAdapter(ModelKey)


def model_key(namespace: str, name: str) -> str:
    """`namespace/name`; ValueError says why a registry cannot have it."""
    try:
        return _KEY.validate_python(f"{namespace}/{name}")
    except ValidationError as error:
        raise ValueError(first_rule(error)) from None


def first_rule(error: ValidationError) -> str:
    """The first broken rule, with its field where it has one."""
    found = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(map(str, found["loc"]))
    rule = found["msg"].removeprefix("Value error, ")
    return f"{place}: {rule}" if place else rule


def fitting(
    values: Mapping[str, T], rules: "TypeAdapter[dict[str, T]]"
) -> tuple[dict[str, T], dict[str, str]]:
    """Those that the registry can hold, and the rule that each of the others breaks."""
    held: dict[str, T] = {}
    broken: dict[str, str] = {}
    for name, value in values.items():
        try:
            held |= rules.validate_python({name: value})
        except ValidationError as error:
            broken[name] = error.errors(include_url=False, include_input=False)[0]["msg"]
    return held, broken
