"""What the registry answers about why something is as it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from rollbook.client.result import Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening(Result):
    """An event in a sentence, with all that finds it in the log and proves it."""

    sentence: str
    type: str
    time: datetime
    actor: str
    position: str
    id: str
    seq: int
    stream: str | None = None
    """The model, or the namespace, that it happened to."""
    reason: str | None = None
    """Why, in the words of who did it."""
    prev: str | None = None
    """SHA-256 (hexadecimal) of the stream's event before it."""
    digest: str | None = None
    """Its own SHA-256."""
    command_id: str | None = None
    correlation_id: str | None = None
    causation_id: str | None = None
    """Id of the command or the event that it was done because of."""
    origin: str | None = None
    """Where it was imported from."""
    origin_time: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Link(Happening):
    """An event, and why it is part of the chain."""

    because: str
    """Such as `signed by`: its actor follows."""
    explains: str | None = None
    """Position of the event that it explains; None: it is the one that all others explain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Why(Result):
    """Why a version serves in an environment, or nothing does."""

    model: str
    environment: str
    version: int | None
    """None: nothing serves there."""
    label: str | None
    since: datetime | None
    """From when on it is so; None: nothing has ever served there."""
    summary: str
    """The answer in one sentence."""
    links: tuple[Link, ...]
    """First what put it there, then what explains that, each by its `explains`."""

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Self:
        """The result that a JSON object stands for."""
        return super(Why, cls).of({**body, "links": [Link.of(link) for link in body["links"]]})
