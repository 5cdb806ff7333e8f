"""Loads a model within the walls, and calls it."""

import time
from pathlib import Path

from rollbook.probes import folders, loaders, rows, timing, trust
from rollbook.probes.bounds import fits, whole
from rollbook.probes.formats import Format, Unreadable, format_of
from rollbook.probes.jobs import LoadJob
from rollbook.probes.loaders import Loaded
from rollbook.probes.stage import Stage


def loaded(job: LoadJob, stage: Stage) -> None:
    """Load it, then call it if asked for."""
    stage.numbers["load.done"] = 0.0
    fits(job.path, job.memory)
    path, form = chosen(job.path, job.format)
    stage.numbers["load.code"] = 1.0 if form is Format.PICKLE else 0.0
    if form is Format.PICKLE and not job.allow_pickle:
        raise Unreadable(
            "it is a pickle, which runs code when it is loaded, and the gate allows none:"
            " save it as skops or ONNX"
        )
    whole(form, path, job.memory)
    loaders.ready(form)
    stage.close()
    if form is not Format.SKOPS:  # it does not unpickle, and has a list of its own
        trust.guarded()
    stage.failing = f"it cannot be loaded as {form.value}, damaged or cut off"
    began = time.perf_counter()
    model = loaders.load(form, path)
    stage.numbers |= {
        "load.done": 1.0,
        "load.seconds": time.perf_counter() - began,
        "load.memory": timing.peak(),
        "load.threats": 0.0,
    }
    if job.calls:
        _called(job, form, model, stage)


def chosen(given: Path, said: str | None) -> tuple[Path, Format]:
    """The file that is the model, and its format; `Unreadable` where it is not what was said."""
    form = format_of(given, said)
    if form is not Format.MLFLOW:
        return given, form
    path, formats = folders.model_in(given)
    found = format_of(path, None)
    if found not in formats:
        raise Unreadable(f"its MLmodel says {formats[0].value}, and the file is {found.value}")
    return path, found


def _called(job: LoadJob, form: Format, model: Loaded, stage: Stage) -> None:
    call = model.call
    if call is None:
        stage.numbers["performance.lacking"] = 1.0
        stage.said = f"a {form.value} file like this holds nothing that can be called"
        return
    if not model.inputs and not job.inputs:
        stage.numbers["performance.lacking"] = 1.0
        stage.said = (
            "neither the model nor its registered signature says what its inputs are,"
            " so it cannot be called"
        )
        return
    stage.failing = "it fails when it is called"
    arrays = rows.made(model.inputs, job.inputs, job.batch)
    took = timing.timed(lambda: call(arrays), job.calls, job.batch)
    stage.numbers |= {f"performance.{name}": value for name, value in took.items()}
    stage.numbers["performance.memory"] = timing.peak()
