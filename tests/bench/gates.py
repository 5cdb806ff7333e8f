"""gates.eval: how many gates are judged a second, against the evaluation of their CEL alone."""

import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TypeVar

from rollbook.domain import expressions
from rollbook.domain.gates import ExpressionGate
from rollbook.gates.facts import Facts, Piece
from rollbook.gates.judging import judge
from tests.bench.figure import Figure, middle
from tests.bench.process import Failed
from tests.bench.stage import Stage

NAMES = ("gates.eval",)

GATES = 20_000
"""Judged in one round."""

T = TypeVar("T")

_ASKED = (
    "metrics.auc >= 0.91",
    "metrics.auc >= 0.99 * champion.production.auc",
    "size < 500000000 && format in ['onnx', 'skops']",
    "slices.all(s, slices[s].auc >= 0.85)",
)


async def measure(stage: Stage) -> AsyncIterator[Figure]:
    """Conditions as people write them, over a version with ten slices."""
    gates = [ExpressionGate(kind="expression", gate=text, expression=text) for text in _ASKED]
    facts = _facts()
    if any(judge(gate, facts).outcome != "passed" for gate in gates):
        raise Failed("a gate that should pass does not")
    judged: list[float] = []
    bare: list[float] = []
    values = {
        "metrics": facts.metrics,
        "champion": {"production": facts.champion["production"].metrics},
        "size": facts.artifact.size,
        "format": facts.artifact.format,
        "slices": facts.slices,
    }
    compiled = [expressions.compiled(text) for text in _ASKED]
    for _ in range(stage.sizes.rounds * 2 + 1):  # one more is cheap here
        judged.append(_per_s(gates, lambda gate: judge(gate, facts)))
        bare.append(_per_s(compiled, lambda condition: condition.eval(data=values).value()))
    yield Figure(
        "gates.eval",
        middle(judged),
        "gates/s",
        "evaluating the same expressions by the library alone, over the same values",
        middle(judged) / middle(bare),
        {"us": 1e6 / middle(judged), "reference_per_s": middle(bare)},
    )


def _per_s(asked: Sequence[T], done: Callable[[T], object]) -> float:
    started = time.perf_counter()
    for _ in range(GATES // len(asked)):
        for each in asked:
            done(each)
    return GATES / (time.perf_counter() - started)


def _facts() -> Facts:
    return Facts(
        metrics={"auc": 0.93} | {f"metric_{i}": 0.5 for i in range(20)},
        params={f"param_{i}": "x" for i in range(20)},
        artifact=Piece(format="onnx", size=40_000_000),
        slices={f"country={i}": {"auc": 0.9, "samples": 500.0} for i in range(10)},
        champion={"production": Facts(version=6, metrics={"auc": 0.92})},
    )
