"""commands.bulk: how many commands a second one command-service process answers."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from itertools import chain

import psutil
from aiokafka import AIOKafkaConsumer

from rollbook.eventlog import topics
from rollbook.eventlog.topics import DEFAULT_PARTITIONS, LogAddress
from tests.bench import load, raw
from tests.bench.figure import Figure, middle
from tests.bench.process import Failed, answer, python, running
from tests.bench.stage import Stage

NAMES = ("commands.bulk",)


async def measure(stage: Stage) -> AsyncIterator[Figure]:
    """Commands that wait in the topic, against bare produce of the very outcomes they led to."""
    served, batches, plain = [], [], []
    own_cpu, raw_cpu = [], []
    sizes = stage.sizes
    for _ in range(sizes.rounds):
        log = stage.log()
        await topics.ensure(log)
        commands = list(
            chain(load.models(sizes.models), load.versions(sizes.commands, sizes.models))
        )
        size = len(commands[-1].value or b"")
        await raw.produce(log.kafka, log.commands, raw.spread(commands, DEFAULT_PARTITIONS))
        rate, cpu = await _serve(stage, log, len(commands))
        served.append(rate)
        own_cpu.append(cpu)
        arguments = (log.kafka, log.events, f"{log.app}.reference", str(DEFAULT_PARTITIONS))
        printed = await answer(python("tests.bench.raw", *arguments), os.environ)
        records, seconds, seconds_plain, used = map(float, printed.split())
        batches.append(records / seconds)
        plain.append(records / seconds_plain)
        raw_cpu.append(used / records * 1e6)
    yield Figure(
        "commands.bulk",
        middle(served),
        "commands/s",
        "idempotent aiokafka `send` of the same bytes",
        middle(served) / middle(plain),
        {
            "reference_per_s": middle(plain),
            "filled_batches_per_s": middle(batches),
            "filled_batches_ratio": middle(served) / middle(batches),
            "cpu_us_per_command": middle(own_cpu),
            "filled_batches_cpu_us": middle(raw_cpu),
            "commands": len(commands),
            "command_bytes": size,
        },
    )


async def _serve(stage: Stage, log: LogAddress, commands: int) -> tuple[float, float]:
    """Commands a second, and microseconds of processor time that the service took for each.

    Both between the first and the last outcome that the log shows.
    """
    env, output = stage.env(log), stage.folder / "command.log"
    async with (
        raw.consumer(log.kafka) as reader,
        running(python("rollbook.command"), env, output) as process,
    ):
        first: tuple[float, int, float] | None = None
        while process.returncode is None:
            seen, now, cpu = await outcomes(reader, log), time.perf_counter(), _cpu(process.pid)
            if first is None and seen > 0:
                first = now, seen, cpu
            if first is not None and seen >= commands:
                answered = seen - first[1]
                return answered / (now - first[0]), (cpu - first[2]) / answered * 1e6
            await asyncio.sleep(0.01)
        raise Failed("the command service ended")


def _cpu(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


async def outcomes(reader: AIOKafkaConsumer, log: LogAddress) -> int:
    """Records in the log, without each partition's first claim."""
    last = await raw.ends(reader, log.events, DEFAULT_PARTITIONS)
    return sum(max(0, end - 1) for end in last.values())
