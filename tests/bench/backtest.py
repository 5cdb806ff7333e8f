"""policy.backtest: how many past candidates a new policy is held against in a second."""

import gc
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from rollbook.domain.catalog import ModelRegistered
from rollbook.domain.environments import VersionPromoted
from rollbook.domain.messages import Message
from rollbook.domain.model import ModelEvent, evolve
from rollbook.domain.policies import Policy
from rollbook.domain.state import Model
from rollbook.domain.validation import GateResult, VersionValidated
from rollbook.domain.versions import VersionRegistered
from rollbook.eventlog.records import decode_message, encode_value
from rollbook.gates.backtest import Backtest, WhatIf
from rollbook.gates.ruling import Standing
from rollbook.gates.tally import Tally
from tests.bench import load
from tests.bench.figure import Figure, middle, say
from tests.bench.stage import Stage

NAMES = ("policy.backtest",)

MODELS: Final = 50
BEGAN: Final = datetime(2026, 1, 1, tzinfo=UTC)
POLICY: Final = Policy.model_validate(
    {
        "gates": [
            {"gate": "auc", "kind": "metric", "metric": "auc", "least": 0.92},
            {
                "gate": "no-worse",
                "kind": "metric",
                "metric": "auc",
                "champion": "production",
                "ratio": 0.98,
            },
            {"gate": "calibrated", "kind": "expression", "expression": "metrics.log_loss < 0.5"},
            {"gate": "speed", "kind": "performance", "p95": 20.0},
            {"gate": "jumps", "kind": "anomaly", "metric": "auc"},
        ]
    }
)
Kept = tuple[str, datetime, str, int, bytes]
"""Stream, time, type, schema and value of a record."""


async def measure(stage: Stage) -> AsyncIterator[Figure]:
    """Records as they stand in the log: decoded, folded, and every candidate judged; one core."""
    count = min(stage.sizes.versions // 20, 50_000)
    records = list(_records(count))
    say(f"{len(records):,} records of {count:,} candidates")
    judged, folded = [], []
    for _ in range(stage.sizes.rounds):
        folded.append(count / _timed(_fold, records))
        judged.append(count / _timed(_judge, records))
    yield Figure(
        "policy.backtest",
        middle(judged),
        "candidates/s on one core",
        "decoding and folding alone",
        middle(judged) / middle(folded),
        {"gates": len(POLICY.gates), "minutes_for_a_million": 1e6 / middle(judged) / 60},
    )


def _records(count: int) -> Iterator[Kept]:
    """Versions of some models in turn, each with a verdict; every tenth is promoted."""
    for model in range(MODELS):
        yield _kept(model, 0, ModelRegistered())
    for number in range(count):
        model, version = number % MODELS, number // MODELS + 1
        asked = load.version(number)
        yield _kept(
            model,
            number,
            VersionRegistered(
                version=version,
                registered_by="bench",
                artifact=asked.artifact,
                metrics=asked.metrics,
                params=asked.params,
                tags=asked.tags,
                lineage=asked.lineage,
            ),
        )
        measured = {"performance.p95": float(number % 25), "performance.p50": 3.0}
        gates = (
            GateResult(gate="auc", outcome="passed"),
            GateResult(gate="speed", outcome="passed", measured=measured),
        )
        yield _kept(
            model, number, VersionValidated(version=version, gates=gates, digest=f"{number}")
        )
        if version % 10 == 1:
            yield _kept(model, number, VersionPromoted(version=version, environment="production"))


def _kept(model: int, number: int, event: Message) -> Kept:
    at = BEGAN + timedelta(seconds=number)
    kind = type(event)
    return load.model_name(model), at, kind.__name__, kind.schema_version, encode_value(event)


def _decoded(records: Sequence[Kept]) -> Iterator[tuple[str, datetime, ModelEvent]]:
    for key, at, kind, schema, value in records:
        yield key, at, decode_message(kind, value, schema, b"bench")  # type: ignore[misc]


def _fold(records: Sequence[Kept]) -> None:
    models: dict[str, Model] = {}
    for key, _, event in _decoded(records):
        models[key] = evolve(models.get(key, Model()), event)


def _judge(records: Sequence[Kept]) -> None:
    backtest = Backtest(WhatIf((Standing("bench", "tried", 1, POLICY),)))
    for key, at, event in _decoded(records):
        backtest.take(key, at, event)
    tally: Tally = backtest.tally()
    assert tally.candidates == sum(kind == "VersionRegistered" for _, _, kind, _, _ in records)


def _timed(work: Callable[[Sequence[Kept]], None], records: Sequence[Kept]) -> float:
    gc.collect()
    gc.disable()
    began = time.perf_counter()
    try:
        work(records)
    finally:
        gc.enable()
    return time.perf_counter() - began
