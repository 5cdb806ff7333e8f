"""Sending a command of any kind, and what may go with each."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict, Unpack

from rollbook.client.results import Outcome
from rollbook.client.session import Session, moment

if TYPE_CHECKING:
    from pydantic import BaseModel

    from rollbook.domain.streams import StreamCommand

    Part: TypeAlias = BaseModel | Mapping[str, Any]
    """A part of a command: a value of `rollbook.domain`, or the same as JSON has it."""


class Terms(TypedDict, total=False):
    """What may go with any command."""

    command_id: str | None
    """A UUID; a repeat under the same one is the same command and gets the same answer."""
    expected_seq: int | None
    """Refused (`conflict`) unless the model, or the namespace, is just there."""
    traceparent: str | None
    """W3C trace context to continue."""
    origin: str | None
    """Where it is imported from."""
    origin_time: datetime | None
    """When it happened there."""


class Wishes(Session):
    """Each method sends one command and returns when its outcome stands in the log.

    A model is named `namespace/name`. All raise `Refused`, `Invalid` or `Unavailable`.
    """

    def send(self, stream: str, command: "StreamCommand", **terms: Unpack[Terms]) -> Outcome:
        """Any command of `rollbook.domain`, to a model or to a namespace."""
        body = command.model_dump_json(exclude_defaults=True).encode()
        return self.command(type(command).__name__, stream, body, **terms)

    def _wish(
        self,
        kind: str,
        stream: str,
        fields: Mapping[str, Any],
        terms: Terms,
        *,
        all_: bool = False,
    ) -> Outcome:
        # None and "" are what the registry takes for "not said", except where it is what is said.
        given = {k: v for k, v in fields.items() if all_ or (v is not None and v != "")}
        return self.command(kind, stream, json.dumps(given, default=_as_json).encode(), **terms)


def plain(part: "Part") -> Any:
    """The part as JSON has it."""
    if isinstance(part, Mapping):
        return dict(part)
    return part.model_dump(mode="json", exclude_defaults=True)


def _as_json(value: Any) -> Any:
    """What `json` does not know: parts of the domain, and moments."""
    return moment(value) if isinstance(value, datetime) else plain(value)
