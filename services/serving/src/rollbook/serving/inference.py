"""Requests and answers of the Open Inference Protocol, around a model; only within the walls."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
import orjson

from rollbook.probes.loaders import Input

Array: TypeAlias = "np.ndarray[Any, Any]"

TYPES: Final = {
    "BOOL": "bool",
    "UINT8": "uint8",
    "UINT16": "uint16",
    "UINT32": "uint32",
    "UINT64": "uint64",
    "INT8": "int8",
    "INT16": "int16",
    "INT32": "int32",
    "INT64": "int64",
    "FP16": "float16",
    "FP32": "float32",
    "FP64": "float64",
    "BYTES": "object",
}
NAMES: Final = {numpy: name for name, numpy in TYPES.items()}

TOLD_ROWS: Final = 100
TOLD_COLUMNS: Final = 200
"""Of a request, so many are told, at most."""


class Wrong(Exception):
    """The request is not as the protocol has it; why, in a sentence."""


class Asked:
    """One request, read."""

    def __init__(self, body: bytes) -> None:
        try:
            found = orjson.loads(body)
            given = found["inputs"]
            self.identity: str | None = found.get("id")
            self.inputs: dict[str, Array] = {str(each["name"]): _array(each) for each in given}
        except orjson.JSONDecodeError as error:
            raise Wrong(f"the body is no JSON: {error}") from None
        except (KeyError, TypeError, AttributeError) as error:
            raise Wrong(f"the body is no inference request: {error!r}") from None
        if not self.inputs:
            raise Wrong("inputs: at least one is needed")
        if self.identity is not None and not isinstance(self.identity, str):
            raise Wrong("id: must be a string")

    @property
    def rows(self) -> int:
        """How many rows it has."""
        first = next(iter(self.inputs.values()))
        return len(first) if first.ndim else 1

    def arrays(self, wanted: Sequence[Input]) -> Mapping[str, Array]:
        """The inputs as the model takes them: columns become one array where it takes one."""
        if len(wanted) > 1:
            lacks = [one.name for one in wanted if one.name not in self.inputs]
            if lacks:
                raise Wrong(f"inputs: the model takes {', '.join(lacks)} too")
            return {one.name: _cast(self.inputs[one.name], one.dtype) for one in wanted}
        name = wanted[0].name if wanted else "input"
        whole = next(iter(self.inputs.values())) if len(self.inputs) == 1 else self._stacked()
        return {name: _cast(whole, wanted[0].dtype) if wanted else whole}

    def _stacked(self) -> Array:
        parts = [part.reshape(len(part), -1) for part in self.inputs.values() if part.ndim]
        if len(parts) < len(self.inputs) or len({len(part) for part in parts}) > 1:
            raise Wrong("inputs: several become one array, so all must have as many rows")
        return np.hstack(parts)

    def features(self) -> dict[str, list[Any]]:
        """The columns by name, as telemetry tells them."""
        found: dict[str, list[Any]] = {}
        for name, part in self.inputs.items():
            rows = part[:TOLD_ROWS].reshape(min(self.rows, TOLD_ROWS), -1) if part.ndim else None
            if rows is None or len(found) + rows.shape[1] > TOLD_COLUMNS:
                continue
            single = rows.shape[1] == 1
            for place in range(rows.shape[1]):
                found[name if single else f"{name}.{place}"] = rows[:, place].tolist()
        return found


def _array(given: Mapping[str, Any]) -> Array:
    kind = TYPES.get(str(given["datatype"]))
    if kind is None:
        raise Wrong(f"datatype: {given['datatype']!r} is none of {', '.join(TYPES)}")
    try:
        return np.array(given["data"], dtype=kind).reshape([int(size) for size in given["shape"]])
    except (ValueError, OverflowError) as error:
        raise Wrong(
            f"{given['name']}: its data are not of its datatype and shape: {error}"
        ) from None


def _cast(array: Array, dtype: str) -> Array:
    if array.dtype == object or dtype == "str" or array.dtype == np.dtype(dtype):
        return array
    return array.astype(dtype)


class Answer:
    """What the model said."""

    def __init__(self, said: object) -> None:
        self.outputs = dict(_outputs(said))

    def encoded(self, model: str, version: int, identity: str) -> bytes:
        """The body of the answer."""
        return orjson.dumps(
            {
                "model_name": model,
                "model_version": str(version),
                "id": identity,
                "outputs": [
                    {
                        "name": name,
                        "shape": array.shape,
                        "datatype": NAMES.get(array.dtype.name, "BYTES"),
                        "data": _plain(array),
                    }
                    for name, array in self.outputs.items()
                ],
            },
            option=orjson.OPT_SERIALIZE_NUMPY,
        )

    def predictions(self) -> list[float | str | None]:
        """One for each row: the value, of two probabilities the second, of more the largest's."""
        first = next(iter(self.outputs.values()))[:TOLD_ROWS]
        if first.ndim > 2:
            return []
        if first.ndim == 2 and first.shape[1] > 2:
            return [str(place) for place in first.argmax(axis=1).tolist()]
        column = first[:, -1] if first.ndim == 2 else np.atleast_1d(first)
        return [v if isinstance(v, str) else float(v) for v in column.tolist()]


def _outputs(said: object) -> Sequence[tuple[str, Array]]:
    if isinstance(said, list | tuple) and said and not np.isscalar(said[0]):
        return [(f"output_{n}", _table(part)) for n, part in enumerate(said)]
    return [("predict", _table(said))]


def _table(part: object) -> Array:
    if isinstance(part, list) and part and isinstance(part[0], dict):  # ONNX's maps of classes
        classes = sorted(part[0])
        return np.array([[row[name] for name in classes] for row in part], dtype="float64")
    array = np.asarray(part)
    return array if array.dtype.name in NAMES else array.astype(object)


def _plain(array: Array) -> object:
    if array.dtype == object:
        return [v if isinstance(v, str) else str(v) for v in array.ravel().tolist()]
    return np.ascontiguousarray(array).ravel()


def seen(asked: Asked, answer: Answer) -> bytes:
    """What telemetry tells of a request."""
    told = {"predictions": answer.predictions(), "features": asked.features(), "rows": asked.rows}
    return orjson.dumps(told, option=orjson.OPT_NON_STR_KEYS)
