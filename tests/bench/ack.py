"""ack.kafka and ack.http: how long until a caller holds its command's outcome from the log."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial
from itertools import count

from rollbook.domain.catalog import RegisterModel
from rollbook.domain.versions import VersionRegistered
from rollbook.eventlog import topics
from rollbook.eventlog.asking import Asker
from rollbook.eventlog.topics import DEFAULT_PARTITIONS
from tests.bench import load, raw, services
from tests.bench.echo import Echo
from tests.bench.figure import Extra, Figure
from tests.bench.http import Answers, post
from tests.bench.loops import Latency, closed_loops
from tests.bench.process import Failed
from tests.bench.services import Query
from tests.bench.stage import Stage

CLIENTS = (1, 16, 64)
Round = Callable[[int, float], Awaitable[Latency]]
NAMES = tuple(f"ack.{door}.c{clients}" for door in ("kafka", "http") for clients in CLIENTS)

MODELS = 256
_numbers = count()


async def measure(stage: Stage) -> AsyncIterator[Figure]:
    """The bare round trip, Kafka and HTTP in turn, at each number of clients."""
    log = stage.log()
    await topics.ensure(log)
    await raw.create(log.kafka, f"{log.app}.echo", DEFAULT_PARTITIONS)
    over_http = any(stage.wants(name) for name in NAMES if name.startswith("ack.http"))
    async with AsyncExitStack() as life:
        await life.enter_async_context(services.command(stage, log))
        echo = Echo(log.kafka, f"{log.app}.echo", DEFAULT_PARTITIONS)
        await life.enter_async_context(echo)
        asker = await life.enter_async_context(Asker(log))
        await _register_models(asker)
        doors: dict[str, Round] = {
            "raw": partial(closed_loops, partial(_echo, echo)),
            "kafka": partial(closed_loops, partial(_ask, asker)),
        }
        if over_http:
            query = await life.enter_async_context(services.query(stage, log))
            doors["http"] = partial(_post_loops, query)
        for clients in CLIENTS:
            rounds: dict[str, list[Latency]] = {door: [] for door in doors}
            for _ in range(stage.sizes.rounds):
                for door, measured in doors.items():
                    rounds[door].append(await measured(clients, stage.sizes.seconds))
            found = {door: Latency.middle(seen) for door, seen in rounds.items()}
            for figure in _figures(clients, found):
                yield figure


def _figures(clients: int, found: dict[str, Latency]) -> list[Figure]:
    raw_, kafka = found["raw"], found["kafka"]
    figures = [
        Figure(
            f"ack.kafka.c{clients}",
            kafka.p50,
            "ms p50",
            "one raw acks=all produce + consume round trip",
            kafka.p50 / raw_.p50,
            _extra(kafka, raw_),
        )
    ]
    if (http := found.get("http")) is not None:
        figures.append(
            Figure(
                f"ack.http.c{clients}",
                http.p50,
                "ms p50",
                f"ack.kafka.c{clients}",
                http.p50 / kafka.p50,
                _extra(http, kafka),
            )
        )
    return figures


def _extra(own: Latency, reference: Latency) -> Extra:
    return {
        "p99": own.p99,
        "per_s": own.per_s,
        "reference_p50": reference.p50,
        "reference_p99": reference.p99,
        "reference_per_s": reference.per_s,
    }


async def _register_models(asker: Asker) -> None:
    wishes = [load.envelope(load.model_name(n), RegisterModel()) for n in range(MODELS)]
    await asyncio.gather(*map(asker.ask, wishes))


async def _post_loops(query: Query, clients: int, seconds: float) -> Latency:
    with query.awake():
        connections = [await Answers.connect("127.0.0.1", query.port) for _ in range(clients)]
        try:
            return await closed_loops(partial(_post, connections), clients, seconds)
        finally:
            for connection in connections:
                connection.close()


async def _echo(echo: Echo, client: int) -> None:
    number = next(_numbers)
    await echo.ask(load.record(load.model_name(number % MODELS), load.version(number)))


async def _ask(asker: Asker, client: int) -> None:
    number = next(_numbers)
    wish = load.envelope(load.model_name(number % MODELS), load.version(number))
    outcome = await asker.ask(wish)
    if not isinstance(outcome.message, VersionRegistered):
        raise Failed(f"a version was not registered: {outcome}")


async def _post(connections: list[Answers], client: int) -> None:
    number = next(_numbers)
    wish = load.record(load.model_name(number % MODELS), load.version(number))
    model, headers = (wish.key or b"").decode(), dict(wish.headers)
    request = post(
        f"/api/v1/models/{model}/commands/RegisterVersion",
        wish.value or b"",
        {"idempotency-key": headers["ce_id"].decode()},
    )
    status, body = await connections[client].ask(request)
    if status != 200:
        raise Failed(f"a version was not registered: {status} {body.decode()}")
