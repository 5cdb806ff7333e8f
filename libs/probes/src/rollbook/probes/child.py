"""The walled process: reads a job, raises the walls, says so, does it, answers, and ends.

`python -I -m rollbook.probes.child`, with the job on its standard input.
"""

import os
import sys
from pathlib import Path
from typing import NoReturn

from rollbook.probes import calling, drift, plugins, rebuilding, walls
from rollbook.probes.formats import Unreadable
from rollbook.probes.jobs import (
    BEGUN,
    JOB,
    DataJob,
    Job,
    LoadJob,
    PluginJob,
    RecipeJob,
    Told,
    clean,
    written,
)
from rollbook.probes.loaders import Lacking, Threat
from rollbook.probes.stage import Stage
from rollbook.probes.surroundings import channel, readable
from rollbook.probes.walls import Wall


def main() -> None:
    """Do one job."""
    job = JOB.validate_json(sys.stdin.buffer.read())
    answers = channel()
    walls.bounded(job.memory, file=job.memory)
    files = walls.raised(readable(_given(job)), job.scratch)
    stage = Stage(lambda: _close(job, files, answers))

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
        case RecipeJob():
            rebuilding.rebuilt(job, stage)
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


def _end(answers: int, told: Told) -> NoReturn:
    left = written(told)
    while left:
        left = left[os.write(answers, left) :]
    os._exit(0)  # what the model left behind need not be tidied up


def _close(job: Job, files: frozenset[Wall], answers: int) -> None:
    stand = files | walls.closed()
    if lacks := [wall.value for wall in job.needed if wall not in stand]:
        raise Lacking(
            f"this machine cannot keep a model from {' and '.join(lacks)}, so none is loaded"
        )
    walls.timed(job.seconds)
    os.write(answers, BEGUN)


def _given(job: Job) -> list[Path]:
    match job:
        case DataJob(reference=reference):
            return [job.path, reference]
        case RecipeJob(inputs=inputs):
            return [job.path, *inputs]
        case _:
            return [job.path]


if __name__ == "__main__":
    main()
