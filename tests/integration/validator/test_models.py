"""Real models are really loaded and measured, and each bad one is refused by the right gate."""

import pickle
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper

from rollbook.probes.artifact import read
from tests.integration.query.system import Caller, calling
from tests.integration.validator.checking import (
    Tables,
    artifact,
    outcomes,
    reasons,
    register,
    save,
    settled,
)

COLUMNS = [{"name": f"x{n}", "type": "double"} for n in range(4)]
GATES: tuple[dict[str, Any], ...] = (
    {"gate": "there", "kind": "artifact", "most": 1_000_000},
    {"gate": "loads", "kind": "load", "allow_pickle": True},
    {"gate": "quick", "kind": "performance", "p50": 10.0, "calls": 10, "allow_pickle": True},
    {
        "gate": "fair",
        "kind": "fairness",
        "measure": "demographic_parity",
        "attribute": "sex",
    },
    {
        "gate": "small",
        "kind": "expression",
        "expression": 'measured["artifact.size"] < 10000000.0',
    },
)
ROWS = np.random.default_rng(1).normal(size=(100, 4))
TARGET = ROWS[:, 0] > 0


def network(slow: int = 0, unused: int = 0) -> bytes:
    """A model that multiplies a row with four weights; after so many large multiplications."""
    shape = helper.make_tensor("shape", TensorProto.INT64, [2], [1000, 1000])
    weights = helper.make_tensor("w", TensorProto.FLOAT, [4, 1], [0.5] * 4)
    ballast = helper.make_tensor("b", TensorProto.UINT8, [unused], bytes(unused), raw=True)
    nodes = [
        helper.make_node("MatMul", ["rows", "w"], ["m0"]),
        *([helper.make_node("Expand", ["m0", "shape"], ["large0"])] if slow else ()),
        *(
            helper.make_node("MatMul", [f"large{n}", f"large{n}"], [f"large{n + 1}"])
            for n in range(slow)
        ),
        helper.make_node("ReduceMax", [f"large{slow}" if slow else "m0"], ["scores"]),
    ]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("rows", TensorProto.FLOAT, [1, 4])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, None)],
        [shape, weights, ballast],
    )
    opset = [helper.make_opsetid("", 17)]
    made: bytes = helper.make_model(graph, opset_imports=opset, ir_version=9).SerializeToString()
    return made


class Evil:
    """What a pickle can do to whoever loads it."""

    def __init__(self, touched: Path) -> None:
        self.touched = touched

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.touched,)


def rated(women: float = 0.5) -> list[dict[str, Any]]:
    """How often women and men are predicted to be positive."""
    return [
        {
            "slice": {"sex": sex},
            "metrics": {"selection_rate": {"value": rate}, "positive_rate": {"value": rate}},
            "samples": 500,
        }
        for sex, rate in (("f", women), ("m", 0.55))
    ]


@dataclass(frozen=True)
class Bad:
    """A version that is registered, and what must come of it."""

    artifact: dict[str, Any]
    refused: str
    """The one gate that fails it."""
    reason: str
    evaluations: list[dict[str, Any]] = field(default_factory=rated)


@pytest.fixture(scope="module")
def folder(tables: Tables) -> Iterator[Path]:
    """Of models that the validator may read, while there is one."""
    with tables.watched():
        yield tables.models


@pytest.fixture
def judging(tables: Tables, folder: Path) -> Iterator[Caller]:
    with calling(tables.system) as caller:
        caller.done("RegisterModel", {})
        yield caller


def made(folder: Path, good: bytes) -> dict[str, Bad]:
    """Seven bad models, by what is wrong with each."""

    def file(name: str, content: bytes) -> dict[str, Any]:
        (folder / name).write_bytes(content)
        return artifact(folder / name, "onnx")

    whole, damaged = file("whole.onnx", good), file("damaged.onnx", good)
    (folder / "damaged.onnx").write_bytes(good[:90] + bytes([good[90] ^ 1]) + good[91:])
    evil = file("evil.pkl", pickle.dumps(Evil(folder / "touched")))
    return {
        "corrupted": Bad(damaged, "there", f"and {damaged['digest']} was registered"),
        "truncated": Bad(
            file("short.onnx", good[: len(good) * 2 // 3]),
            "loads",
            "it cannot be loaded as onnx, damaged or cut off",
        ),
        "of the wrong format": Bad(
            whole | {"format": "skops"}, "loads", "registered as skops, and its bytes are onnx"
        ),
        "malicious": Bad(
            evil | {"format": "pickle"}, "loads", "it asks for what is no part of a model: pathlib."
        ),
        "oversized": Bad(
            file("large.onnx", network(unused=2_000_000)), "there", "1 MB are allowed"
        ),
        "slow": Bad(file("slow.onnx", network(slow=4)), "quick", "ms, and 10 ms are allowed"),
        "biased": Bad(whole, "fair", "sex", rated(women=0.2)),
    }


def test_seven_bad_models_are_each_refused_by_the_right_gate_with_a_reason(
    judging: Caller, folder: Path
) -> None:
    (folder / "good.onnx").write_bytes(network())
    bad = made(folder, network())
    save(judging, *GATES)
    common: dict[str, Any] = {"signature": {"inputs": COLUMNS}}
    good = artifact(folder / "good.onnx", "onnx")
    register(judging, artifact=good, evaluations=rated(), **common)
    for each in bad.values():
        register(judging, artifact=each.artifact, evaluations=each.evaluations, **common)
    found = {v["data"]["version"]: v for v in settled(judging, 1 + len(bad), seconds=150)}

    passed = found[1]
    assert passed["type"] == "VersionValidated", reasons(passed)
    assert outcomes(passed) == {gate["gate"]: "passed" for gate in GATES}
    measured = {k: v for gate in passed["data"]["gates"] for k, v in gate["measured"].items()}
    assert measured["artifact.size"] == (folder / "good.onnx").stat().st_size
    assert measured["load.done"] == 1
    assert 0 < measured["performance.p50"] < 10

    for number, (what, each) in enumerate(bad.items(), start=2):
        verdict = found[number]
        assert verdict["type"] == "VersionRejected", what
        # What could not be measured because of it says so, and is no second accusation.
        failed = [gate for gate, outcome in outcomes(verdict).items() if outcome == "failed"]
        assert failed == [each.refused], (what, reasons(verdict))
        assert each.reason in reasons(verdict)[each.refused], what
        refused = judging.send("PromoteVersion", {"version": number, "environment": "production"})
        assert refused.json()["code"] == "rejected", what
    assert not (folder / "touched").exists()


FIT = """
import json, sys
import numpy as np

rows = np.loadtxt(sys.argv[1])
weights, *_ = np.linalg.lstsq(rows[:, :-1], rows[:, -1] - 0.5)
right = (rows[:, :-1] @ weights > 0) == (rows[:, -1] > 0)
with open("model", "wb") as file:
    np.save(file, weights)
with open("metrics.json", "w") as file:
    json.dump({"accuracy": right.mean()}, file)
"""


def test_a_version_is_made_again_by_its_recipe_and_must_come_out_the_same(
    judging: Caller, folder: Path
) -> None:
    data, code = folder / "train.txt", folder / "training"
    np.savetxt(data, np.column_stack([ROWS, TARGET]))
    code.mkdir()
    (code / "fit.py").write_text(FIT)
    recipe = {
        "uri": code.as_uri(),
        "digest": read(code)[0],
        "program": "fit.py",
        "arguments": ["{train}"],
    }
    weights, *_ = np.linalg.lstsq(ROWS, TARGET - 0.5)
    accuracy = float((((ROWS @ weights) > 0) == TARGET).mean())
    lineage = {"datasets": [{"uri": data.as_uri(), "digest": read(data)[0]}]}
    save(judging, {"gate": "again", "kind": "reproduction", "metrics": ["accuracy"]})
    register(judging, 1, accuracy, recipe=recipe, lineage=lineage)
    register(judging, 2, 0.5, recipe=recipe, lineage=lineage)
    register(judging, 3, accuracy, lineage=lineage)
    found = {v["data"]["version"]: v for v in settled(judging, 3, seconds=120)}
    said = [(outcomes(found[n])["again"], reasons(found[n])["again"]) for n in (1, 2, 3)]
    assert said[0][0] == "passed", said
    assert found[1]["data"]["gates"][0]["measured"]["reproduced.accuracy"] == accuracy
    assert said[1][0] == "failed"
    assert "registered was 0.5" in said[1][1]
    assert said[2] == ("failed", "it has no recipe to be rebuilt by")
    shown = judging.read("/versions/1").json()
    assert shown["recipe"] == recipe
