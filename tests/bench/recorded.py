"""One log as a registry's life leaves it, for the figures that read: made once a run."""

from dataclasses import dataclass
from itertools import chain

from rollbook.eventlog import topics
from rollbook.eventlog.topics import DEFAULT_PARTITIONS, LogAddress
from tests.bench import load, raw, services
from tests.bench.figure import say
from tests.bench.process import until
from tests.bench.stage import Stage


@dataclass(frozen=True, slots=True)
class Recorded:
    """A log to which nothing is added any more."""

    log: LogAddress
    ends: dict[int, int]
    """The next offset of each partition."""

    @property
    def records(self) -> int:
        """How many there are, claims among them."""
        return sum(self.ends.values())


async def recorded(stage: Stage) -> Recorded:
    """The log, made by a command service when first asked for."""
    return await stage.once(_make)


async def _make(stage: Stage) -> Recorded:
    log, sizes = stage.log(), stage.sizes
    say(f"recording a log of {sizes.commands:,} commands")
    await topics.ensure(log)
    commands = chain(load.models(sizes.models), load.mixed(sizes.commands, sizes.models))
    wanted = sizes.models + sizes.commands
    await raw.produce(log.kafka, log.commands, raw.spread(commands, DEFAULT_PARTITIONS))
    async with raw.consumer(log.kafka) as reader:

        async def answered() -> bool:
            last = await raw.ends(reader, log.events, DEFAULT_PARTITIONS)
            return sum(last.values()) - DEFAULT_PARTITIONS >= wanted  # each has one claim

        async with services.command(stage, log):
            await until(answered, seconds=120)
        return Recorded(log, await raw.ends(reader, log.events, DEFAULT_PARTITIONS))
