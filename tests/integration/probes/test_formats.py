"""Every format is really loaded, and really called."""

from pathlib import Path

import pytest

from rollbook.domain.lineage import Signature
from rollbook.probes.loading import load, performance
from tests.integration.probes.subjects import loading, performing, subject
from tests.support import models


@pytest.mark.parametrize("name", ["skops", "compressed", "onnx", "xgboost-ubj", "lightgbm"])
async def test_a_model_is_loaded_and_called_as_often_as_asked(name: str, tmp_path: Path) -> None:
    form, make = models.MADE[name]
    make(tmp_path / "artifact")
    measured = await performance(performing(), subject(tmp_path / "artifact", form))
    assert measured.said == ""
    numbers = measured.numbers
    assert numbers["load.done"] == 1
    assert numbers["load.code"] == float(name == "compressed")
    assert numbers["load.seconds"] > 0
    assert 0 < numbers["performance.p50"] <= numbers["performance.p95"]
    assert numbers["performance.p95"] <= numbers["performance.p99"]
    assert numbers["performance.throughput"] > 0
    assert numbers["performance.memory"] >= numbers["load.memory"] > 10_000_000


async def test_weights_alone_load_and_cannot_be_called(tmp_path: Path) -> None:
    models.safetensors(tmp_path / "m")
    measured = await performance(performing(), subject(tmp_path / "m", "safetensors"))
    assert measured.numbers["load.done"] == 1
    assert "performance.p50" not in measured.numbers
    assert measured.said == "a safetensors file like this holds nothing that can be called"


async def test_of_an_mlflow_folder_the_file_of_its_flavour_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    models.onnx(tmp_path / "m" / "model.onnx")
    (tmp_path / "m" / "MLmodel").write_text("flavors: {onnx: {data: model.onnx}}")
    measured = await performance(performing(), subject(tmp_path / "m", "mlflow"))
    assert (measured.said, measured.numbers["load.done"]) == ("", 1)
    assert measured.numbers["performance.p50"] > 0


async def test_a_model_that_fails_when_it_is_called_says_so(tmp_path: Path) -> None:
    import onnx
    from onnx import TensorProto, helper

    def tensor(name: str) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 4])

    shape = helper.make_tensor("s", TensorProto.INT64, [1], [3])
    node = helper.make_node("Reshape", ["rows", "s"], ["out"])
    graph = helper.make_graph([node], "g", [tensor("rows")], [tensor("out")], [shape])
    opset = [helper.make_opsetid("", 17)]
    made = helper.make_model(graph, opset_imports=opset, ir_version=9)
    (tmp_path / "m").write_bytes(made.SerializeToString())
    measured = await performance(performing(), subject(tmp_path / "m", "onnx"))
    assert measured.said.startswith("it fails when it is called: ")
    assert measured.numbers["load.done"] == 1


async def test_a_pickle_is_refused_unread_where_the_gate_allows_none(tmp_path: Path) -> None:
    models.joblib(tmp_path / "m")
    signature = Signature(inputs=({"name": "a", "type": "double"},))
    measured = await load(loading(), subject(tmp_path / "m", "joblib", signature))
    assert measured.numbers == {"load.done": 0, "load.code": 1}
    assert measured.said.startswith("it is a pickle, which runs code when it is loaded")
