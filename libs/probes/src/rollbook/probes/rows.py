"""Rows that a model takes, made up: the same each time."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import JsonValue

from rollbook.probes.loaders import Input

SEED = 7


def made(
    inputs: Sequence[Input], registered: Sequence[Mapping[str, JsonValue]], rows: int
) -> dict[str, Any]:
    """An array for each input of the model; where it does not say which, as it was registered."""
    import numpy as np  # noqa: PLC0415

    chance = np.random.default_rng(SEED)
    arrays: dict[str, Any] = {}
    for given in inputs or (_registered(registered),):
        shape = (rows,) if given.width is None else (rows, given.width, *given.tail)
        if given.dtype == "str":
            arrays[given.name] = np.full(shape, "a", dtype=object)
        elif given.dtype.startswith("float"):
            arrays[given.name] = chance.normal(size=shape).astype(given.dtype)
        else:
            arrays[given.name] = chance.integers(0, 2, size=shape).astype(given.dtype)
    return arrays


def _registered(columns: Sequence[Mapping[str, JsonValue]]) -> Input:
    """A table of the registered columns, or the one tensor that is registered."""
    if len(columns) == 1:
        match columns[0]:
            case {"tensor-spec": {"shape": [_, int(width)]}} | {"shape": [_, int(width)]}:
                return Input("input", abs(width), "float64")
            case _:
                pass
    return Input("input", len(columns), "float64")
