"""What all pipelines have in common: started under our key, asked for by it, looked at, stopped."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from pydantic import BaseModel, ConfigDict

from rollbook.outbound.asking import Answer, Unanswered, Unsent


class Rejected(Exception):
    """The pipeline says that it can never be started so; why, in a sentence."""


class Shape(BaseModel):
    """A part of the settings of a pipeline."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a pipeline is asked for."""

    key: str
    """Under which it is started: the same whenever it is asked for again."""
    model: str
    retraining: int
    reason: str
    requested_at: datetime
    alarm: int | None = None
    version: int | None = None
    environment: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    policy: Mapping[str, object] | None = None

    def told(self, run: str | None, model: str | None) -> dict[str, str]:
        """The parameters, with our key and the model's name under the names that it knows."""
        own = {name: said for name, said in ((run, self.key), (model, self.model)) if name}
        return {**self.parameters, **own}


class Run(NamedTuple):
    """A run of a pipeline, as the pipeline calls it."""

    run: str
    url: str | None = None


class Standing(StrEnum):
    """How a run stands."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    GONE = "gone"
    """Nobody knows it."""
    UNTOLD = "untold"
    """It cannot be asked: it says by itself what it brought, or its candidate does."""


class State(NamedTuple):
    """How a run stands, and what it says."""

    standing: Standing
    said: str = ""
    version: int | None = None
    """The candidate, where the run itself names it."""


class Starter(Protocol):
    """A pipeline. All but `Rejected` of what is raised is tried again: `Unsent`, `Unanswered`."""

    settle: timedelta
    """How long a run that was started may stay hidden from who asks for it by its key."""

    async def find(self, order: Order) -> Run | None:
        """The run that was started under the order's key."""

    async def start(self, order: Order) -> Run | None:
        """Start it, once; None where its name shows only later, to who asks by the key."""

    async def look(self, order: Order, run: str) -> State:
        """How the run stands."""

    async def stop(self, order: Order, run: str) -> None:
        """Tell it to stop; nothing where it has ended."""


def sure(answer: Answer, *also: int) -> Answer:
    """An answer that says that it was done, or one of the statuses `also`.

    Raises `Rejected`, `Unsent` or `Unanswered` for others.
    """
    status = answer.status
    if answer.good or status in also:
        return answer
    if status in (401, 403, 408, 425, 429):
        raise Unsent(f"it answers {answer.said()}")
    if 400 <= status < 500:
        raise Rejected(f"it answers {answer.said()}")
    raise Unanswered(f"it answers {answer.said()}")


def text(found: Mapping[str, Any], name: str) -> str:
    """A field that must be there; `Unanswered` where it is not, since it may have been done."""
    value = found.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not 0 < len(value) <= 1000 or not value.isprintable():
        raise Unanswered(f"its answer lacks {name!r}")
    return value


def part(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A map within an answer; an empty one where there is none."""
    value = found.get(name)
    return value if isinstance(value, dict) else {}


def parts(found: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """The maps of a list within an answer."""
    value = found.get(name)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def link(found: Mapping[str, Any], name: str) -> str | None:
    """An address within an answer, if one is there that people can follow."""
    value = found.get(name)
    if not isinstance(value, str) or not value.startswith(("https://", "http://")):
        return None
    return value if len(value) <= 4000 and not set(value) & set(" \x00") else None


def standing(state: object, said: object, *, done: frozenset[str], failed: frozenset[str]) -> State:
    """How a run stands whose state has a name."""
    if state in done:
        return State(Standing.DONE)
    if state in failed:
        return State(Standing.FAILED, str(said or f"the run ended as {state}"))
    return State(Standing.RUNNING)
