"""The process of one version: raises the walls, loads the model, and answers until it is ended.

`python -I -m rollbook.serving.worker`, with the job as the first line of its standard input.
"""

import os
import sys
import time
from pathlib import Path

import orjson
from pydantic import BaseModel, ConfigDict

from rollbook.probes import loaders, trust, walls
from rollbook.probes.bounds import fits, whole
from rollbook.probes.calling import chosen
from rollbook.probes.formats import Format, Unreadable
from rollbook.probes.jobs import clean
from rollbook.probes.loaders import Lacking, Loaded, Threat
from rollbook.probes.surroundings import channel, readable
from rollbook.probes.walls import Wall
from rollbook.serving import frames
from rollbook.serving.frames import Kind


class WorkerJob(BaseModel):
    """What a process is to hold."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    """Of the model, as the protocol has it."""
    version: int
    path: Path
    format: str | None
    scratch: Path
    memory: int
    """Bytes that it may use."""
    needed: tuple[Wall, ...]


def main() -> None:
    """Hold one version."""
    job = WorkerJob.model_validate_json(sys.stdin.buffer.readline())
    out = channel()
    began = time.perf_counter()

    def crashed(_: object, error: BaseException, __: object) -> None:
        """Whatever a library or a model raises while it is loaded is an answer."""
        _send(out, Kind.CANNOT, 0, _why(error, job).encode())
        os._exit(1)

    sys.excepthook = crashed
    model = _loaded(job)
    _send(out, Kind.LOADED, 0, orjson.dumps({"seconds": time.perf_counter() - began}))
    _answer(model, job, out)
    os._exit(0)  # what the model left behind need not be tidied up


def _loaded(job: WorkerJob) -> Loaded:
    walls.bounded(job.memory, file=job.memory)
    stand = walls.raised(readable([job.path]), job.scratch)
    fits(job.path, job.memory)
    path, form = chosen(job.path, job.format)
    whole(form, path, job.memory)
    loaders.ready(form)
    from rollbook.serving import inference  # noqa: F401, PLC0415  # numpy, before the walls stand

    stand |= walls.closed()
    if lacks := [wall.value for wall in job.needed if wall not in stand]:
        raise Lacking(
            f"this machine cannot keep a model from {' and '.join(lacks)}, so none is loaded"
        )
    if form is not Format.SKOPS:  # it does not unpickle, and has a list of its own
        trust.guarded()
    return loaders.load(form, path)


def _answer(model: Loaded, job: WorkerJob, out: int) -> None:
    """Answer one request after the other, until the service closes the pipe."""
    from rollbook.serving.inference import Answer, Asked, Wrong, seen  # noqa: PLC0415

    call = model.call
    while (frame := frames.read(sys.stdin.buffer)) is not None:
        kind, number, payload = frame
        identity, body = frames.unasked(payload)
        try:
            asked = Asked(body)
            arrays = asked.arrays(model.inputs)
            if call is None:
                raise Wrong("it holds weights, and no program that could be called")
        except Wrong as wrong:
            _send(out, Kind.WRONG, number, str(wrong).encode())
            continue
        try:
            answer = Answer(call(arrays))
            said = answer.encoded(job.name, job.version, asked.identity or identity)
        except Exception as error:  # noqa: BLE001  # whatever a model raises is an answer
            why = clean(f"{type(error).__name__}: {error}", 300)
            _send(out, Kind.FAILED, number, why.encode())
            continue
        _send(out, Kind.ANSWERED, number, said)
        if kind is Kind.ASKED_AND_TOLD:
            _send(out, Kind.SEEN, number, seen(asked, answer))


def _send(out: int, kind: Kind, number: int, payload: bytes) -> None:
    left = memoryview(frames.packed(kind, number, payload))
    while left:
        left = left[os.write(out, left) :]


def _why(error: BaseException, job: WorkerJob) -> str:
    match error:
        case Lacking() | Unreadable():
            return str(error)
        case Threat():
            return f"it asks for what is no part of a model: {clean(str(error), 300)}"
        case MemoryError():
            return f"it needs more memory than the {job.memory:,} bytes that it may use"
        case _:
            return f"it cannot be loaded: {clean(f'{type(error).__name__}: {error}', 300)}"


if __name__ == "__main__":
    main()
