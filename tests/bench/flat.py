"""command.flat: whether a command costs more in a model with very many versions."""

import random
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce

from rollbook.command.handlers import Handlers
from rollbook.domain.aliases import SetAlias
from rollbook.domain.catalog import ModelRegistered
from rollbook.domain.environments import PromoteVersion
from rollbook.domain.model import ModelCommand, ModelEvent, evolve
from rollbook.domain.state import Model
from rollbook.domain.versions import TagVersion, VersionRegistered
from rollbook.eventlog.draft import Draft
from rollbook.eventlog.envelope import Headers
from rollbook.eventlog.partition import Partition, Stream
from tests.bench import load
from tests.bench.figure import Figure, middle
from tests.bench.process import Failed
from tests.bench.stage import Stage

NAMES = ("command.flat",)

FEW = 10
COMMANDS = 2_000
"""As many as the command service decides at once, at most."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A command as the topic hands it out."""

    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    timestamp: int = 0


async def measure(stage: Stage) -> AsyncIterator[Figure]:
    """Decode, decide and encode in process, in a model with many versions and in one with few."""
    many = stage.sizes.many_versions
    models = {count: _model(count) for count in (FEW, many)}
    taken: dict[int, list[float]] = {count: [] for count in models}
    for _ in range(stage.sizes.rounds * 2 + 1):  # one more is cheap here
        for count, model in models.items():
            taken[count].append(_decide(model))
    yield Figure(
        "command.flat",
        middle(taken[many]),
        f"µs/command at {many:,} versions",
        f"the same at {FEW} versions",
        middle(taken[many]) / middle(taken[FEW]),
        {"reference_us": middle(taken[FEW])},
    )


def _model(versions: int) -> Model:
    registered: ModelEvent = ModelRegistered()
    return reduce(evolve, map(_registered, range(versions)), evolve(Model(), registered))


def _registered(number: int) -> ModelEvent:
    asked = load.version(number)
    return VersionRegistered(
        version=number + 1,
        registered_by="bench",
        artifact=asked.artifact,
        metrics=asked.metrics,
        tags=asked.tags,
    )


def _decide(model: Model) -> float:
    """Microseconds for each of a batch of commands."""
    partition = Partition(0)
    partition.claimed(0)
    partition.streams[load.model_name(0)] = Stream(model, len(model.versions) + 1)
    records = [
        Taken(offset, *load.record(load.model_name(0), command)[:3])
        for offset, command in enumerate(_commands(model))
    ]
    draft = Draft(partition, Handlers(), partitions=1, now=datetime.now(UTC))
    started = time.perf_counter()
    draft.add(records)
    seconds = time.perf_counter() - started
    if draft.dead_letters or {result for _, result in draft.counts} - {"accepted", "confirmed"}:
        raise Failed(f"commands were refused: {draft.counts}")
    return seconds / len(records) * 1e6


def _commands(model: Model) -> Iterator[ModelCommand]:
    chance = random.Random(1)
    for number in range(COMMANDS):
        version = chance.randint(1, len(model.versions))
        yield chance.choice(
            (
                load.version(number),
                TagVersion(version=version, tags={"checked": str(number)}),
                SetAlias(alias="champion", version=version),
                PromoteVersion(version=version),
            )
        )
