"""Loads a model of each format; only ever called within the walls."""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rollbook.probes import trust
from rollbook.probes.formats import Format, Unreadable

Rows = Any  # an array, as numpy makes it
Call = Callable[[Rows], object]

LIBRARIES: Final[Mapping[Format, tuple[str, ...]]] = {
    Format.SKOPS: ("skops.io",),
    Format.PICKLE: ("joblib", "picklescan.scanner"),
    Format.ONNX: ("numpy", "onnxruntime"),
    Format.XGBOOST: ("xgboost",),
    Format.LIGHTGBM: ("lightgbm",),
    Format.SAFETENSORS: ("numpy", "safetensors"),
}
EXTRAS: Final = {Format.PICKLE: "sklearn"}


class Lacking(Exception):
    """A library is not installed here: no fault of the model."""


class Threat(Exception):
    """The model wants what a model may not; what, by name."""

    def __init__(self, *names: str) -> None:
        super().__init__(", ".join(names))
        self.names = names


@dataclass(frozen=True)
class Input:
    """One array that the model takes: rows first."""

    name: str
    width: int | None
    """Columns; None: the rows are numbers, not lists."""
    dtype: str = "float32"
    tail: tuple[int, ...] = ()
    """Further dimensions after the columns."""


@dataclass(frozen=True)
class Loaded:
    """A model that is there."""

    call: Callable[[Mapping[str, Rows]], object] | None
    """None: it holds weights, and no program that could be called."""
    inputs: tuple[Input, ...] = ()
    """What it says itself that it takes; nothing: it does not say."""


def ready(form: Format) -> None:
    """Imports what the format needs; `Lacking` where it is not installed."""
    for name in LIBRARIES[form]:
        try:
            importlib.import_module(name)
        except ImportError:
            extra = EXTRAS.get(form, form.value)
            raise Lacking(
                f"{name.partition('.')[0]} is not installed beside the validator, so nothing can be"
                f" said about {form.value}: install rollbook-probes[{extra}]"
            ) from None


def load(form: Format, path: Path) -> Loaded:
    """The model; `Unreadable` or `Threat` where it cannot be had, or what its library raises."""
    match form:
        case Format.SKOPS:
            return _skops(path)
        case Format.PICKLE:
            return _pickle(path)
        case Format.ONNX:
            return _onnx(path)
        case Format.XGBOOST:
            return _xgboost(path)
        case Format.LIGHTGBM:
            return _lightgbm(path)
        case Format.SAFETENSORS:
            return _safetensors(path)
        case Format.MLFLOW:
            raise Unreadable("an MLflow folder within an MLflow folder")


def _skops(path: Path) -> Loaded:
    import skops.io  # noqa: PLC0415

    untrusted = skops.io.get_untrusted_types(file=path)
    if untrusted:
        raise Threat(*map(str, untrusted))
    return _estimator(skops.io.load(path, trusted=[]))


def _pickle(path: Path) -> Loaded:
    import joblib  # noqa: PLC0415

    try:
        return _estimator(joblib.load(path))
    except trust.Untrusted as untrusted:
        raise Threat(str(untrusted)) from None


def _estimator(model: object) -> Loaded:
    predict = getattr(model, "predict", None)
    if not callable(predict):
        raise Unreadable(f"it holds a {type(model).__name__}, which is no model: it cannot predict")
    width = getattr(model, "n_features_in_", None)
    inputs = (Input("input", width, "float64"),) if isinstance(width, int) else ()
    return Loaded(_only(predict), inputs)


def _only(call: Call) -> Callable[[Mapping[str, Rows]], object]:
    """A model that takes one array."""
    return lambda arrays: call(next(iter(arrays.values())))


_ONNX_TYPES: Final = {
    "tensor(float)": "float32",
    "tensor(double)": "float64",
    "tensor(float16)": "float16",
    "tensor(int64)": "int64",
    "tensor(int32)": "int32",
    "tensor(int8)": "int8",
    "tensor(uint8)": "uint8",
    "tensor(bool)": "bool",
    "tensor(string)": "str",
}


def _onnx(path: Path) -> Loaded:
    import onnxruntime  # noqa: PLC0415

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    inputs = []
    for given in session.get_inputs():
        dtype = _ONNX_TYPES.get(given.type)
        if dtype is None:
            return Loaded(None)
        sizes = [size if isinstance(size, int) and size > 0 else 1 for size in given.shape[1:]]
        width = sizes[0] if sizes else None
        inputs.append(Input(given.name, width, dtype, tuple(sizes[1:])))
    return Loaded(lambda arrays: session.run(None, dict(arrays)), tuple(inputs))


def _xgboost(path: Path) -> Loaded:
    import xgboost  # noqa: PLC0415

    model = xgboost.Booster(params={"nthread": 1})
    # By its content: the name of a stored file says nothing.
    model.load_model(bytearray(path.read_bytes()))
    return Loaded(_only(model.inplace_predict), (Input("input", model.num_features()),))


def _lightgbm(path: Path) -> Loaded:
    import lightgbm  # noqa: PLC0415

    model = lightgbm.Booster(model_str=path.read_text(encoding="utf-8"))
    width = model.num_feature()
    return Loaded(
        _only(lambda rows: model.predict(rows, num_threads=1)), (Input("input", width, "float64"),)
    )


def _safetensors(path: Path) -> Loaded:
    import safetensors  # noqa: PLC0415

    # Checks the header, and that the tensors cover the file to its end without a gap.
    with safetensors.safe_open(path, framework="numpy") as file:
        if not list(file.keys()):
            raise Unreadable("it is a safetensors file without a tensor")
    return Loaded(None)
