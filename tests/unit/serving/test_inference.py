"""Requests and answers of the Open Inference Protocol."""

from typing import Any

import numpy as np
import orjson
import pytest

from rollbook.probes.loaders import Input
from rollbook.serving.inference import Answer, Asked, Wrong, seen

MATRIX = {"name": "x", "shape": [2, 2], "datatype": "FP64", "data": [1, 2, 3, 4]}


def asked(*inputs: dict[str, Any], **more: Any) -> Asked:
    return Asked(orjson.dumps({"inputs": list(inputs), **more}))


def column(name: str, *data: Any, datatype: str = "FP64") -> dict[str, Any]:
    return {"name": name, "shape": [len(data)], "datatype": datatype, "data": list(data)}


def test_a_matrix_goes_to_the_model_as_it_takes_it() -> None:
    arrays = asked(MATRIX).arrays([Input("input", 2, "float32")])
    assert arrays["input"].dtype == np.float32
    assert arrays["input"].tolist() == [[1, 2], [3, 4]]


def test_nested_data_are_taken_too() -> None:
    nested = MATRIX | {"data": [[1, 2], [3, 4]]}
    assert asked(nested).arrays([])["input"].tolist() == [[1, 2], [3, 4]]


def test_columns_become_one_array_in_their_order() -> None:
    found = asked(column("age", 31, 40), column("income", 5, 6))
    assert found.arrays([Input("input", 2, "float64")])["input"].tolist() == [[31, 5], [40, 6]]
    assert found.features() == {"age": [31.0, 40.0], "income": [5.0, 6.0]}


def test_a_model_of_several_inputs_takes_each_by_name() -> None:
    wanted = [Input("a", 1), Input("b", 1, "int64")]
    arrays = asked(column("b", 1), column("a", 2)).arrays(wanted)
    assert {name: array.dtype.name for name, array in arrays.items()} == {
        "a": "float32",
        "b": "int64",
    }
    with pytest.raises(Wrong, match="b"):
        asked(column("a", 2)).arrays(wanted)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"inputs": []}',
        b'{"inputs": [{"name": "x"}]}',
        b'{"inputs": [{"name": "x", "shape": [3], "datatype": "FP64", "data": [1]}]}',
        b'{"inputs": [{"name": "x", "shape": [1], "datatype": "FP65", "data": [1]}]}',
        b'{"inputs": [{"name": "x", "shape": [1], "datatype": "FP64", "data": ["a"]}]}',
        b'{"inputs": [{"name": "x", "shape": ["a"], "datatype": "FP64", "data": [1]}]}',
        b'{"id": 3, "inputs": [{"name": "x", "shape": [1], "datatype": "FP64", "data": [1]}]}',
    ],
)
def test_what_is_no_request_is_said_to_be_wrong(body: bytes) -> None:
    with pytest.raises(Wrong):
        Asked(body)


def test_columns_of_different_lengths_are_wrong() -> None:
    with pytest.raises(Wrong, match="as many rows"):
        asked(column("a", 1), column("b", 1, 2)).arrays([])


def test_an_answer_is_written_as_the_protocol_has_it() -> None:
    said = Answer(np.array([[0.25, 0.75]], dtype="float32"))
    assert orjson.loads(said.encoded("team.churn", 3, "r1")) == {
        "model_name": "team.churn",
        "model_version": "3",
        "id": "r1",
        "outputs": [{"name": "predict", "shape": [1, 2], "datatype": "FP32", "data": [0.25, 0.75]}],
    }


def test_texts_and_several_outputs_are_written_too() -> None:
    one = orjson.loads(Answer(np.array(["yes", "no"])).encoded("m", 1, "r"))["outputs"]
    assert one == [{"name": "predict", "shape": [2], "datatype": "BYTES", "data": ["yes", "no"]}]
    labels, scores = np.array([1, 0]), [{"0": 0.1, "1": 0.9}, {"0": 0.8, "1": 0.2}]
    two = orjson.loads(Answer([labels, scores]).encoded("m", 1, "r"))["outputs"]
    assert [(o["name"], o["shape"], o["datatype"]) for o in two] == [
        ("output_0", [2], "INT64"),
        ("output_1", [2, 2], "FP64"),
    ]


@pytest.mark.parametrize(
    ("said", "predictions"),
    [
        (np.array([1, 0]), [1.0, 0.0]),
        (np.array([[0.3], [0.4]]), [0.3, 0.4]),
        (np.array([[0.2, 0.8]]), [0.8]),
        (np.array([[0.1, 0.2, 0.7]]), ["2"]),
        (np.array(["yes"]), ["yes"]),
        ([0.5, 0.25], [0.5, 0.25]),
        (np.zeros((1, 2, 2)), []),
    ],
)
def test_each_row_has_one_prediction(said: object, predictions: list[object]) -> None:
    assert Answer(said).predictions() == predictions


def test_what_is_seen_is_bounded() -> None:
    rows = np.zeros((500, 300))
    wide = {"name": "x", "shape": [500, 300], "datatype": "FP64", "data": rows.ravel().tolist()}
    told = orjson.loads(seen(asked(wide), Answer(rows[:, 0])))
    assert told["features"] == {}
    assert (told["rows"], len(told["predictions"])) == (500, 100)
    told = orjson.loads(seen(asked(column("x", *range(500))), Answer(rows[:, 0])))
    assert len(told["features"]["x"]) == 100
