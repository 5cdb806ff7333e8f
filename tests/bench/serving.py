"""serving.overhead and rollback.move: what the model server adds, and how soon it follows."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter, process_time
from typing import Any
from uuid import uuid4

from rollbook.artifacts import folders
from rollbook.domain.catalog import RegisterModel
from rollbook.domain.environments import PromoteVersion, RollBackVersion
from rollbook.domain.lineage import Artifact
from rollbook.domain.streams import StreamCommand
from rollbook.domain.versions import RegisterVersion
from rollbook.embedded.ports import remembered
from rollbook.eventlog.asking import Asker
from rollbook.eventlog.envelope import CommandEnvelope
from rollbook.eventlog.log import Unavailable
from rollbook.eventlog.topics import LogAddress
from rollbook.probes.formats import Format
from rollbook.probes.loaders import load
from tests.bench import services
from tests.bench.figure import Figure, middle
from tests.bench.http import Answers, post
from tests.bench.process import Failed, python, running, until
from tests.bench.stage import Stage
from tests.support import models

NAMES = ("serving.overhead", "rollback.move")

MODEL = "bench/served"
PATH = "/v2/models/bench.served/infer"
ROWS = {
    "name": "rows",
    "shape": [1, models.WIDTH],
    "datatype": "FP64",
    "data": [0.5] * models.WIDTH,
}
BODY = json.dumps({"inputs": [ROWS]}).encode()
ASKED = 2_000
MOVES = 5


async def measure(stage: Stage) -> AsyncIterator[Figure]:
    """A model server that follows a command service; requests come one after the other."""
    log, versions = stage.log(), _models(stage.folder)
    async with services.command(stage, log), _asker(log) as ask:
        await ask(RegisterModel())
        for artifact in versions:
            await ask(RegisterVersion(artifact=artifact))
        await ask(PromoteVersion(version=1))
        async with _server(stage, log) as port:
            await until(lambda: services.answers(port, "/v2/models/bench.served/ready"))
            if stage.wants("serving.overhead"):
                yield await _overhead(stage, port)
            if stage.wants("rollback.move"):
                yield await _move(port, ask)


async def _overhead(stage: Stage, port: int) -> Figure:
    model = load(Format.PICKLE, stage.folder / "1.joblib")
    call = model.call
    if call is None:
        raise Failed("the model cannot be called")
    import numpy as np

    rows = np.array([ROWS["data"]])
    connection = await Answers.connect("127.0.0.1", port)
    request = post(PATH, BODY, {"x-rollbook-unit": "unit"})
    rounds: list[tuple[float, float]] = []
    own = process_time()
    for _ in range(stage.sizes.rounds):
        served = []
        for _ in range(ASKED):
            began = perf_counter()
            status, _ = await connection.ask(request)
            served.append(perf_counter() - began)
            if status != 200:
                raise Failed(f"answered with {status}")
        bare = [_timed(lambda: call({"rows": rows})) for _ in range(ASKED)]
        rounds.append((_p50(served), _p50(bare)))
    connection.close()
    through = middle([a for a, _ in rounds]) * 1000
    alone = middle([b for _, b in rounds]) * 1000
    return Figure(
        "serving.overhead",
        through - alone,
        "ms per request",
        "the model called in this process",
        through / alone,
        {"through_p50": through, "bare_p50": alone, "client_cpu_s": process_time() - own},
    )


async def _move(port: int, ask: Callable[[StreamCommand], Any]) -> Figure:
    connection = await Answers.connect("127.0.0.1", port)
    request = post(PATH, BODY, {})

    async def version() -> str:
        status, body = await connection.ask(request)
        if status != 200:
            raise Failed(f"a request was answered with {status}")
        return str(json.loads(body)["model_version"])

    async def moved(to: str) -> bool:
        return await version() == to

    taken = []
    for _ in range(MOVES):
        await ask(PromoteVersion(version=2))
        await until(lambda: moved("2"))
        await ask(RollBackVersion(reason="worse"))  # its outcome stands in the log now
        began = perf_counter()
        await until(lambda: moved("1"), every=0.001)
        taken.append(perf_counter() - began)
    connection.close()
    return Figure("rollback.move", middle(taken), "s", extra={"worst": max(taken)})


def _models(folder: Path) -> list[Artifact]:
    made = []
    for number in (1, 2):
        path = folder / f"{number}.joblib"
        models.joblib(path)
        if number == 2:  # other bytes
            models.compressed(path)
        digest, size = folders.digest_of(path), path.stat().st_size
        uri = path.absolute().as_uri()
        made.append(Artifact(uri=uri, digest=digest, size=size, format="joblib"))
    return made


@asynccontextmanager
async def _asker(log: LogAddress) -> AsyncIterator[Callable[[StreamCommand], Any]]:
    asker = Asker(log)

    async def started() -> bool:
        try:
            await asker.start()
        except Unavailable:  # the topics are not there yet
            return False
        return True

    await until(started)

    async def ask(command: StreamCommand) -> None:
        outcome = await asker.ask(CommandEnvelope(str(uuid4()), MODEL, command))
        if type(outcome.message).__name__ in ("CommandRefused", "CommandConfirmed"):
            raise Failed(f"{command!r}: {outcome.message!r}")

    try:
        yield ask
    finally:
        await asker.stop()


@asynccontextmanager
async def _server(stage: Stage, log: LogAddress) -> AsyncIterator[int]:
    [port] = remembered(stage.folder / "serving.port", 1)
    told = {
        "serving_port": str(port),
        "serving_folder": str(stage.folder.absolute() / "serving"),
        "serving_folders": json.dumps([str(stage.folder.absolute())]),
    }
    env = stage.env(log, **told)
    async with running(python("rollbook.serving"), env, stage.folder / "serving.log"):
        yield port


def _timed(call: Callable[[], object]) -> float:
    began = perf_counter()
    call()
    return perf_counter() - began


def _p50(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]
