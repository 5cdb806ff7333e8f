"""The walled process: reads a job, raises the walls, does it, answers, and ends.

`python -I -m rollbook.probes.child`, with the job on its standard input.
"""

import os
import sys
from pathlib import Path
from typing import NoReturn

from rollbook.probes import calling, drift, plugins, walls
from rollbook.probes.formats import Unreadable
from rollbook.probes.jobs import JOB, DataJob, Job, LoadJob, PluginJob, Told, clean, written
from rollbook.probes.loaders import Lacking, Threat
from rollbook.probes.stage import Stage
from rollbook.probes.walls import Wall

SYSTEM = ("/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/sys/devices/system", "/dev/urandom")
PROC = ("self", "cpuinfo", "meminfo", "stat", "sys/vm", "sys/kernel", "filesystems")
"""Of ourselves and the machine, not of other processes."""


def main() -> None:
    """Do one job."""
    job = JOB.validate_json(sys.stdin.buffer.read())
    answers = _channel()
    walls.bounded(job.memory, job.seconds, file=job.memory)
    files = walls.raised(_readable(job), job.scratch)
    stage = Stage(lambda: _close(job, files))

    def crashed(_: object, error: BaseException, __: object) -> None:
        """Whatever a library or a model raises is an answer."""
        _end(answers, _failed(stage, error, job))

    sys.excepthook = crashed
    match job:
        case LoadJob():
            calling.loaded(job, stage)
        case PluginJob():
            plugins.looked(job, stage)
        case DataJob():
            drift.compared(job, stage)
    _end(answers, Told(numbers=stage.numbers, said=stage.said))


def _failed(stage: Stage, error: BaseException, job: Job) -> Told:
    match error:
        case Lacking() | Unreadable():
            said = str(error)
        case Threat(names=names):
            stage.numbers["load.threats"] = len(names)
            said = f"it asks for what is no part of a model: {clean(str(error), 300)}"
        case ModuleNotFoundError(name=str(name)):
            return Told(said=f"it needs {clean(name, 100)}, not installed beside the validator")
        case MemoryError():
            said = f"it needs more memory than the {job.memory:,} bytes that it may use"
        case _:
            said = f"{stage.failing}: {clean(f'{type(error).__name__}: {error}', 300)}"
    return Told(numbers={} if isinstance(error, Lacking) else stage.numbers, said=said)


def _channel() -> int:
    """Where the answer goes: what libraries and models print goes nowhere."""
    answers = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    return answers


def _end(answers: int, told: Told) -> NoReturn:
    left = written(told)
    while left:
        left = left[os.write(answers, left) :]
    os._exit(0)  # what the model left behind need not be tidied up


def _close(job: Job, files: frozenset[Wall]) -> None:
    stand = files | walls.closed()
    if lacks := [wall.value for wall in job.needed if wall not in stand]:
        raise Lacking(
            f"this machine cannot keep a model from {' and '.join(lacks)}, so none is loaded"
        )


def _readable(job: Job) -> list[Path]:
    ours = [Path(place) for place in sys.path if place]
    prefixes = [Path(sys.prefix), Path(sys.base_prefix), Path(sys.executable).resolve()]
    given = [job.path, job.reference] if isinstance(job, DataJob) else [job.path]
    return [*map(Path, SYSTEM), *(Path("/proc", name) for name in PROC), *ours, *prefixes, *given]


if __name__ == "__main__":
    main()
