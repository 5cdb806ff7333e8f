"""Small real models, one in each format, as they are made where people train."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

WIDTH: Final = 4


def trained() -> "Any":
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    rows, target = data()
    assert isinstance(rows, np.ndarray)
    return LogisticRegression().fit(rows, target)


def data() -> "tuple[Any, Any]":
    import numpy as np

    rows = np.random.default_rng(1).normal(size=(80, WIDTH))
    return rows, (rows[:, 0] > 0).astype(int)


def skops(path: Path) -> None:
    import skops.io

    path.write_bytes(skops.io.dumps(trained()))


def joblib(path: Path) -> None:
    import joblib

    joblib.dump(trained(), path)


def compressed(path: Path) -> None:
    import joblib

    joblib.dump(trained(), path, compress=("gzip", 3))


def onnx(path: Path) -> None:
    import onnx
    from onnx import TensorProto, helper

    def tensor(name: str, shape: "list[Any]") -> "Any":
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    weights = helper.make_tensor("w", TensorProto.FLOAT, [WIDTH, 1], [0.5] * WIDTH)
    node = helper.make_node("MatMul", ["rows", "w"], ["scores"])
    graph = helper.make_graph(
        [node], "g", [tensor("rows", ["n", WIDTH])], [tensor("scores", ["n", 1])], [weights]
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(made, str(path))


def xgboost_ubj(path: Path) -> None:
    import xgboost

    rows, target = data()
    model = xgboost.train(
        {"objective": "binary:logistic", "nthread": 1}, xgboost.DMatrix(rows, target), 3
    )
    path.write_bytes(model.save_raw("ubj"))


def lightgbm(path: Path) -> None:
    import lightgbm

    rows, target = data()
    params = {"objective": "binary", "verbose": -1, "num_threads": 1, "min_data_in_leaf": 2}
    path.write_text(lightgbm.train(params, lightgbm.Dataset(rows, target), 3).model_to_string())


def safetensors(path: Path) -> None:
    import numpy as np
    from safetensors.numpy import save

    path.write_bytes(save({"weight": np.ones((3, 2), dtype=np.float32)}))


MADE: Final[Mapping[str, tuple[str, Callable[[Path], None]]]] = {
    "skops": ("skops", skops),
    "compressed": ("joblib", compressed),
    "onnx": ("onnx", onnx),
    "xgboost-ubj": ("ubj", xgboost_ubj),
    "lightgbm": ("lightgbm", lightgbm),
    "safetensors": ("safetensors", safetensors),
}
"""Name -> the format that it is registered with, and how it is made."""
